import type {Code} from './codes.js';
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

/** An error at a place. The code must be in the table of codes.ts. */
export function errorAt(code: Code, span: Span, message: string, hint?: string): Diagnostic {
  return {code, severity: 'error', message, span, ...(hint === undefined ? {} : {hint})};
}

/** A warning at a place: the cell runs all the same. */
export function warningAt(code: Code, span: Span, message: string, hint?: string): Diagnostic {
  return {code, severity: 'warning', message, span, ...(hint === undefined ? {} : {hint})};
}

/** True where one of them is an error: such a cell makes no task. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(diagnostic => diagnostic.severity === 'error');
}
