import {randomUUID} from 'node:crypto';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import {isFinal} from '../graph/task.js';
import type {Scheduler} from '../run/scheduler.js';
import {cleanText} from '../show/clean-text.js';
import {failureMessage} from '../show/failure-text.js';
import type {ErrorContent, Notebook} from '../wire/notebook.js';
import type {Displays} from './displays.js';
import type {Futures} from './futures.js';
import {tasksOf, type FutureNode} from './node.js';
import {isTagged, type CellOutputs, type NotebookFile} from './notebook-file.js';
import {newDisplays, RecordedOutput} from './recorded-output.js';
import {settled} from './settle.js';

/** How many distinct tasks ended how: `total` is the sum of the others. */
export interface TaskCounts {
  readonly total: number;
  readonly ran: number;
  readonly cached: number;
  readonly attached: number;
  readonly failed: number;
  readonly blocked: number;
  readonly cancelled: number;
}

/** What became of a cell. */
export interface CellSummary {
  /** Its place in the notebook, from 0, all kinds of cells counted. */
  readonly index: number;
  readonly count: number;
  readonly status: 'ok' | 'error';
  readonly wall_s: number;
  readonly error?: {readonly ename: string; readonly evalue: string};
}

/** What a run prints with `--json` (LANGUAGE 16): distinct fingerprints, joins apart. */
export interface RunSummary {
  readonly ok: boolean;
  /** It was told to stop; and how many tasks go on without it, which are counted nowhere else. */
  readonly interrupted?: true;
  readonly open?: number;
  readonly wall_s: number;
  readonly tasks: TaskCounts;
  readonly joins: TaskCounts;
  readonly cells: readonly CellSummary[];
}

/** What a headless run takes. */
export interface HeadlessPorts {
  readonly session: Notebook;
  readonly futures: Futures;
  readonly scheduler: Scheduler;
  readonly displays: Displays;
  /** Resolves when all results so far are on the disk, or can't be. */
  readonly written: () => Promise<unknown>;
  /** Go on behind a cell that failed. */
  readonly keepGoing: boolean;
  /** A line of progress, for people. */
  readonly progress: (line: string) => void;
  /** Ends the run early: what was submitted is left to its runners. */
  readonly signal: AbortSignal;
}

/** Runs the code cells of a notebook in order, then waits for all that they have made. */
export async function runHeadless(
  notebook: NotebookFile,
  ports: HeadlessPorts,
): Promise<{readonly summary: RunSummary; readonly outputs: ReadonlyMap<number, CellOutputs>}> {
  const {session, futures, scheduler, displays, written, progress, signal, keepGoing} = ports;
  const started = performance.now();
  // Outputs are saved at the end.
  displays.leaveUnwatched();
  const shown = newDisplays();
  const recorded = new Map<number, {count: number; output: RecordedOutput}>();
  const cells: CellSummary[] = [];
  const watching = watchProgress(futures, scheduler, progress);
  let count = 0;
  let interrupted = (): void => undefined;
  const abort = new Promise<void>(resolve => {
    interrupted = resolve;
  });
  signal.addEventListener('abort', () => {
    session.interrupt();
    interrupted();
  });
  // Of a cell tagged `raises-exception`, as nbclient and nbconvert know it, an error is no failure of the run.
  const mayFail = new Set<FutureNode>();
  for (const [index, cell] of notebook.cells.entries()) {
    const {cell_type, source} = cell;
    if (cell_type !== 'code' || source.trim() === '' || signal.aborted) continue;
    count += 1;
    const output = new RecordedOutput(count, shown);
    recorded.set(index, {count, output});
    const began = performance.now();
    const before = new Set(futures.all());
    const allowed = isTagged(cell, 'raises-exception');
    const {error, payload} = await session.execute(
      {
        id: randomUUID(),
        code: source,
        count,
        silent: false,
        storeHistory: true,
        userExpressions: {},
        allowStdin: false,
      },
      output,
    );
    // No pager is there: what was meant for it is shown.
    for (const {data} of payload) if (isObject(data)) output.display(data);
    if (allowed) for (const node of futures.all()) if (!before.has(node)) mayFail.add(node);
    cells.push({
      index,
      count,
      status: error === undefined || allowed ? 'ok' : 'error',
      wall_s: seconds(began),
      ...(error === undefined ? {} : {error: {ename: error.ename, evalue: error.evalue}}),
    });
    if (error === undefined || allowed) continue;
    progress(`cell [${count}] failed: ${error.evalue}${belowOf(error)}`);
    if (!keepGoing) break;
  }
  await Promise.race([settled(() => futures.all()), abort]);
  // Adding up a long run takes longer than a result may wait for the disk.
  await written();
  displays.flush();
  watching.stop();
  const outputs = new Map(
    [...recorded].map(([index, {count: number, output}]) => [index, {count: number, outputs: output.outputs}]),
  );
  const {tasks, joins} = countTasks(futures, scheduler);
  const expected = new Set([...mayFail].flatMap(node => tasksOf(node)).flatMap(task => task.fingerprint ?? []));
  const bad = [...scheduler.entries()].some(
    ({fingerprint, state}) =>
      (state.is === 'failed' || state.is === 'blocked' || state.is === 'cancelled') && !expected.has(fingerprint),
  );
  const lost = [...futures.all()].some(
    node =>
      !mayFail.has(node) &&
      (node.is === 'set'
        ? node.stop !== undefined
        : node.refused || (node.fingerprint === undefined && isFinal(node.state) && node.state.is !== 'done')),
  );
  const good = !signal.aborted && !bad && !lost && cells.every(cell => cell.status === 'ok');
  const open = [...scheduler.entries()].filter(({final}) => !final).length;
  const early = signal.aborted ? {interrupted: true as const, open} : {};
  return {summary: {ok: good, ...early, wall_s: seconds(started), tasks, joins, cells}, outputs};
}

/** What a notebook shows below an error: the place, the code, and what to do. */
function belowOf({ename, evalue, traceback}: ErrorContent): string {
  const lines = traceback
    .flatMap(text => cleanText(text).split('\n'))
    .filter(line => line.trim() !== '' && line !== `${ename}: ${evalue}` && line !== evalue);
  return lines.map(line => `\n  ${line}`).join('');
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Counts by fingerprint; a task that never came to have one counts once. */
export function countTasks(
  futures: Futures,
  scheduler: Scheduler,
): {readonly tasks: TaskCounts; readonly joins: TaskCounts} {
  const counts = {tasks: noCounts(), joins: noCounts()};
  const add = (join: boolean, how: keyof TaskCounts): void => {
    const into = join ? counts.joins : counts.tasks;
    into[how] += 1;
    into.total += 1;
  };
  const refused = new Set(
    [...futures.all()].flatMap(node => (node.is === 'task' && node.refused ? node.fingerprint : [])),
  );
  for (const {task, state, made} of scheduler.entries()) {
    const join = task.recipe.kind === 'join';
    if (state.is === 'done') add(join, refused.has(task.fingerprint) ? 'failed' : (made ?? state.how));
    else if (state.is === 'failed' || state.is === 'blocked' || state.is === 'cancelled') add(join, state.is);
  }
  counts.tasks.cached += futures.loops.unmade;
  counts.tasks.total += futures.loops.unmade;
  for (const node of futures.all()) {
    if (node.is === 'set' && node.stop !== undefined) add(false, node.stop.is);
    if (node.is !== 'task' || node.entry !== undefined || node.inner !== undefined) continue;
    const {state} = node;
    if (state.is === 'failed' || state.is === 'blocked' || state.is === 'cancelled')
      add(node.draft.name === 'join', state.is);
  }
  return counts;
}

const noCounts = (): {-readonly [K in keyof TaskCounts]: number} => ({
  total: 0,
  ran: 0,
  cached: 0,
  attached: 0,
  failed: 0,
  blocked: 0,
  cancelled: 0,
});

/** One line of progress each few seconds, and for each failure. */
function watchProgress(futures: Futures, scheduler: Scheduler, progress: (line: string) => void): {stop(): void} {
  const told = new Set<string>();
  const stop = futures.watch(node => {
    if (node.is !== 'task' || node.state.is !== 'failed' || told.has(node.label)) return;
    told.add(node.label);
    progress(failureMessage(node.label, node.state.failure));
  });
  let last = '';
  const timer = setInterval(() => {
    const counts = {done: 0, running: 0, open: 0};
    for (const {state} of scheduler.entries()) {
      if (state.is === 'done') counts.done += 1;
      else if (state.is === 'running') counts.running += 1;
      else if (state.is === 'waiting' || state.is === 'queued') counts.open += 1;
    }
    const line = `${counts.done} done, ${counts.running} running, ${counts.open} to go`;
    if (line !== last && counts.running + counts.open > 0) progress(line);
    last = line;
  }, 2000);
  return {
    stop: () => {
      stop();
      clearInterval(timer);
    },
  };
}

const seconds = (since: number): number => Math.round(performance.now() - since) / 1000;

/** The summary in a line for people. */
export function summaryText({tasks, joins, wall_s, ok: good, interrupted, open = 0}: RunSummary): string {
  const words = (counts: TaskCounts): string =>
    (['ran', 'cached', 'attached', 'failed', 'blocked', 'cancelled'] as const)
      .filter(how => counts[how] > 0)
      .map(how => `${counts[how]} ${how}`)
      .join(', ');
  const parts = [
    `${tasks.total} ${tasks.total === 1 ? 'task' : 'tasks'}${tasks.total === 0 ? '' : `: ${words(tasks)}`}`,
    ...(joins.total === 0 ? [] : [`${joins.total} ${joins.total === 1 ? 'join' : 'joins'}: ${words(joins)}`]),
    ...(open === 0 ? [] : [`${open} ${open === 1 ? 'goes' : 'go'} on`]),
  ];
  return `${interrupted === true ? 'interrupted' : good ? 'done' : 'failed'} in ${wall_s.toFixed(1)} s · ${parts.join(' · ')}`;
}

/** A plain object for `--json`. */
export const summaryJson = (summary: RunSummary): JsonObject => JSON.parse(JSON.stringify(summary)) as JsonObject;
