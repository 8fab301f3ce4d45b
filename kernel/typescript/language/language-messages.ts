import type {Span} from '../../cell/source.js';

/** What has happened in a notebook that its types depend on, in order. */
export type Known =
  /** A cell ran: what it declares is known to later ones, and hides what had the name. `variables` are those of a loop over it. */
  | {readonly is: 'cell'; readonly cell: CellCode}
  /** A magic cell bound a name to something of this type: `Future<Repo>`. */
  | {readonly is: 'name'; readonly name: string; readonly type: string}
  /** All names are lost. */
  | {readonly is: 'lost'};

/** The TypeScript of a cell, with blanks in place of what is none. */
export interface CellCode {
  /** Unique among cells. */
  readonly key: string;
  readonly code: string;
  /** Of a loop: the names of its variables; what its body declares is local. */
  readonly variables?: readonly string[];
}

/** A type error. Offsets are those of the cell's text. */
export interface TypeProblem {
  readonly span: Span;
  /** The number that TypeScript gives it: 2322. */
  readonly number: number;
  /** One line, without a full stop. */
  readonly message: string;
  readonly hint?: string;
  /** The error is a name that nobody knows. */
  readonly unknownName?: boolean;
}

/** Something that fits where the cursor stands. */
export interface LanguageMatch {
  readonly text: string;
  /** `function`, `property`, as TypeScript calls it. */
  readonly type: string;
}

/** What fits, and the stretch that it replaces. `member`: the cursor stands behind a dot, where names of the scope do not fit. */
export interface LanguageCompletions {
  readonly matches: readonly LanguageMatch[];
  readonly start: number;
  readonly end: number;
  readonly member: boolean;
}

/** What the thread is given when it starts. */
export interface LanguageOptions {
  /** The notebook's directory: imports of cells are relative to it. */
  readonly directory: string;
  /** TypeScript declarations of what the notebook has without an import. */
  readonly declarations: string;
}

/** To the thread. Each but `known` is answered once, in order. `names` are those that the user's process has. */
export type ToLanguage =
  | {readonly type: 'known'; readonly known: readonly Known[]}
  /** The problems of cells that have become known; or, before it runs, of one that has not. */
  | {
      readonly type: 'check';
      readonly id: number;
      readonly cells: readonly CellCode[];
      readonly names: readonly string[];
    }
  | {
      readonly type: 'complete';
      readonly id: number;
      readonly code: string;
      readonly at: number;
      readonly names: readonly string[];
    }
  | {
      readonly type: 'inspect';
      readonly id: number;
      readonly code: string;
      readonly at: number;
      readonly names: readonly string[];
    };

/** From the thread. */
export type FromLanguage =
  | {readonly type: 'ready'}
  | {readonly type: 'checked'; readonly id: number; readonly problems: readonly (readonly TypeProblem[])[]}
  | {readonly type: 'completed'; readonly id: number; readonly completions: LanguageCompletions}
  | {readonly type: 'inspected'; readonly id: number; readonly text?: string};
