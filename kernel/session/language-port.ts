import type {CellCode, Known, LanguageCompletions, TypeProblem} from '../typescript/language/language-messages.js';

/** The language service, as a notebook sees it. Nothing throws or rejects; an answer is undefined where there is none. */
export interface LanguagePort {
  /** True once an answer takes milliseconds. */
  readonly warm: boolean;
  readonly busy: boolean;
  /** Starts it, where it does not run. Returns at once. */
  start(): void;
  know(known: Known): void;
  check(cells: readonly CellCode[], names: readonly string[]): Promise<readonly (readonly TypeProblem[])[] | undefined>;
  complete(code: string, at: number, names: readonly string[]): Promise<LanguageCompletions | undefined>;
  inspect(code: string, at: number, names: readonly string[]): Promise<string | undefined>;
  close(): Promise<void>;
}
