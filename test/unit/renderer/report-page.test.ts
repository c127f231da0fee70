import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_VIEW, searchOf } from '../../../src-renderer/lib/comparison/view.ts';
import {
  BLOCK_KINDS,
  changeItem,
  detailOf,
  draftOf,
  type Item,
  insertItem,
  isComplete,
  moveItem,
  newBlock,
  relabelled,
  removeItem,
  reportIn,
} from '../../../src-renderer/lib/reports/draft.ts';
import { base64Of, bytesOf, downloadName, textOf } from '../../../src-renderer/lib/reports/files.ts';
import { comparisonOf, newReportSearch, requestOf } from '../../../src-renderer/lib/reports/request.ts';
import { type Block, type BlockKind, blockSchema, type Report, reportOfSchema } from '../../../src-shared/report.ts';

const texts = fc.string({ maxLength: 20 });
const blocks: fc.Arbitrary<Block> = fc.oneof(
  texts.map((text): Block => ({ kind: 'heading', text })),
  texts.map((markdown): Block => ({ kind: 'text', markdown })),
  fc.constantFrom<Block>({ kind: 'summary' }, { kind: 'facts' }, { kind: 'chart', metric: 'eval/avg@k' }),
);
const items = fc
  .array(blocks, { maxLength: 12 })
  .map((all): Item[] => all.map((block, i) => ({ key: `k${i}`, block })));

const report = (own: Partial<Report> = {}): Report => ({
  title: 'Title',
  author: null,
  created: 1,
  conditions: [
    { label: 'a', runs: ['r1', 'r2'] },
    { label: 'b', runs: ['r3'] },
  ],
  reference: 'a',
  study: null,
  blocks: [],
  ...own,
});

describe('the blocks of a draft', () => {
  test('a moved block stands where it was put, and the others keep their order', () => {
    fc.assert(
      fc.property(items, fc.nat(12), fc.integer({ min: -3, max: 15 }), (all, from, to) => {
        const moved = all[from % Math.max(1, all.length)];
        fc.pre(moved !== undefined);
        const after = moveItem(all, moved?.key ?? '', to);
        expect(after.indexOf(moved as Item)).toBe(Math.min(all.length - 1, Math.max(0, to)));
        expect(after.filter((item) => item !== moved)).toEqual(all.filter((item) => item !== moved));
      }),
    );
    expect(moveItem([{ key: 'a', block: { kind: 'facts' } }], 'other', 0)).toEqual([
      { key: 'a', block: { kind: 'facts' } },
    ]);
  });

  test('a removal taken back leaves what was there', () => {
    fc.assert(
      fc.property(items, fc.nat(12), (all, at) => {
        const place = at % Math.max(1, all.length);
        const item = all[place];
        fc.pre(item !== undefined);
        const without = removeItem(all, item?.key ?? '');
        expect(without).toHaveLength(all.length - 1);
        expect(insertItem(without, item as Item, place)).toEqual(all);
      }),
    );
  });

  test('a change reaches one block only', () => {
    fc.assert(
      fc.property(items, blocks, fc.nat(12), (all, block, at) => {
        const after = changeItem(all, `k${at}`, block);
        expect(after).toEqual(all.map((item, i) => (i === at ? { key: item.key, block } : item)));
      }),
    );
  });

  test('a report that is opened and kept is the same report', () => {
    fc.assert(
      fc.property(fc.array(blocks), (all) => {
        let next = 0;
        const draft = draftOf(report({ blocks: all }), () => String(next++));
        expect(new Set(draft.items.map(({ key }) => key)).size).toBe(all.length);
        expect(reportIn(draft)).toEqual(report({ blocks: all }));
      }),
    );
  });

  test('every kind can be added; samples are left out until one is chosen', () => {
    for (const kind of Object.keys(BLOCK_KINDS) as BlockKind[]) {
      const block = newBlock(kind, 'train/reward');
      expect(block.kind).toBe(kind);
      expect(isComplete(block)).toBe(kind !== 'samples');
      expect(blockSchema.safeParse(block).success).toBe(kind !== 'samples');
    }
    const empty = { key: 'x', block: newBlock('samples', 'train/reward') };
    const draft = { ...draftOf(report(), () => 'y'), items: [empty] };
    expect(reportIn(draft).blocks).toEqual([]);
    expect(detailOf({ kind: 'text', markdown: '\n\nFirst line\nsecond' })).toBe('First line');
  });

  test('the reference follows the label of its condition', () => {
    const { blocks: _, ...before } = report();
    expect(relabelled(before, 'a', ' one ')).toMatchObject({
      reference: 'one',
      conditions: [{ label: 'one' }, { label: 'b' }],
    });
    expect(relabelled(before, 'b', 'two').reference).toBe('a');
    expect(relabelled(before, 'a', 'b')).toBe(before);
    expect(relabelled(before, 'a', '  ')).toBe(before);
  });
});

describe('the address that makes a report', () => {
  const of = (search: unknown) => requestOf(newReportSearch.parse(search));

  test('names a run, runs, a study or a comparison', () => {
    expect(of({ run: 12 })).toEqual({ of: { run: '12' } });
    expect(of({ runs: 'a,b,a,' })).toEqual({ of: { runs: ['a', 'b'] } });
    expect(of({ runs: ['a', 7], reference: 'a' })).toEqual({ of: { runs: ['a', '7'], reference: 'a' } });
    expect(of({ runs: 'a' })).toEqual({ of: { run: 'a' } });
    expect(of({ study: 'collapse', scale: 'paper' })).toEqual({ of: { study: 'collapse', scale: 'paper' } });
    expect(of({ study: 'collapse', scale: 'huge' })).toEqual({ of: { study: 'collapse' } });
    const view = { ...DEFAULT_VIEW, runs: ['a', 'b'], reference: 'g', hidden: ['h'] };
    expect(of({ comparison: searchOf(view) })).toEqual({ comparison: view });
  });

  test('names nothing where it is empty or wrong, and is never an error', () => {
    for (const search of [{}, { runs: '' }, { runs: {}, run: [] }, { comparison: 'x' }, { comparison: {} }])
      expect(of(search)).toBeNull();
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('run', 'runs', 'study', 'comparison'), fc.jsonValue()), (search) => {
        const request = of(search);
        if (request !== null && 'of' in request && !('study' in request.of)) {
          const ids = 'run' in request.of ? [request.of.run] : 'runs' in request.of ? request.of.runs : [];
          expect(ids.length).toBeGreaterThan(0);
          expect(ids.length).toBeLessThanOrEqual(200);
        }
      }),
    );
  });

  test('a comparison: its shown groups, under labels of their own', () => {
    const groups = [
      { key: 'g', label: 'same', runIds: ['1', '2'] },
      { key: 'h', label: 'same', runIds: ['3'] },
      { key: 'i', label: 'other', runIds: ['4'] },
    ];
    const view = { ...DEFAULT_VIEW, runs: ['1', '2', '3', '4'] };
    const made = comparisonOf({ ...view, hidden: ['g', 'i'], reference: 'g' }, groups);
    expect(made).toEqual({
      comparison: [
        { label: 'same', runs: ['1', '2'] },
        { label: 'same (2)', runs: ['3'] },
      ],
      reference: 'same',
    });
    expect(reportOfSchema.parse(made)).toEqual(made);
    expect(comparisonOf({ ...view, reference: '3' }, groups).reference).toBe('same (2)');
  });
});

describe('files', () => {
  test('bytes are base64 and back, as Node has them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100_000 }), (bytes) => {
        expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect([...bytesOf(Buffer.from(bytes).toString('base64'))]).toEqual([...bytes]);
      }),
      { numRuns: 30 },
    );
    expect(textOf(Buffer.from('ä → \u{1f600}').toString('base64'))).toBe('ä → \u{1f600}');
  });

  test('a page is named after its report', () => {
    expect(downloadName({ name: 'report.html' }, ' GRPO vs. random: #3!')).toBe('grpo-vs-random-3.html');
    expect(downloadName({ name: 'report.html' }, '??')).toBe('report.html');
    expect(downloadName({ name: 'x-md.zip' }, 'Title')).toBe('x-md.zip');
  });
});
