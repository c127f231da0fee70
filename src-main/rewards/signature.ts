/**
 * The execution signature of a program: what it puts out on the inputs that the prompt shows, by which programs are held
 * to do the same. Lines are stripped, as the grader of LiveCodeBench does.
 */

/** @param outputs On each input, null where the program fails on it. Null: it fails on one, or there is no input. */
export function signatureOf(outputs: readonly (string | null)[]): string | null {
  const texts = outputs.filter((output) => output !== null);
  if (texts.length < outputs.length || texts.length === 0) return null;
  return JSON.stringify(
    texts.map((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    ),
  );
}
