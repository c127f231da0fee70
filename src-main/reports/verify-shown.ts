/** Holds what files of a report show against the numbers that they carry: each is written anew and compared. */
import type { Check, ResolvedReport } from '../../src-shared/report.ts';
import type { GivenFile } from './verify.ts';
import { NUMBERS } from './write.ts';
import { writers } from './writers/index.ts';
import type { Writer, WrittenFile } from './writers/writer.ts';

interface Shown {
  readonly checks: Check[];
  readonly read: string[];
  readonly unread: { name: string; why: string }[];
}

interface Carrier {
  readonly file: GivenFile;
  readonly resolved: ResolvedReport;
}

/** A number on a page, with its provenance. */
const DATA = /<data ([^>]*)>([\s\S]*?)<\/data>/g;

export function checkShown(files: readonly GivenFile[], carriers: readonly Carrier[], program: string): Shown {
  const shown: Shown = { checks: [], read: [], unread: [] };
  const folder = carriers.find(({ file }) => file.name.split('/').at(-1) === NUMBERS);
  const known = new Map<Carrier, ReturnType<typeof writtenAnew>>();
  const anew = (carrier: Carrier) => {
    const written = known.get(carrier) ?? writtenAnew(carrier);
    known.set(carrier, written);
    return written;
  };
  for (const file of files) {
    const own = carriers.find((carrier) => carrier.file === file);
    if (own !== undefined && own === folder) continue;
    const of = own ?? folder;
    const written =
      of === undefined || file.text === null ? null : anew(of)(own === undefined ? inside(file, of) : null);
    if (of === undefined || written === null || file.text === null) {
      const why = file.text === null ? 'not a text: it can only be printed anew' : 'not written by Assay';
      shown.unread.push({ name: file.name, why });
      continue;
    }
    shown.read.push(file.name);
    shown.checks.push(...(own === undefined ? [] : checkPage(file.name, file.text, written)));
    const isOther = of.resolved.program !== program;
    const line = firstDifference(withoutData(file.text), withoutData(written));
    if (line !== null && isOther)
      shown.unread.push({ name: `${file.name}, outside its numbers`, why: `written by Assay ${of.resolved.program}` });
    else
      shown.checks.push({
        id: line === null ? file.name : `${file.name}, line ${line.number}`,
        what: 'what is shown',
        status: line === null ? 'same' : 'differs',
        why: line === null ? null : `"${line.given}", its numbers give "${line.expected}"`,
        count: 0,
      });
  }
  return shown;
}

/** The name of a file from the folder of the numbers. */
function inside(file: GivenFile, { file: carrier }: Carrier): string {
  const root = carrier.name.slice(0, carrier.name.length - NUMBERS.length);
  return file.name.startsWith(root) ? file.name.slice(root.length) : file.name;
}

/** What the formats make of the numbers of a carrier, by the name of the file, each written once. */
function writtenAnew({ resolved }: Carrier): (name: string | null) => string | null {
  const all = new Map<Writer, readonly WrittenFile[]>();
  const filesOf = (writer: Writer) => {
    // Exact writers print nothing, so they need nothing and do not wait.
    const files = all.get(writer) ?? (writer.write(resolved, { printPdf: noPrint }) as readonly WrittenFile[]);
    all.set(writer, files);
    return files;
  };
  return (name) => {
    const exact = name === null ? [writers.html] : Object.values(writers).filter((writer) => writer.isExact);
    for (const writer of exact) {
      const found = filesOf(writer).find((file) => name === null || file.name === name);
      if (typeof found?.content === 'string') return found.content;
    }
    return null;
  };
}

const noPrint = () => Promise.reject(new Error('A print cannot be compared'));

/** Each number on a page by its id: its text and its attributes. */
function checkPage(name: string, given: string, written: string): Check[] {
  const read = (text: string) =>
    new Map(
      [...text.matchAll(DATA)].map(([, attributes = '', content = '']) => {
        const id = /data-id="([^"]*)"/.exec(attributes)?.[1] ?? '';
        return [id, { attributes, content }] as const;
      }),
    );
  const [shown, expected] = [read(given), read(written)];
  return [...new Set([...shown.keys(), ...expected.keys()])].flatMap((id): Check[] => {
    const [a, b] = [shown.get(id), expected.get(id)];
    if (a?.attributes === b?.attributes && a?.content === b?.content) return [];
    const why =
      a === undefined
        ? 'the page does not show it'
        : b === undefined
          ? 'the page shows it, its numbers do not have it'
          : a.content !== b.content
            ? `it says "${plain(a.content)}", its numbers give "${plain(b.content)}"`
            : 'its attributes are not those of its numbers';
    return [{ id: `${name}: ${id}`, what: 'what is shown', status: 'differs', why, count: 1 }];
  });
}

const plain = (html: string) => html.replaceAll(/<[^>]*>/g, '').slice(0, 80);
const withoutData = (text: string) => text.replaceAll(DATA, '<data>');

function firstDifference(given: string, expected: string): { number: number; given: string; expected: string } | null {
  if (given === expected) return null;
  const [a, b] = [given.split('\n'), expected.split('\n')];
  const at = a.findIndex((line, i) => line !== b[i]);
  const number = at === -1 ? a.length : at;
  const [left, right] = [a[number] ?? '', b[number] ?? ''];
  const from = Math.max(0, [...left].findIndex((c, i) => c !== right[i]) - 20);
  return { number: number + 1, given: left.slice(from, from + 60), expected: right.slice(from, from + 60) };
}
