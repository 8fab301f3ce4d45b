import {randomUUID} from 'node:crypto';
import {join} from 'node:path';
import type {TaskView} from '../graph/task.js';
import {readTail} from '../run/read-tail.js';
import {cellBundle} from '../show/cell-html.js';
import {UpdatePace} from '../show/update-pace.js';
import type {CellView} from '../show/view.js';
import type {Bundle, CellOutput} from '../wire/notebook.js';
import {AgainMark} from './again-mark.js';
import {Bindings, type Rebinding} from './bindings.js';
import type {Comparisons} from './comparisons.js';
import type {Forecast} from './forecast.js';
import {PacedForecast} from './paced-forecast.js';
import type {Futures} from './futures.js';
import {madeBelow, type FutureNode} from './node.js';
import {withPictures} from './pictures.js';
import {seriesOf} from './series.js';
import {StaleMark} from './stale-mark.js';
import {TakenValues} from './taken-values.js';

/** Bytes of a log that a display shows the end of. */
const TAIL_BYTES = 2000;

interface Open {
  readonly title: string;
  readonly nodes: readonly FutureNode[];
  readonly output: CellOutput;
  readonly startedAt: number;
  /** `cell [7]`, and its text; empty where no cell has made what is shown. */
  readonly cell: string;
  readonly code: string;
  readonly stale: StaleMark;
  readonly again: AgainMark;
  shown: string;
}

/** The live displays of a notebook's cells: each a view of some futures, updated at the pace of DESIGN 5. */
export class Displays {
  readonly #open = new Map<string, Open>();
  /** Displays of which something has changed since they were sent. */
  readonly #dirty = new Set<string>();
  readonly #of = new Map<FutureNode, Set<string>>();
  readonly #pace = new UpdatePace(() => performance.now());
  #timer: NodeJS.Timeout | undefined;
  /** When the timer will ring, on the clock of the pace. */
  #due = 0;
  #tick: NodeJS.Timeout | undefined;
  #unwatched = false;

  readonly #forecast: PacedForecast | undefined;
  readonly #comparisons: Comparisons | undefined;
  readonly #futures: Futures;
  readonly #values = new TakenValues();
  /** What the names of the notebook hold. */
  readonly bindings = new Bindings(rebinding => this.#rebound(rebinding));

  constructor(futures: Futures, forecast?: Forecast, comparisons?: Comparisons) {
    this.#forecast = forecast && new PacedForecast(forecast);
    this.#comparisons = comparisons;
    this.#futures = futures;
    futures.watch(node => this.#changed(node));
  }

  /**
   * Shows some futures in a cell, and keeps the picture true until all have ended.
   * @param by the cell that has made them, `cell [7]`, and its text
   */
  open(title: string, nodes: readonly FutureNode[], output: CellOutput, by = {cell: '', code: ''}): void {
    const id = randomUUID();
    const open: Open = {
      title,
      nodes,
      output,
      startedAt: Date.now(),
      stale: new StaleMark(),
      again: new AgainMark(),
      shown: '',
      ...by,
    };
    this.#open.set(id, open);
    const bundle = this.#bundle(open);
    open.shown = JSON.stringify(bundle);
    output.display(bundle, {}, id);
    this.#pace.open(id, !ended(nodes));
    for (const node of nodes) this.#follow(node, id);
    this.#compare(id, open, open.nodes);
    this.#schedule();
  }

  /** Marks the displays of cells that took what a name held, where it holds something else by now. */
  #rebound(rebinding: Rebinding): void {
    this.#mark(open => open.stale.rebound(open.nodes, rebinding));
  }

  #mark(changes: (open: Open) => boolean): void {
    for (const [id, open] of this.#open) {
      if (!changes(open)) continue;
      this.#dirty.add(id);
      this.#pace.touch(id, !ended(open.nodes));
    }
    this.#schedule();
  }

  /**
   * The cells that are stale and were not run again since: what they made is still what their name holds.
   * @param among only those that have made one of these futures or its elements; absent: all
   */
  staleCells(
    among?: readonly FutureNode[],
  ): readonly {readonly title: string; readonly cell: string; readonly words: string}[] {
    const wanted = among === undefined ? undefined : new Set(among.flatMap(madeBelow));
    const last = new Map<string, Open>();
    for (const open of this.#open.values()) last.set(`${open.title}\n${open.code}`, open);
    const found = [...last.values()].flatMap(({title, cell, stale, nodes}) => {
      const {words} = stale;
      const named = this.bindings.of(title);
      if (words === undefined || (named !== undefined && !nodes.includes(named))) return [];
      if (wanted !== undefined && !nodes.flatMap(madeBelow).some(task => wanted.has(task))) return [];
      return [{title, cell, words}];
    });
    // What `%wait` or `%log` show has no cell of its own, and its cell tells.
    const told = new Set(found.flatMap(({title, cell}) => (cell === '' ? [] : [title])));
    return found.filter(({title, cell}) => cell !== '' || !told.has(title));
  }

  /** Nobody looks at them while tasks run: what changes is sent by {@link flush}, and not before. */
  leaveUnwatched(): void {
    this.#unwatched = true;
  }

  /** Sends what is due and what is not: the last word before a kernel ends. */
  flush(): void {
    for (const [id, open] of this.#open) this.#send(id, open, false);
  }

  /** Sends at once what has changed and will not change again by itself. */
  settle(): void {
    for (const id of this.#dirty) {
      const open = this.#open.get(id);
      if (open !== undefined && ended(open.nodes)) this.#send(id, open, false);
    }
  }

  /** The view of some futures, as a display shows it. */
  view(title: string, nodes: readonly FutureNode[]): CellView {
    return this.#view({title, nodes, startedAt: Date.now(), stale: new StaleMark(), again: new AgainMark()});
  }

  close(): void {
    this.#comparisons?.close();
    clearTimeout(this.#timer);
    clearTimeout(this.#tick);
    this.flush();
  }

  #follow(node: FutureNode, id: string): void {
    const ids = this.#of.get(node) ?? new Set();
    ids.add(id);
    this.#of.set(node, ids);
    // Those of a long loop are found by their set: they are made one by one.
    if (node.is === 'set' && seriesOf(node.members ?? []) === undefined)
      for (const member of node.members ?? []) this.#follow(member.node, id);
    if (node.is === 'task' && node.inner !== undefined) this.#follow(node.inner, id);
    if (node.is === 'task') for (const part of node.parts) this.#follow(part, id);
  }

  #changed(node: FutureNode): void {
    const revalued = node.is === 'task' ? this.#values.see(node, () => this.#futures.all()) : undefined;
    if (revalued !== undefined) this.#mark(open => open.stale.revalued(open.nodes, revalued));
    const ids =
      this.#of.get(node) ?? (node.is === 'task' && node.set !== undefined ? this.#of.get(node.set) : undefined);
    if (ids === undefined) return;
    for (const id of ids) {
      const open = this.#open.get(id);
      if (open === undefined) continue;
      // A set that has just got its members, a split that has just made its tasks.
      this.#follow(node, id);
      this.#compare(id, open, [node]);
      this.#dirty.add(id);
      // Most changes leave the changed one open: then nobody else is looked at.
      this.#pace.touch(id, !node.over || !ended(open.nodes));
    }
    this.#schedule();
  }

  /** Asks for what has changed of tasks that run again. */
  #compare(id: string, open: Open, nodes: readonly FutureNode[]): void {
    const {again} = open;
    if (this.#comparisons === undefined || again.full) return;
    let asked = false;
    for (const node of nodes) {
      for (const task of madeBelow(node)) {
        for (const one of [...task.parts, task.inner ?? task]) asked = again.see(one) || asked;
      }
    }
    if (!asked) return;
    this.#comparisons.ask(again, () => {
      this.#dirty.add(id);
      this.#pace.touch(id, !ended(open.nodes));
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#unwatched) return;
    const next = this.#pace.next();
    if (next === undefined) return;
    // What was due only in a minute may be due at once now.
    if (this.#timer !== undefined && this.#due <= next + 10) return;
    clearTimeout(this.#timer);
    this.#due = next;
    // A few milliseconds gather what changes together: a final state does not go out task by task.
    const wait = Math.max(next - performance.now(), 10);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        for (const {id, must} of this.#pace.take()) {
          const open = this.#open.get(id);
          if (open !== undefined) this.#send(id, open, must);
        }
        this.#schedule();
      },
      Math.min(wait, 60_000),
    );
    this.#timer.unref();
    // Elapsed times and log tails change though no state does.
    this.#tick ??= setInterval(() => {
      for (const [id, open] of this.#open) if (open.nodes.some(node => node.running)) this.#pace.touch(id, true);
      this.#schedule();
    }, 1000).unref();
  }

  #send(id: string, open: Open, must: boolean): void {
    this.#dirty.delete(id);
    const began = performance.now();
    const bundle = this.#bundle(open);
    const text = JSON.stringify(bundle);
    this.#pace.took(id, performance.now() - began);
    if (text === open.shown && !must) return;
    open.shown = text;
    open.output.update(id, bundle);
  }

  /** What a cell shows: its tasks, and once all have ended their pictures. */
  #bundle(open: Open): Bundle {
    const bundle = cellBundle(this.#view(open));
    return ended(open.nodes) ? withPictures(bundle, open.nodes) : bundle;
  }

  #view(open: Pick<Open, 'title' | 'nodes' | 'startedAt' | 'stale' | 'again'>): CellView {
    const alike = open.nodes.flatMap(node => (node.is === 'set' ? (seriesOf(node.members ?? [])?.alike ?? []) : []));
    const tasks = withTails(open.nodes.flatMap(node => (node.is === 'set' ? node.madeViews() : node.views())));
    const again = open.again.words(tasks.length === 1 && alike.length === 0);
    const pending = open.nodes.flatMap(node =>
      node.is === 'set' && node.pending !== undefined ? [`waiting for the list \`${node.pending}\``] : [],
    );
    return {
      title: open.title,
      tasks,
      ...(alike.length === 0 ? {} : {alike}),
      startedAt: open.startedAt,
      now: Date.now(),
      ...(pending[0] === undefined ? {} : {pending: pending[0]}),
      ...(again.length === 0 ? {} : {again}),
      ...(open.stale.words === undefined ? {} : {stale: open.stale.words}),
      ...(this.#forecast === undefined ? {} : {forecast: () => this.#forecast?.left(open, open.nodes)}),
    };
  }
}

/** True when nothing of these will change by itself. */
const ended = (nodes: readonly FutureNode[]): boolean => nodes.every(node => node.over);
/** The tail of the task that has run longest, and the output of a task that stands alone. */
function withTails(tasks: readonly TaskView[]): readonly TaskView[] {
  let slowest = -1;
  let since = Infinity;
  for (const [i, {state}] of tasks.entries()) {
    if (state.is === 'running' && state.log !== undefined && state.at < since) {
      slowest = i;
      since = state.at;
    }
  }
  return tasks.map((task, i) => {
    const {state} = task;
    if (i === slowest && state.is === 'running' && state.log !== undefined)
      return {...task, tail: readTail(state.log, TAIL_BYTES)};
    if (tasks.length === 1 && state.is === 'done' && state.manifest.directory !== undefined)
      return {...task, tail: readTail(join(state.manifest.directory, '.weft.log'), TAIL_BYTES)};
    return task;
  });
}
