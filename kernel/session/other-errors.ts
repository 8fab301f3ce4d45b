import type {Span} from '../cell/source.js';
import type {Evaluated} from '../typescript/messages.js';
import {once} from './cell-names.js';
import type {Problem, Row} from './magic.js';
import {mentions, RowValues} from './scope.js';
import {errorsOf, readingOf, type TaskCell} from './task-cell.js';

/** So many rows are looked at. */
const MOST = 256;

/** Stands for what is not known. */
const UNKNOWN: Evaluated = {is: 'json', value: ''};

/**
 * What else is wrong with a cell that has errors already, which are all said at once (LANGUAGE 15): of its expressions, its options, its body. Not
 * what only comes of an error that is known, or of a loop variable whose values are not. Makes nothing.
 * @param wrong what is known
 * @param rows values of the loop variables; none where these are not known
 * @param variables all loop variables
 */
export async function otherErrors(
  wrong: readonly Problem[],
  rows: readonly Row[],
  variables: readonly string[],
  cell: TaskCell,
): Promise<readonly Problem[]> {
  const unknown = rows.length === 0 ? variables : [];
  const mentionsUnknown = (code: string): boolean => unknown.some(variable => mentions(code, variable));
  const known = rows.length === 0 ? [Object.fromEntries(unknown.map(variable => [variable, '']))] : rows.slice(0, MOST);
  const {wants, scope, line} = cell;
  const codes = wants.expressions.map(({code}) => code).filter(code => !mentionsUnknown(code));
  const taken = wants.names.map(({name}) => name);
  await scope.fix(taken, false);
  const values = await scope.rows(codes, known, true);
  const names = await scope.rows(taken, known, false);
  const words = [...line.words, ...line.options.flatMap(option => option.values)];
  const found: Problem[] = [];
  for (const [at, row] of known.entries()) {
    const [value, named] = [values[at], names[at]];
    if (value === undefined || named === undefined) continue;
    const open = wants.expressions.filter(({code}) => mentionsUnknown(code) || value.get(code).is === 'deferred');
    const all = new Map(wants.expressions.map(({code}) => [code.trim(), value.get(code)] as const));
    for (const {code} of open) all.set(code.trim(), UNKNOWN);
    const filled = new RowValues(all, scope);
    const errors = errorsOf(cell, filled);
    const spans = [...wrong, ...errors, ...open].flatMap(({span}) =>
      span === undefined || isOfLine(span, cell) ? [] : [span],
    );
    // Of a word that is wrong in part, nothing more is said.
    for (const {raw, span} of words)
      if (mentionsUnknown(raw) || spans.some(other => overlap(span, other))) spans.push(span);
    found.push(...errors);
    for (const problem of await readErrors(row, filled, named, cell)) {
      const {span} = problem;
      if (span === undefined || isOfLine(span, cell) || !spans.some(other => overlap(span, other))) found.push(problem);
    }
  }
  return once(
    found.filter(({code, span}) => !wrong.some(other => other.code === code && other.span?.start === span?.start)),
  );
}

/** What a magic says of a row, up to where it would make a task. */
async function readErrors(row: Row, values: RowValues, names: RowValues, cell: TaskCell): Promise<readonly Problem[]> {
  const {magic, context, line} = cell;
  const {call, problems} = magic.read(readingOf(row, values, names, cell), context);
  const also = (call !== undefined && (await magic.also?.(call, row, context))) || [];
  return [...problems, ...also]
    .filter(({severity}) => severity === 'error')
    .map(problem => ({span: line.nameSpan, ...problem}));
}

/** Whether a place is the whole line: what is said of it is not said of one of its words. */
const isOfLine = (span: Span, {line}: TaskCell): boolean => overlap(span, line.nameSpan);

const overlap = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end;
