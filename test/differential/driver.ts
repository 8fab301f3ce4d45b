import {createInterface} from 'node:readline';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {openNotebook, type OpenNotebook} from '../../kernel/open-notebook.js';
import {runHeadless, summaryJson} from '../../kernel/session/headless.js';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import {tasksOf, type TaskNode} from '../../kernel/session/node.js';

/** What the driver is asked: to run cells in a notebook's directory, in a fresh kernel or in the one that is open. */
interface Request {
  readonly directory: string;
  readonly dist: string;
  readonly path?: string;
  readonly cells: readonly string[];
  /** Cells that run when all these have made has ended. */
  readonly then: readonly string[];
  readonly slots: number;
  readonly fresh: boolean;
  /** Keep the kernel open for the next request. */
  readonly keep: boolean;
}

let open: {readonly directory: string; readonly notebook: OpenNotebook} | undefined;
const log: string[] = [];

async function close(): Promise<void> {
  await open?.notebook.session.shutdown();
  open = undefined;
}

async function answer({directory, dist, path, cells, then, slots, fresh, keep}: Request): Promise<JsonValue> {
  if (fresh || open?.directory !== directory) await close();
  process.chdir(directory);
  log.length = 0;
  if (open === undefined) {
    const environment = {...process.env, ...(path === undefined ? {} : {PATH: path})};
    const opened = await openNotebook({directory, dist, environment, slots, log: line => log.push(line)});
    if (!opened.ok) return {problem: opened.error};
    open = {directory, notebook: opened.value};
  }
  const {session, futures, scheduler, displays, written} = open.notebook;
  const before = new Set(futures.all());
  const run = async (sources: readonly string[]): Promise<{readonly cells: JsonValue; readonly joins: number}> => {
    const began = Date.now();
    const {summary} = await runHeadless(
      {cells: sources.map(source => ({cell_type: 'code', source, rest: {metadata: {}}}))} as never,
      {
        session,
        futures,
        scheduler,
        displays,
        written,
        keepGoing: true,
        progress: line => log.push(line),
        signal: new AbortController().signal,
      },
    );
    // One that was asked for twice is cached the second time.
    const joins = [...scheduler.entries()].filter(
      ({task, state}) =>
        task.recipe.kind === 'join' && state.is === 'done' && Date.parse(state.manifest.endedAt) >= began,
    ).length;
    return {cells: summaryJson(summary)['cells'] ?? [], joins};
  };
  const first = await run(cells);
  const second = then.length === 0 ? {cells: [], joins: 0} : await run(then);
  const results: Record<string, JsonValue> = {};
  for (const node of futures.all()) {
    if (before.has(node)) continue;
    for (const task of tasksOf(node)) results[task.label] = await resultOf(task);
  }
  const reply: JsonValue = {
    cells: [...(first.cells as JsonValue[]), ...(second.cells as JsonValue[])],
    joins: first.joins + second.joins,
    results,
    log: [...log],
  };
  if (!keep) await close();
  return reply;
}

async function resultOf(task: TaskNode): Promise<JsonValue> {
  const {state} = task;
  if (state.is !== 'done') return {is: state.is, files: {}, value: null, directory: '', why: JSON.stringify(state)};
  const settled = await task.settled();
  const {directory, outputs, value} = state.manifest;
  const files: Record<string, string> = {};
  if (directory !== undefined) for (const {path} of outputs) files[path] = textOf(join(directory, path));
  return {is: state.is, kind: settled.is, files, value: value ?? null, directory: directory ?? ''};
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return `(${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
}

for await (const line of createInterface({input: process.stdin})) {
  const reply = await answer(JSON.parse(line) as Request).catch((error: unknown) => ({
    problem: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await close();
process.exit(0);
