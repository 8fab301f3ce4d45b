import type {Span} from '../kernel/cell/source.js';
import type {RootOption} from './script-root.js';
import type {Source} from './source.js';
import type {TaskOptions} from './task-options.js';

/** A script to run, the same whether it was typed as a magic or as a function. */
export interface ScriptCall {
  readonly script: string;
  /** The text of a magic's body, in which nothing is replaced; a function's may have placeholders. */
  readonly verbatim?: boolean;
  /** Lines of the cell above the script: its messages count from the top of the cell. Never hashed. */
  readonly line?: number;
  /** What the script sees as variables: loop variables, `--with` and `--from`, by name. */
  readonly variables: ReadonlyMap<string, {readonly source: Source; readonly span?: Span}>;
  /** Globs of `--in`, filled; with placeholders of futures where one stands in them. */
  readonly in: readonly {readonly pattern: string; readonly span?: Span}[];
  /** Globs of `--out`, each in its one way of writing; undefined: whatever is there. */
  readonly out: readonly string[] | undefined;
  /** The root repository that it reads, or changes. */
  readonly reads?: RootOption;
  readonly value: boolean;
  readonly strict: boolean;
  readonly always: boolean;
  readonly options: TaskOptions;
}
