/** The text of a log as it can be shown: terminal codes taken out, lines that overwrite one another kept as the last. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u0080-\u009f]/g;
/** Characters that turn the direction of text: a log could show itself other than it is. */
const BIDI = /[\u202a-\u202e\u2066-\u2069]/g;

export function logLines(text: string): string[] {
  const plain = text.replace(ESCAPES, '').replace(/\r+\n/g, '\n').replace(BIDI, '\ufffd');
  const lines = plain.split('\n').map((line) => {
    const trimmed = line.replace(/\r+$/, '');
    return trimmed.slice(trimmed.lastIndexOf('\r') + 1).replace(CONTROLS, '\ufffd');
  });
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
