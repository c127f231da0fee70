/** Names of the hub: which are taken, and that none leaves the folder that it is to lie in. */
import { join, posix, relative, resolve, sep, win32 } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { folderName, isSafePath, parseRepo, repoText } from '../../../src-main/hub/repository.ts';

test.each([
  ['Qwen/Qwen3-0.6B', 'model', 'Qwen/Qwen3-0.6B', 'main'],
  ['  HuggingFaceTB/SmolLM2-135M-Instruct@v1.0 ', 'model', 'HuggingFaceTB/SmolLM2-135M-Instruct', 'v1.0'],
  ['datasets/livecodebench/code_generation_lite', 'dataset', 'livecodebench/code_generation_lite', 'main'],
  ['https://huggingface.co/Qwen/Qwen3-0.6B/tree/refs', 'model', 'Qwen/Qwen3-0.6B', 'refs'],
  ['https://huggingface.co/datasets/a/b?row=1', 'dataset', 'a/b', 'main'],
  ['a/b@refs/pr/3', 'model', 'a/b', 'refs/pr/3'],
])('%j', (text, kind, name, revision) => {
  expect(parseRepo(text)).toEqual({ kind, name, revision });
  expect(parseRepo(`${repoText(parseRepo(text))}@${revision}`)).toEqual({ kind, name, revision });
});

test.each([
  '',
  'gpt2',
  'a/b/c',
  '../b',
  'a/..',
  'a/b--c',
  'a/b@',
  'a/b@../x',
  'a/b@x//y',
  'a/-b',
  'a/b c',
  'a/b\u0000',
  `a/${'b'.repeat(200)}`,
])('%j is no repository', (text) => {
  expect(() => parseRepo(text)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('whatever a server names stays below the folder that it is to lie in, on every system', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', 'a', 'NUL', 'c:', '~', ''),
    fc.string({ unit: 'binary' }),
    fc.string(),
  );
  const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  let safe = 0;
  fc.assert(
    fc.property(fc.oneof(path, fc.stringMatching(/^[\w./ -]{1,12}$/)), (name) => {
      if (!isSafePath(name)) return;
      safe++;
      for (const system of [posix, win32]) {
        const inside = system.relative(system.resolve('/home'), system.resolve('/home', name));
        expect(system.isAbsolute(inside)).toBe(false);
        expect(inside.split(system.sep)).toEqual(name.split('/'));
      }
    }),
    { numRuns: 3000 },
  );
  expect(safe).toBeGreaterThan(50);
});

test('the folder of a repository lies right below its shelf, and is its alone', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}\/[A-Za-z0-9._-]{1,12}$/);
  fc.assert(
    fc.property(name, name, (a, b) => {
      const of = (text: string) => {
        try {
          return folderName(parseRepo(text), null);
        } catch {
          return null;
        }
      };
      const [one, two] = [of(a), of(b)];
      if (one === null || two === null) return;
      expect(relative('/shelf', resolve('/shelf', one))).toBe(one);
      expect(join(one)).not.toContain(sep);
      expect(one === two).toBe(a === b);
    }),
  );
});
