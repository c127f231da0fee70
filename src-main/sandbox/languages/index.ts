/** The languages beside Python, which the sandbox server runs by itself. One line a member. */
import { CPP } from './cpp.ts';
import { JAVA } from './java.ts';
import { JAVASCRIPT } from './javascript.ts';
import type { LanguageEntry } from './language.ts';

export const LANGUAGE_ENTRIES: readonly LanguageEntry[] = [JAVASCRIPT, CPP, JAVA];
