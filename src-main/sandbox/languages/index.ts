/** The languages beside Python, which the sandbox server runs by itself. One line a member. */
import type { LanguageEntry } from './language.ts';

export const LANGUAGE_ENTRIES: readonly LanguageEntry[] = [];
