import type {Span} from '../kernel/cell/source.js';
import type {Problem} from '../kernel/session/magic.js';
import type {Source} from './source.js';
import type {TaskOptions} from './task-options.js';

/** How a joined repository is made: several parents, or a farm of hard links; `auto` chooses by the number of members. */
export type JoinMode = 'auto' | 'chain' | 'link';

/** A future or set with the words that name it. */
export interface Named {
  readonly label: string;
  readonly source: Source;
  readonly span?: Span;
}

/** A join, the same whether it was typed, called, or implied by `--from warps[*]`. */
export interface JoinCall {
  readonly members: readonly Named[];
  /** Whose file holds where two differ. */
  readonly prefer?: Named;
  readonly mode: JoinMode;
  readonly options: TaskOptions;
  readonly problems: readonly Problem[];
  /** What is no error: options that do nothing. */
  readonly notes?: readonly Problem[];
}

/** Options of a join that nobody typed. */
export const PLAIN_OPTIONS: TaskOptions = {force: false, allowEmpty: false, allowFailed: 0};
