/** A run's isolation as it is stored and shown: the level and, where canaries got through, which. */

const UNSAFE = ' · UNSAFE: ';

/** @param broken ids of the canaries that the sandbox did not hold */
export function isolationText(level: string, broken: readonly string[]): string {
  return broken.length === 0 ? level : `${level}${UNSAFE}${broken.join(', ')}`;
}

/** The canaries that got through under a stored isolation; null where none did. */
export function brokenCanaries(isolation: string | null): string | null {
  const at = isolation?.indexOf(UNSAFE) ?? -1;
  return isolation === null || at < 0 ? null : isolation.slice(at + UNSAFE.length);
}
