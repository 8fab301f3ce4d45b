import {randomUUID} from 'node:crypto';
import type {JsonObject} from '../fingerprint/json.js';
import {PLAN_ONLY} from '../graph/failure.js';
import {planLine, planSum, type Plan, type PlanCounts} from '../show/plan.js';
import type {ErrorContent, Notebook} from '../wire/notebook.js';
import type {Forecast} from './forecast.js';
import type {Futures} from './futures.js';
import {madeBelow, type FutureNode} from './node.js';
import {isTagged, type NotebookFile} from './notebook-file.js';
import {planOf} from './plan-of.js';
import {newDisplays, RecordedOutput} from './recorded-output.js';
import {settled} from './settle.js';

/** What would become of a cell. */
export interface CellPlan {
  /** Its place in the notebook, from 0, all kinds of cells counted. */
  readonly index: number;
  readonly count: number;
  /** `unknown`: it needs what has not run, or follows a cell that does and could not be evaluated either. */
  readonly status: 'ok' | 'unknown' | 'error';
  readonly error?: {readonly ename: string; readonly evalue: string};
  /** A plan for each future that it makes. */
  readonly futures: readonly Plan[];
}

/** What `weft plan` tells: distinct fingerprints, joins apart, as of `weft run`. */
export interface NotebookPlan {
  readonly ok: boolean;
  readonly tasks: Plan;
  readonly joins: Plan;
  /** Milliseconds for all; undefined where that is not known. */
  readonly left: number | undefined;
  readonly cells: readonly CellPlan[];
}

/** What a headless plan takes. */
export interface PlanNotebookPorts {
  readonly session: Notebook;
  readonly futures: Futures;
  readonly forecast: Forecast;
  /** A line for people. */
  readonly line: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Evaluates the code cells of a notebook in order, in a session that runs no task, and tells what each would run. */
export async function planNotebook(notebook: NotebookFile, ports: PlanNotebookPorts): Promise<NotebookPlan> {
  const {session, futures, forecast, line, signal} = ports;
  const shown = newDisplays();
  const cells: CellPlan[] = [];
  let count = 0;
  let unsure = false;
  signal.addEventListener('abort', () => session.interrupt());
  for (const [index, cell] of notebook.cells.entries()) {
    const {cell_type, source} = cell;
    if (cell_type !== 'code' || source.trim() === '' || signal.aborted) continue;
    count += 1;
    const before = new Set(futures.all());
    const {error} = await session.execute(
      {
        id: randomUUID(),
        code: source,
        count,
        silent: false,
        storeHistory: false,
        userExpressions: {},
        allowStdin: false,
      },
      new RecordedOutput(count, shown),
    );
    // Nothing runs, so this is only the time that planning takes.
    await settled(() => futures.all());
    const plans: Plan[] = [];
    for (const node of made(futures, before)) plans.push(await planOf(titleOf(node), [node], {forecast}));
    for (const plan of plans) line(`cell [${count}] ${planLine(plan)}`);
    const status = error === undefined || isTagged(cell, 'raises-exception') ? 'ok' : statusOf(error, unsure);
    if (status === 'unknown') {
      unsure = true;
      line(`cell [${count}] unknown: ${error?.evalue.split('\n')[0] ?? ''}`);
    }
    if (status === 'error') line(`cell [${count}] failed: ${error?.evalue ?? ''}`);
    const said = error === undefined ? {} : {error: {ename: error.ename, evalue: error.evalue}};
    cells.push({index, count, status, ...said, futures: plans});
    if (status === 'error') break;
  }
  const all = [...futures.all()];
  const tasks = await planOf('tasks', all, {forecast}, {only: 'tasks'});
  const joins = await planOf('joins', all, {forecast}, {only: 'joins'});
  const good = cells.every(({status}) => status !== 'error') && tasks.counts.failed === 0 && joins.counts.failed === 0;
  return {ok: good, tasks, joins, left: tasks.left, cells};
}

/** What comes after a cell that could not be evaluated may lack its names. */
const statusOf = (error: ErrorContent, unsure: boolean): 'unknown' | 'error' =>
  unsure || [error.evalue, ...error.traceback].some(text => text.includes(PLAN_ONLY)) ? 'unknown' : 'error';

/** What a cell has made, without what stands in something else that it has made. */
function made(futures: Futures, before: ReadonlySet<FutureNode>): readonly FutureNode[] {
  const fresh = [...futures.all()].filter(node => !before.has(node));
  const inside = new Set<FutureNode>();
  for (const node of fresh) {
    if (node.is === 'set') for (const task of madeBelow(node)) inside.add(task);
    else for (const part of [...node.parts, ...(node.inner === undefined ? [] : [node.inner])]) inside.add(part);
  }
  return fresh.filter(node => !inside.has(node) && !(node.is === 'task' && node.draft.aside === true));
}

const titleOf = (node: FutureNode): string =>
  node.name !== '_' ? node.name : node.is === 'task' ? node.label : (node.members?.[0]?.node.draft.name ?? '_');

/** The plan in a line for people. */
export function notebookPlanText({tasks, joins}: NotebookPlan): string {
  const apart = joins.counts.total === 0 ? '' : ` · joins: ${planSum({...joins, left: undefined})}`;
  return `${planSum(tasks)}${apart}`;
}

const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000;

const countsJson = ({total, cached, attached, run, unknown, failed, blocked, cancelled}: PlanCounts): JsonObject => ({
  total,
  cached,
  attached,
  run,
  unknown,
  failed,
  blocked: blocked + cancelled,
});

/** A plain object for `--json`. Times are seconds; an estimate that is not known is null. */
export const notebookPlanJson = ({ok: good, tasks, joins, left, cells}: NotebookPlan): JsonObject => ({
  ok: good,
  tasks: countsJson(tasks.counts),
  joins: countsJson(joins.counts),
  estimate_s: left === undefined ? null : seconds(left),
  saved_s: seconds(tasks.saved + joins.saved),
  cells: cells.map(({index, count, status, error, futures}) => ({
    index,
    count,
    status,
    ...(error === undefined ? {} : {error: {...error}}),
    futures: futures.map(plan => ({
      name: plan.title,
      ...countsJson(plan.counts),
      ...(plan.until.length === 0 ? {} : {until: [...plan.until]}),
      estimate_s: plan.left === undefined ? null : seconds(plan.left),
    })),
  })),
});
