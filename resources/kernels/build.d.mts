export interface Compiler {
  readonly command: string;
  readonly kind: 'clang++' | 'g++';
  readonly major: number;
  /** With its version, for example `g++ 12.2.0`. */
  readonly name: string;
}
export const compilerAdvice: string;
export function sourcesHash(): string | null;
export function compilers(): Compiler[];
export function buildWasm(folder?: string): Promise<string[]>;
export function buildNative(
  folder?: string,
  candidates?: readonly Compiler[],
): Promise<{ path: string; compiler: string }>;
