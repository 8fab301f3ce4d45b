import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {labelOf} from '../graph/work.js';
import {ok, type Result} from '../graph/result.js';
import type {Scheduler} from '../run/scheduler.js';
import type {Labeler} from '../show/change-text.js';
import {groupedNames} from '../show/named-groups.js';
import type {Plan} from '../show/plan.js';
import type {StoreProblem} from '../store/problem.js';
import type {ExtensionControl} from './extension.js';
import type {Adoption} from './adoption.js';
import type {CachePort} from './cache-port.js';
import type {HistoryPort} from './history-port.js';
import type {EarlierRuns} from './earlier.js';
import type {Displays} from './displays.js';
import type {Futures} from './futures.js';
import type {NotebookControl} from './notebook-control.js';
import {madeBelow, tasksOf, type FutureNode, type TaskNode} from './node.js';
import {whyStuck, type StuckPorts} from './stuck.js';
import {planOf, type PlanPorts} from './plan-of.js';
import {FOREACH, type Registry} from './registry.js';
import {seriesOf} from './series.js';

/** The store of a notebook, and moving it. */
export interface StoresPort {
  readonly current: {readonly cache: CachePort; readonly history: HistoryPort};
  /** @param holds says what has its place in the store already; gives false where it is there already */
  move(path: string, holds: () => string | undefined): Promise<Result<boolean, StoreProblem>>;
}

/** What the control of a notebook acts on. */
export interface ControlPorts {
  readonly futures: Futures;
  readonly scheduler: Scheduler;
  readonly registry: Registry;
  readonly extensions: ExtensionControl;
  readonly earlier: EarlierRuns;
  /** The names of tasks that other runs have made, and futures' names of those of this notebook. */
  readonly labels: () => Labeler;
  readonly adoption: Adoption;
  readonly stores: StoresPort;
  /** The store has been moved. */
  readonly moved: () => void;
  readonly plan: PlanPorts;
  readonly displays: Displays;
  readonly stuck: Pick<StuckPorts, 'room' | 'ownerOf' | 'laneOwnerOf' | 'now'>;
  readonly resize: (slots: number) => void;
  /** What the user's code reaches: ids of futures, and texts that may have paths of results in them. */
  readonly reached: () => Promise<readonly string[]>;
  /** Resolves when the cell that executes is interrupted. */
  readonly interrupted: () => Promise<void>;
}

/** What line magics may do to a notebook. */
export function notebookControl({
  futures,
  scheduler,
  registry,
  extensions,
  earlier,
  labels,
  adoption,
  stores,
  moved,
  plan,
  displays,
  stuck,
  resize,
  reached: reachedByCode,
  interrupted,
}: ControlPorts): NotebookControl {
  const force = (node: FutureNode): void => {
    const entries = tasksOf(node).flatMap(task => task.forced());
    for (const entry of entries) scheduler.force(entry);
    // What reads them decides again whether it is a hit.
    for (const {fingerprint} of entries) recheck(scheduler, fingerprint);
  };
  const stuckNow = (): readonly string[] => {
    const namesOf = labels();
    return whyStuck({
      ...stuck,
      entries: () => scheduler.entries(),
      nodes: () => futures.all(),
      nameOf: task => namesOf(task.fingerprint)?.name ?? labelOf(task),
    });
  };
  return {
    cancel: node => futures.cancel(node),
    cancelAll: () => {
      for (const node of futures.all()) futures.cancel(node);
      for (const entry of scheduler.entries()) scheduler.cancel(entry);
    },
    retry: (node, isThere) => futures.retry(node, isThere),
    force,
    adopt: async task => adoption.adopt(task, (await earlier.of([task]))[0] ?? []),
    wait: async nodes => {
      const all = Promise.all(nodes.map(node => node.ended())).then(() => true);
      return Promise.race([all, interrupted().then(() => false)]);
    },
    earlier: tasks => earlier.of(tasks),
    made: madeBelow,
    labels,
    get cache() {
      return stores.current.cache;
    },
    get history() {
      return stores.current.history;
    },
    moveStore: async path => {
      const done = await stores.move(path, () => heldBy(futures, scheduler));
      if (done.ok && done.value) moved();
      return done.ok ? ok(undefined) : done;
    },
    reached: async () => {
      const code = await reachedByCode();
      return reached(
        futures,
        scheduler,
        code.flatMap(text => futures.get(text) ?? futures.placeholders(text).nodes),
      );
    },
    asked: fingerprint => scheduler.entry(fingerprint) !== undefined || futures.loops.has(fingerprint),
    plan: async named => {
      await scheduler.looked();
      const rows: Plan[] = [];
      for (const {name, nodes} of groupedNames(named)) rows.push(await planOf(name, nodes, plan));
      return {
        rows,
        all: await planOf(
          'all',
          named.map(({node}) => node),
          plan,
        ),
      };
    },
    remarks: among => [
      ...displays
        .staleCells(among)
        .map(({title, cell, words}) => `${[cell, title].filter(text => text !== '').join(' ')} is stale: ${words}`),
      ...(among === undefined || among.some(node => !node.over) ? stuckNow() : []),
    ],
    resize,
    extensions,
    magics: () => [
      {
        name: FOREACH.name,
        use: '%%',
        summary: 'runs what is below it once for each element of lists',
        example: '%%foreach filter in [HSC-R, HSC-I]',
      },
      ...registry.tasks.map(({shape, summary, example}) => ({name: shape.name, use: '%%', summary, example})),
      ...registry.cells.map(({shape, summary, example}) => ({name: shape.name, use: '%%', summary, example})),
      ...registry.lines.map(({shape, summary, example}) => ({
        name: shape.name,
        use: shape.name === '!' ? '' : '%',
        summary,
        example,
      })),
    ],
  };
}

/** Says what of this kernel has its place in the store by now; undefined: nothing. */
function heldBy(futures: Futures, scheduler: Scheduler): string | undefined {
  for (const {name} of futures.everything()) return `this kernel has a task already, \`${name}\``;
  for (const {task} of scheduler.entries()) return `this kernel has had a task already, \`${labelOf(task)}\``;
  return undefined;
}

/**
 * What the futures of a notebook stand for, without what was replaced; and all that is under way, whoever wanted it.
 * @param held futures that are there all the same
 */
export function* reached(
  futures: Futures,
  scheduler: Scheduler,
  held: readonly FutureNode[] = [],
): Iterable<Fingerprint> {
  const all = [...futures.everything().map(({node}) => node), ...held];
  const open: TaskNode[] = all.flatMap(madeBelow);
  for (const node of all) if (node.is === 'set') yield* seriesOf(node.members ?? [])?.done() ?? [];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.fingerprint !== undefined) yield node.fingerprint;
    open.push(...node.parts, ...(node.inner === undefined ? [] : [node.inner]));
  }
  for (const entry of scheduler.entries()) {
    if (entry.final) continue;
    yield entry.fingerprint;
    yield* entry.task.needs;
  }
}

/** What is run each time its cell is run is no other than the rest here: it runs again exactly where the bytes have changed (LANGUAGE 17). */
function recheck(scheduler: Scheduler, fingerprint: Fingerprint): void {
  for (const dependent of scheduler.entry(fingerprint)?.dependents ?? []) {
    if (!dependent.final) continue;
    scheduler.restart(dependent, dependent.state.is !== 'done' && dependent.task.force === true);
    recheck(scheduler, dependent.fingerprint);
  }
}
