import {formatDiagnostics} from '../cell/diagnostic-text.js';
import {looksLikePython} from '../cell/python.js';
import type {Diagnostic} from '../cell/diagnostic.js';
import type {MagicLine} from '../cell/syntax.js';
import type {JsonObject} from '../fingerprint/json.js';
import type {ErrorContent} from '../wire/notebook.js';
import type {Problem} from './magic.js';

/** The error of a cell whose text is wrong: all of its diagnostics at once, each with its place (LANGUAGE 15). */
export function problemsError(problems: readonly Problem[], text: string, count: number): ErrorContent {
  const errors = problems.filter(problem => problem.severity === 'error');
  const [first] = errors;
  return {
    ename: first?.code ?? 'Error',
    evalue: first?.message ?? 'the cell could not be run',
    traceback: problemsText(problems, text, count).split('\n'),
  };
}

/** Diagnostics as text: those with a place in the manner of LANGUAGE 15, the others by themselves. */
export function problemsText(problems: readonly Problem[], text: string, count: number): string {
  const placed = problems.filter((problem): problem is Problem & Diagnostic => problem.span !== undefined);
  const others = problems.filter(problem => problem.span === undefined);
  const lines = others.map(
    ({code, message, hint}) => `cell [${count}]  ${code}  ${message}${hint === undefined ? '' : `\n  ${hint}`}`,
  );
  const parts = [...(placed.length === 0 ? [] : [formatDiagnostics(placed, {count, text})]), ...lines];
  return parts.join('\n');
}

/** True where something wrong is no mere warning. */
export const hasErrors = (problems: readonly Problem[]): boolean =>
  problems.some(problem => problem.severity === 'error');

/** The error of a cell that was told to stop. */
export const INTERRUPTED: ErrorContent = {
  ename: 'KernelInterrupt',
  evalue: 'interrupted: tasks go on, `%cancel` ends them',
  traceback: ['KernelInterrupt: interrupted: tasks go on, `%cancel` ends them'],
};

/** The error of a cell's code as a person reads it: that of a line magic is shown as the magic said it. */
export function plainError(error: ErrorContent, line: ErrorContent | undefined): ErrorContent {
  if (line !== undefined && error.ename === line.ename && error.evalue === line.evalue) return line;
  if (error.ename === INTERRUPTED.ename) return INTERRUPTED;
  return error;
}

/**
 * The error of a cell; that of one that is no TypeScript but may well be Python says so, and the client gets the cell back as it should
 * be, where it takes that (`set_next_input`).
 */
export function orPython(error: ErrorContent, code: string, count: number, payload: JsonObject[]): ErrorContent {
  if (error.ename !== 'SyntaxError' || !looksLikePython(code)) return error;
  payload.push({source: 'set_next_input', text: `%%py\n${code}`, replace: true});
  const message = 'this cell is TypeScript, but it looks like Python';
  const line = /^[^\n]*/.exec(code)?.[0].length ?? 0;
  return problemsError(
    [
      {
        code: 'W1010',
        severity: 'error',
        span: {start: 0, end: line},
        message,
        hint: 'put `%%py` first, or make it what bare cells are: `%config cells py`',
      },
    ],
    code,
    count,
  );
}

/** The error of a `%%` line whose magic there is not. */
export const unknownMagic = (line: MagicLine | undefined): Problem => ({
  code: 'W1003',
  severity: 'error',
  span: line?.nameSpan ?? {start: 0, end: 0},
  message: `there is no magic \`%%${line?.name ?? ''}\` in this version`,
});
