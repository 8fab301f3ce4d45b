import type {Span} from '../../kernel/cell/source.js';
import type {Problem} from '../../kernel/session/magic.js';
import type {Source} from '../source.js';
import type {TaskOptions} from '../task-options.js';

/** A word of a task's command, filled. `glob`: it has a `*` or `?` that was typed. */
export interface ArgumentWord {
  readonly text: string;
  readonly glob: boolean;
  /** As a glob: `\` stands before what is literal. Absent: it is no glob. */
  readonly pattern?: string;
  readonly span?: Span;
}

/** What a task reads: a future's rerun, or a person's by name. */
export type Parent =
  | {readonly is: 'source'; readonly source: Source; readonly label: string; readonly span?: Span}
  | {readonly is: 'rerun'; readonly name: string; readonly span?: Span};

/** A command-line task to run, the same whether it was typed as a magic or as a function. */
export interface LsstCall {
  /** Without `.py`. */
  readonly task: string;
  readonly taskSpan?: Span;
  /** The arguments, once the environment of the set-up is known. */
  words(environment: Readonly<Record<string, string>>): {
    readonly words: readonly ArgumentWord[];
    readonly problems: readonly Problem[];
  };
  /** The parents, in search order. */
  readonly from: readonly Parent[];
  /** A person's rerun to run in. */
  readonly rerun?: string;
  /** Keys of `--split`; undefined: one task. */
  readonly split?: readonly string[];
  /** `--repo`, as typed. */
  readonly repo?: string;
  readonly repoSpan?: Span;
  /** Where the body stands, for what is missing in it. */
  readonly bodySpan?: Span;
  readonly mutates: boolean;
  readonly options: TaskOptions;
  /** What was wrong with the line; said together with what is wrong with the body. */
  readonly problems: readonly Problem[];
}
