import {formatDiagnostics} from '../cell/diagnostic-text.js';
import type {Diagnostic} from '../cell/diagnostic.js';
import type {ErrorContent} from '../wire/notebook.js';
import type {Problem} from './magic.js';

/** The error of a cell whose text is wrong: all of its diagnostics at once, each with its place (LANGUAGE 15). */
export function problemsError(problems: readonly Problem[], text: string, count: number): ErrorContent {
  const errors = problems.filter(problem => problem.severity === 'error');
  const [first] = errors;
  return {ename: first?.code ?? 'Error', evalue: first?.message ?? 'the cell could not be run', traceback: problemsText(problems, text, count).split('\n')};
}

/** Diagnostics as text: those with a place in the manner of LANGUAGE 15, the others by themselves. */
export function problemsText(problems: readonly Problem[], text: string, count: number): string {
  const placed = problems.filter((problem): problem is Problem & Diagnostic => problem.span !== undefined);
  const others = problems.filter(problem => problem.span === undefined);
  const lines = others.map(({code, message, hint}) => `cell [${count}]  ${code}  ${message}${hint === undefined ? '' : `\n  ${hint}`}`);
  const parts = [...(placed.length === 0 ? [] : [formatDiagnostics(placed, {count, text})]), ...lines];
  return parts.join('\n');
}
