/**
 * Entry of `npm run make:policy`: remakes the embedded policy from nothing, for whoever changes TinyPy or the recipe.
 * Run from source by Node; not part of the app.
 */
import { parseArgs } from 'node:util';
import { resourcePath } from './resources.ts';
import { openSandbox } from './sandbox/sandbox.ts';
import { embeddedRecipe, makePolicy } from './training/make-policy.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: resourcePath('policy') },
    engine: { type: 'string', default: 'auto' },
    batches: { type: 'string', default: String(embeddedRecipe.batches) },
  },
});

const sandbox = await openSandbox();
try {
  await makePolicy({
    recipe: { ...embeddedRecipe, batches: Number(values.batches) },
    out: values.out,
    engine: values.engine,
    execute: (programs) => Promise.all(programs.map((program) => sandbox.run(program))),
    log: (line) => console.log(line),
  });
} finally {
  await sandbox.close();
}
