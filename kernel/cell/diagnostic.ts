import type {Span} from './source.js';

/** Something to say about a place in a cell. */
export interface Diagnostic {
  /** Stable; it has a section in docs/errors.md. */
  readonly code: `W${number}`;
  readonly severity: 'error' | 'warning' | 'info';
  /** What is wrong, as a phrase without a full stop: "unknown task `makeCoaddTmpExp`". */
  readonly message: string;
  readonly span: Span;
  /** What to do: "did you mean `makeCoaddTempExp`?". */
  readonly hint?: string;
}

/** Parsing always gives a value, however broken the text; what is wrong with it stands beside it. */
export interface Parsed<T> {
  readonly value: T;
  readonly diagnostics: readonly Diagnostic[];
}
