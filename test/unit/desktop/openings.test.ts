import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openingIn, openingOf, pathOf } from '../../../src-main/desktop/openings.ts';

const page = (path: string) => ({ kind: 'page', path });

describe('a link opens a page', () => {
  test.each([
    ['assay://runs/abc', '/runs/abc'],
    ['assay://app/runs/abc?step=3&split=eval', '/runs/abc?step=3&split=eval'],
    ['assay:///compare?runs=a,b', '/compare?runs=a,b'],
    ['assay://runs', '/runs'],
    ['assay://app/', '/'],
  ])('%s', (link, path) => {
    expect(openingOf(link, '/')).toEqual(page(path));
  });
});

describe('a link that leads elsewhere, or does more than show, opens nothing', () => {
  test.each([
    'assay://app//evil.example/x',
    'assay://user:secret@app/runs',
    'assay://import?file=/home/me/x.assay',
    'assay://app/import?file=/home/me/x.assay',
    'assay://app/Import/?file=x',
    'assay://app/%69mport?file=x',
    'assay://app/a%5C%5Cb',
    'assay://app/%',
    'assay://[',
    'https://example.org/runs',
    '--inspect=results.assay',
    'results.zip',
  ])('%s', (link) => {
    expect(openingOf(link, '/')).toBeNull();
  });
});

test('a bundle is named by its absolute path', () => {
  expect(openingOf('results.assay', '/home/me')).toEqual({ kind: 'bundle', file: '/home/me/results.assay' });
  expect(openingOf('/data/RESULTS.ASSAY', '/home/me')).toEqual({ kind: 'bundle', file: '/data/RESULTS.ASSAY' });
  expect(pathOf({ kind: 'bundle', file: '/data/a b&c.assay' })).toBe('/import?file=%2Fdata%2Fa+b%26c.assay');
});

test("a command line's own arguments are passed over", () => {
  expect(openingIn(['/opt/Assay/assay', '--no-sandbox', 'x.assay'], '/d')).toEqual({
    kind: 'bundle',
    file: '/d/x.assay',
  });
  expect(openingIn(['/opt/my.assay'], '/d')).toBeNull();
});

test('whatever comes, the window stays on its own pages', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
      for (const link of [text, `assay://${text}`, `assay://app/${text}`]) {
        const opening = openingOf(link, '/');
        if (opening?.kind !== 'page') continue;
        const { host, pathname } = new URL(pathOf(opening), 'http://own.example');
        expect(host).toBe('own.example');
        expect(pathname.toLowerCase().startsWith('/import')).toBe(false);
      }
    }),
  );
});
