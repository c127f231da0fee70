/** A process that downloads one file and tells its bytes, to be killed meanwhile. */
import { download } from '../../../src-main/hub/download.ts';
import { Hub } from '../../../src-main/hub/hub.ts';
import { parseRepo } from '../../../src-main/hub/repository.ts';

const [home = '', name = '', file = ''] = process.argv.slice(2);
await download(
  { repo: parseRepo(name), folder: null, files: [file] },
  {
    home,
    hub: new Hub(),
    signal: new AbortController().signal,
    onProgress: ({ bytes }) => process.send?.(bytes),
  },
);
