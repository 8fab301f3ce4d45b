import type {Span} from './source.js';

/** A part of a word. */
export type Piece =
  /** Text as it will be used: quotes and escapes are undone. `quoted`: a glob in it is no glob. */
  | {readonly is: 'text'; readonly text: string; readonly quoted: boolean; readonly span: Span}
  /** `${expression}`: JavaScript of the notebook's scope. `span` covers the `${` and `}`, `code` what is between. */
  | {readonly is: 'expression'; readonly code: string; readonly quoted: boolean; readonly span: Span}
  /** `$NAME`. */
  | {readonly is: 'variable'; readonly name: string; readonly quoted: boolean; readonly span: Span};

/** A word of a magic line or of a task body: quoting undone, expressions and variables not yet filled in. */
export interface Word {
  readonly pieces: readonly Piece[];
  readonly span: Span;
  /** The word as it was typed. */
  readonly raw: string;
}

/** `--name value…` on a magic line. */
export interface OptionSyntax {
  /** Without the dashes. */
  readonly name: string;
  readonly nameSpan: Span;
  readonly values: readonly Word[];
  readonly span: Span;
}

/** How many words an option takes: none (a flag), one, or all up to the next option. */
export type Takes = 'none' | 'one' | 'many';

/** A `%%` or `%` line, read by the option table of its magic. */
export interface MagicLine {
  /** `%%`, `%` or `!`. */
  readonly sigil: '%%' | '%' | '!';
  /** `lsst`. */
  readonly name: string;
  readonly nameSpan: Span;
  /** Positional words. Empty where the magic reads its line itself (`foreach`, `setup`, `!`). */
  readonly words: readonly Word[];
  readonly options: readonly OptionSyntax[];
  /** All behind the name, as typed, continuation lines joined to one text by their own newlines. */
  readonly rest: string;
  readonly restSpan: Span;
  readonly span: Span;
}

/** A cell's tree. */
export type CellSyntax =
  | {readonly is: 'empty'}
  /** A stack of `%%` lines, outermost first, and the body (may be empty). */
  | {readonly is: 'magic'; readonly stack: readonly MagicLine[]; readonly body: string; readonly bodySpan: Span}
  /** TypeScript, with its line magics and commands in their places. */
  | {readonly is: 'typescript'; readonly lines: readonly MagicLine[]};

/** What the parser must know of a magic to read its line: which options there are, and how many words each takes. */
export interface MagicShape {
  readonly name: string;
  /** `cell` magics are written `%%name`, `line` magics `%name`. */
  readonly use: 'cell' | 'line' | 'both';
  readonly options: Readonly<Record<string, Takes>>;
  /** True where the magic reads its own line (`foreach`, `setup`): words and options are then left empty. */
  readonly raw?: boolean;
  /** What its body is: the arguments of a command, a script, nothing, or whatever the inner magic has. */
  readonly body: 'arguments' | 'script' | 'none' | 'inner';
}

/** One binder of `%%foreach`. */
export interface Binder {
  readonly variable: string;
  readonly variableSpan: Span;
  readonly list: ListSyntax;
}

/** The list of a binder. */
export type ListSyntax =
  | {readonly is: 'elements'; readonly elements: readonly ElementSyntax[]; readonly span: Span}
  /** `${expression}`. */
  | {readonly is: 'expression'; readonly code: string; readonly span: Span}
  /** A name of the scope, perhaps indexed: `patches`, `lists[HSC-R]`. `code` is JavaScript for it. */
  | {readonly is: 'name'; readonly code: string; readonly span: Span};

/** An element of a list; ranges are expanded already. */
export type ElementSyntax =
  | {readonly is: 'value'; readonly value: string | number; readonly span: Span}
  | {readonly is: 'expression'; readonly code: string; readonly span: Span}
  | {readonly is: 'list'; readonly elements: readonly ElementSyntax[]; readonly span: Span};

/** `warps[filter][*]`: the name of a future and its indexes, as they stand in `--from` and in the names of line magics. */
export interface Reference {
  readonly name: string;
  readonly nameSpan: Span;
  readonly indexes: readonly {readonly is: 'key' | 'bare' | 'all'; readonly text: string; readonly span: Span}[];
  /** `--from a=psf[r]`: the name under which a script sees it. */
  readonly alias?: string;
  readonly span: Span;
}
