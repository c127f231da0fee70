/** Run as a process of its own: imports a bundle, and says when it begins. */
import { importBundle } from '../../../src-main/bundle/import.ts';
import { openStore } from '../../../src-main/store/store.ts';

const [home, path] = process.argv.slice(2) as [string, string];
const store = openStore(home, 'owner');
process.stdout.write('importing\n');
await importBundle(store, home, path);
process.stdout.write('done\n');
store.close();
