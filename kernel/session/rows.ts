import {labelOf} from '../graph/work.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Settled} from '../typescript/messages.js';
import {once, suggestName} from './cell-names.js';
import {otherErrors} from './other-errors.js';
import type {Draft, Problem, Row} from './magic.js';
import type {Stop, TaskNode} from './node.js';
import type {Repeat} from './repeat.js';
import type {RowValues} from './scope.js';
import {errorsOf, readingOf, type TaskCell} from './task-cell.js';
import {withoutFailed} from './without-failed.js';

/** One combination of loop variables, with the task that it makes. */
export interface PlannedRow {
  readonly row: Row;
  readonly draft: Draft;
  readonly warnings: readonly Problem[];
}

/** From so many rows on, those that are alike are not planned one by one. */
const MANY = 256;

/** What makes the tasks of a long loop that differ by their loop variables only; undefined where they have to be planned one by one. */
export async function planSeries(
  rows: readonly Row[],
  cell: TaskCell,
): Promise<{readonly repeat: Repeat; readonly warnings: readonly Problem[]} | undefined> {
  const {magic, wants, scope, context} = cell;
  const [first] = rows;
  if (rows.length < MANY || first === undefined || magic.series === undefined || wants.expressions.length > 0)
    return undefined;
  const taken = wants.names.map(({name}) => name);
  await scope.fix(taken, false);
  const [values, names] = [await scope.rows([], [first], true), await scope.rows(taken, [first], false)];
  if (values[0] === undefined || names[0] === undefined) return undefined;
  const {call, problems} = magic.read(readingOf(first, values[0], names[0], cell), context);
  if (call === undefined || problems.some(problem => problem.severity === 'error')) return undefined;
  const series = await magic.series(call, first, context);
  if (!series.ok || series.value === undefined) return undefined;
  const repeat = series.value;
  for (const row of rows) for (const name in row) if (!repeat.takes(row[name] ?? null)) return undefined;
  return {repeat, warnings: [...problems, ...(repeat.notes ?? [])]};
}

/** Reads every row and drafts its task; the problems of all rows at once, each said once. */
export async function planRows(
  rows: readonly Row[],
  cell: TaskCell,
): Promise<Result<readonly PlannedRow[], readonly Problem[]>> {
  const {wants, scope, user} = cell;
  const expressions = wants.expressions.map(({code}) => code);
  const taken = wants.names.map(({name}) => name);
  // A name alone is the future itself, which the magic reads as one: it is never deferred.
  await scope.fix(taken, false);
  const values = await scope.rows(expressions, rows, true);
  const names = await scope.rows(taken, rows, false);
  const planned: PlannedRow[] = [];
  const problems: Problem[] = [];
  for (const [i, row] of rows.entries()) {
    const value = values[i];
    const named = names[i];
    if (value === undefined || named === undefined) continue;
    const wrong = errorsOf(cell, value);
    const drafted =
      wrong.length > 0
        ? fail([...wrong, ...(await otherErrors(wrong, [row], [], cell))])
        : value.deferred.length > 0
          ? ok({row, draft: deferredDraft(row, value, named, cell), warnings: []})
          : await draftRow(row, value, named, cell);
    if (drafted.ok) planned.push(drafted.value);
    else problems.push(...drafted.error);
  }
  if (problems.length === 0) return ok(planned);
  const known = await user.names();
  return fail(once(problems.map(problem => suggestName(problem, known))));
}

async function draftRow(
  row: Row,
  values: RowValues,
  names: RowValues,
  cell: TaskCell,
): Promise<Result<PlannedRow, readonly Problem[]>> {
  const {magic, context} = cell;
  const {call, problems} = magic.read(readingOf(row, values, names, cell), context);
  if (call === undefined || problems.some(problem => problem.severity === 'error'))
    return fail([...problems, ...((call !== undefined && (await magic.also?.(call, row, context))) || [])]);
  const draft = await magic.draft(call, row, context);
  return draft.ok
    ? ok({row, draft: called(draft.value, cell), warnings: [...problems, ...(draft.value.notes ?? [])]})
    : fail([...problems, ...draft.error.map(problem => ({span: cell.line.nameSpan, ...problem}))]);
}

/** A script is called as its cell is: that it is a script, or a join, says nothing to a person. Names are never hashed. */
function called(draft: Draft, cell: TaskCell): Draft {
  const name = calledAs(draft.name, cell);
  return name === draft.name ? draft : calledSo(draft, name);
}

/** What the task of a cell is called in displays. */
export const calledAs = (own: string, {magic, line, name}: TaskCell): string =>
  name === undefined || magic.defaultName(line) !== undefined ? own : name;

/** The same draft, and its task, under another name. */
export function calledSo(draft: Draft, name: string): Draft {
  return {
    ...draft,
    name,
    make: async () => {
      const made = await draft.make();
      return made.is === 'task' ? {is: 'task', task: {...made.task, name}} : made;
    },
    settle: manifest => draft.settle(manifest),
  };
}

/** A task whose words wait for values: read once these are there (LANGUAGE 5). */
function deferredDraft(row: Row, values: RowValues, names: RowValues, cell: TaskCell): Draft {
  const {futures, magic, line, syntax, count} = cell;
  const needs = values.deferred.flatMap(id => futures.get(id) ?? []);
  const option = line.options.find(({name}) => name === 'allow-failed');
  const allowed = Number(option?.values[0]?.raw ?? 0) || 0;
  let inner: Draft | undefined;
  let self: TaskNode | undefined;
  const draft: Draft = {
    name: magic.defaultName(line) ?? magic.shape.name,
    key: Object.entries(row)
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' '),
    kind: magic.kindOf(line, syntax.body),
    needs,
    planned: node => {
      self = node;
      magic.deferred?.(line, node, cell.context);
    },
    make: async () => {
      const settled: Record<string, Settled> = {};
      for (const need of needs) {
        const value = withoutFailed(await need.settled(), allowed);
        if (value === undefined) return {is: 'blocked', blocked: {because: need.stopWords}};
        settled[need.id] = value;
      }
      const resumed = await values.resumed(settled);
      if (resumed.lost)
        return {is: 'blocked', blocked: {because: `the names that it waited with are lost: run cell [${count}] again`}};
      const wrong = errorsOf(cell, resumed);
      const drafted = wrong.length > 0 ? fail(wrong) : await draftRow(row, resumed, names, cell);
      if (!drafted.ok) return stopOf(drafted.error);
      inner = drafted.value.draft;
      if (self !== undefined) inner.planned?.(self);
      return inner.make();
    },
    settle: manifest => inner?.settle(manifest) ?? {is: 'failed', name: labelOf(draft), message: 'it is not known yet'},
    pictures: outputs => inner?.pictures?.(outputs) ?? [],
    get files() {
      return magic.kindOf(line, syntax.body) === 'value' && line.options.some(option => option.name === 'out');
    },
  };
  return called(draft, cell);
}

/** Problems that turn up after the cell has ended are the failure of the task. */
export const stopOf = (problems: readonly Problem[]): Extract<Stop, {is: 'failed'}> => {
  const [first] = problems;
  return {
    is: 'failed',
    failure: {
      reason: 'start',
      message: problems.map(({message}) => message).join('; '),
      ...(first?.hint === undefined ? {} : {remedy: first.hint}),
    },
  };
};
