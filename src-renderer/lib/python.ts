/** Python in colour: a tokenizer good enough for reading. It never fails and never loses a character. */

export type PythonTokenKind = 'plain' | 'keyword' | 'builtin' | 'number' | 'string' | 'comment' | 'name';
export interface PythonToken {
  readonly kind: PythonTokenKind;
  readonly text: string;
}

const words = (text: string) => new Set(text.split(' '));
const KEYWORDS = words(
  'False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield',
);
const BUILTINS = words(
  'abs all any bool bytes chr dict divmod enumerate filter float frozenset input int isinstance iter len list map max min next object open ord pow print range repr reversed round set sorted str sum tuple type zip self',
);

// Order matters: comments and strings before names, so that a quoted keyword stays a string.
const TOKEN =
  /(?<comment>#[^\n]*)|(?<string>[rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*(?:"|$|(?=\n))|'(?:\\.|[^'\\\n])*(?:'|$|(?=\n))))|(?<number>\b(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?j?))|(?<word>[^\W\d]\w*)/gu;

export function tokenizePython(code: string): PythonToken[] {
  const tokens: PythonToken[] = [];
  const add = (kind: PythonTokenKind, text: string) => {
    const last = tokens.at(-1);
    if (text === '') return;
    if (last !== undefined && last.kind === kind && kind === 'plain')
      tokens[tokens.length - 1] = { kind, text: last.text + text };
    else tokens.push({ kind, text });
  };
  let at = 0;
  let afterDef = false;
  for (const match of code.matchAll(TOKEN)) {
    add('plain', code.slice(at, match.index));
    at = match.index + match[0].length;
    const { comment, string, number, word } = match.groups ?? {};
    if (comment !== undefined) add('comment', comment);
    else if (string !== undefined) add('string', string);
    else if (number !== undefined) add('number', number);
    else if (word !== undefined) {
      add(KEYWORDS.has(word) ? 'keyword' : afterDef ? 'name' : BUILTINS.has(word) ? 'builtin' : 'plain', word);
      afterDef = word === 'def' || word === 'class';
    }
  }
  add('plain', code.slice(at));
  return tokens;
}
