/**
 * A run written down as YAML: `name`, `preset` and option values, in nested groups or as dotted paths. The same for the
 * command line and the form. Every fault comes with its line and option.
 */
import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { Catalogue, FlatValues } from './api.ts';
import { type OptionValue, optionValueSchema, problemWith } from './options.ts';
import { chosenMembers, places } from './places.ts';

const MOST_CHARACTERS = 1 << 20;

export interface RunText {
  readonly name: string | undefined;
  readonly preset: string | null;
  /** Those without a fault. */
  readonly values: FlatValues;
}
export interface RunTextFault {
  /** From 1. */
  readonly line: number;
  /** One line. */
  readonly message: string;
  /** Of the option, where it is one's. */
  readonly path?: string;
}

interface Leaf {
  readonly path: string;
  readonly value: unknown;
  readonly line: number;
}

/** What a text says and all that is wrong with it, by line. A text that is no YAML says nothing. */
export function readRunText(catalogue: Catalogue, text: string): { run: RunText; faults: RunTextFault[] } {
  const faults: RunTextFault[] = [];
  const fault = (line: number, message: string, path?: string) => {
    faults.push({ line, message, ...(path === undefined ? {} : { path }) });
  };
  const nothing = { run: { name: undefined, preset: null, values: {} }, faults };
  if (text.length > MOST_CHARACTERS) {
    fault(1, `${text.length} characters; allowed are ${MOST_CHARACTERS}`);
    return nothing;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineOf = (offset: number | undefined) => lines.linePos(offset ?? 0).line;
  for (const { pos, message } of document.errors) fault(lineOf(pos[0]), message);
  const top = document.contents;
  if (faults.length > 0 || top === null) return nothing;
  if (!isMap(top)) {
    fault(lineOf(top.range?.[0]), 'a run is written as groups of options');
    return nothing;
  }

  const leaves: Leaf[] = [];
  const collect = (node: Node | null, path: string, line: number): void => {
    if (isAlias(node)) fault(line, `${path}: aliases are not allowed; write the value`, path);
    else if (!isMap(node)) leaves.push({ path, value: isScalar(node) ? node.value : null, line });
    else
      for (const { key, value } of node.items) {
        const keyLine = isScalar(key) ? lineOf(key.range?.[0]) : line;
        if (!isScalar(key) || typeof key.value !== 'string') fault(keyLine, 'a key must be text');
        else collect(value as Node | null, path === '' ? key.value : `${path}.${key.value}`, keyLine);
      }
  };
  collect(top, '', 1);

  const textOf = (key: string): Leaf & { value: string | undefined } => {
    const leaf = leaves.find(({ path }) => path === key) ?? { path: key, value: undefined, line: 1 };
    if (typeof leaf.value === 'string') return { ...leaf, value: leaf.value };
    // `preset: null` says that there is none.
    const isNone = leaf.value === undefined || (leaf.value === null && key === 'preset');
    if (!isNone) fault(leaf.line, `${key}: must be text`, key);
    return { ...leaf, value: undefined };
  };
  const name = textOf('name').value;
  const { value: preset = null, line: presetLine } = textOf('preset');
  const presets = catalogue.presets.map((p) => p.id);
  if (preset !== null && !presets.includes(preset))
    fault(presetLine, `preset: ${preset} is unknown; allowed is ${presets.join(', ')}`, 'preset');

  const values: Record<string, OptionValue> = {};
  const read: (Leaf & { value: OptionValue })[] = [];
  for (const leaf of leaves.filter(({ path }) => path !== 'name' && path !== 'preset')) {
    const parsed = optionValueSchema.safeParse(leaf.value);
    if (!parsed.success) fault(leaf.line, `${leaf.path}: must be a number, text, true or false`, leaf.path);
    else if (read.some(({ path }) => path === leaf.path)) fault(leaf.line, `${leaf.path}: is given twice`, leaf.path);
    else {
      read.push({ ...leaf, value: parsed.data });
      if (leaf.path.endsWith('.kind')) values[leaf.path] = parsed.data;
    }
  }
  const chosen = chosenMembers(catalogue, preset, values);
  const known = places(catalogue).filter(({ member }) => member === null || chosen.get(member.group) === member.id);
  for (const { path, value, line } of read) {
    const place = known.find((p) => p.path === path);
    const wrong = place === undefined ? unknown(catalogue, known, path) : problemWith(place.option, value);
    if (wrong === null) values[path] = value;
    else {
      delete values[path];
      fault(line, `${path}: ${wrong}`, path);
    }
  }
  return { run: { name, preset, values }, faults };
}

function unknown(catalogue: Catalogue, known: readonly { path: string }[], path: string): string {
  const group = path.split('.')[0] ?? path;
  const siblings = known.map((p) => p.path).filter((p) => p.startsWith(`${group}.`));
  return siblings.length > 0
    ? `unknown option; ${group} has ${siblings.map((p) => p.slice(group.length + 1)).join(', ')}`
    : `unknown option; groups are ${catalogue.groups.map((g) => g.id).join(', ')}`;
}
