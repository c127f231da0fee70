/**
 * A run written down as YAML: `name`, `preset` and option values, in nested groups or as dotted paths. Every fault is
 * reported with the file, the line and the option.
 */
import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { Catalogue, FlatValues } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { type OptionValue, optionValueSchema, problemWith } from '../../src-shared/options.ts';
import { chosenMembers, places } from './values.ts';

const MAX_BYTES = 1 << 20;

export interface RunFile {
  readonly name: string | undefined;
  readonly preset: string | null;
  readonly values: FlatValues;
}

interface Leaf {
  readonly path: string;
  readonly value: unknown;
  readonly line: number;
}

export const isRunFile = (argument: string) => /\.ya?ml$/i.test(argument);

/** @throws AssayError `not-found` when it cannot be read, `usage` for anything wrong inside */
export function readRunFile(catalogue: Catalogue, file: string): RunFile {
  return parseRunFile(catalogue, file, readText(file));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new AssayError('not-found', `${file}: ${why}`, { cause: error });
  }
}

export function parseRunFile(catalogue: Catalogue, file: string, text: string): RunFile {
  if (text.length > MAX_BYTES)
    throw new AssayError('usage', `${file}: ${text.length} characters; allowed are ${MAX_BYTES}`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineOf = (offset: number | undefined) => lines.linePos(offset ?? 0).line;
  const fail: (line: number, message: string, path?: string) => never = (line, message, path) => {
    throw new AssayError('usage', `${file}:${line}: ${message}`, path === undefined ? {} : { path });
  };
  const syntax = document.errors[0];
  if (syntax !== undefined) fail(lineOf(syntax.pos[0]), syntax.message);
  const top = document.contents;
  if (top === null) return { name: undefined, preset: null, values: {} };
  if (!isMap(top)) fail(lineOf(top.range?.[0]), 'a run is written as groups of options');

  const leaves: Leaf[] = [];
  const collect = (node: Node | null, path: string, line: number): void => {
    if (isAlias(node)) fail(line, `${path}: aliases are not allowed; write the value`, path);
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const keyLine = isScalar(key) ? lineOf(key.range?.[0]) : line;
        if (!isScalar(key) || typeof key.value !== 'string') fail(keyLine, 'a key must be text');
        collect(value as Node | null, path === '' ? key.value : `${path}.${key.value}`, keyLine);
      }
      return;
    }
    leaves.push({ path, value: isScalar(node) ? node.value : null, line });
  };
  collect(top, '', 1);

  const textOf = (key: string): string | undefined => {
    const leaf = leaves.find(({ path }) => path === key);
    if (leaf !== undefined && typeof leaf.value !== 'string') fail(leaf.line, `${key}: must be text`, key);
    return leaf?.value as string | undefined;
  };
  const name = textOf('name');
  const preset = textOf('preset') ?? null;
  const presets = catalogue.presets.map((p) => p.id);
  if (preset !== null && !presets.includes(preset)) {
    const line = leaves.find(({ path }) => path === 'preset')?.line ?? 1;
    fail(line, `preset: ${preset} is unknown; allowed is ${presets.join(', ')}`, 'preset');
  }

  const options = leaves.filter(({ path }) => path !== 'name' && path !== 'preset');
  const values: Record<string, OptionValue> = {};
  for (const { path, value, line } of options) {
    const parsed = optionValueSchema.safeParse(value);
    if (!parsed.success) fail(line, `${path}: must be a number, text, true or false`, path);
    if (Object.hasOwn(values, path)) fail(line, `${path}: is given twice`, path);
    values[path] = parsed.data;
  }
  const chosen = chosenMembers(catalogue, preset, values);
  const known = places(catalogue).filter(({ member }) => member === null || chosen.get(member.group) === member.id);
  for (const { path, value, line } of options) {
    const place = known.find((p) => p.path === path);
    if (place === undefined) {
      const group = path.split('.')[0] ?? path;
      const siblings = known.map((p) => p.path).filter((p) => p.startsWith(`${group}.`));
      const allowed =
        siblings.length > 0
          ? `${group} has ${siblings.map((p) => p.slice(group.length + 1)).join(', ')}`
          : `groups are ${catalogue.groups.map((g) => g.id).join(', ')}`;
      fail(line, `${path}: unknown option; ${allowed}`, path);
    }
    const wrong = problemWith(place.option, value);
    if (wrong !== null) fail(line, `${path}: ${wrong}`, path);
  }
  return { name, preset, values };
}
