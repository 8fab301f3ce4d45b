import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {makespan, type Outstanding} from '../graph/makespan.js';
import type {Recipe} from '../graph/recipe.js';
import {isFinal, type TaskState} from '../graph/task.js';
import type {Entry} from '../run/entry.js';
import {medianOf} from '../show/median.js';
import type {FutureNode, TaskNode} from './node.js';
import {nodesOf, seriesOf} from './series.js';

/** What a forecast is made of. */
export interface ForecastPorts {
  /** How long tasks of a name took lately, milliseconds; of a script without a name, those of its text. */
  durations(name: string, recipe?: Recipe): readonly number[];
  entry(fingerprint: Fingerprint): Entry | undefined;
  readonly slots: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * How long it will take until some futures are done, with what they wait for, by the median of how long such tasks took lately, and by
 * the slots. Of tasks that have no history nothing is said.
 */
export class Forecast {
  readonly #ports: ForecastPorts;

  constructor(ports: ForecastPorts) {
    this.#ports = ports;
  }

  /**
   * Milliseconds; undefined where a task is not known yet, or has no history.
   * @param again what is done and would be made once more
   */
  left(nodes: readonly FutureNode[], again: ReadonlySet<Entry> = new Set()): number | undefined {
    const tasks: TaskNode[] = [];
    for (const node of nodes) if (!addTasks(node, tasks)) return undefined;
    const entries = new Set<Entry>();
    const drafts = new Set<TaskNode>();
    for (const task of tasks) if (!this.#collect(task, entries, drafts)) return undefined;
    for (const entry of again) entries.add(entry);
    // What an entry needs was submitted before it.
    const ordered = [...entries].sort((a, b) => a.order - b.order);
    const places = new Map<Entry | TaskNode, number>();
    const list: Outstanding[] = [];
    const typical = this.#typical();
    for (const entry of ordered) {
      const {task, state} = entry;
      const duration = typical(task.name, task.recipe);
      if (duration === undefined) return undefined;
      places.set(entry, list.length);
      const after = task.needs.flatMap(need => places.get(this.#ports.entry(need) ?? entry) ?? []);
      const join = task.recipe.kind === 'join';
      list.push({
        duration: this.#rest(state, duration),
        slots: join || entry.elsewhere || (state.is === 'running' && state.attached) ? 0 : task.placement.cpus,
        ...(task.lane === undefined ? {} : {lane: task.lane}),
        after: after.filter(at => at < list.length),
      });
    }
    for (const draft of drafts) {
      const {name} = draft.draft;
      const duration = name === 'join' ? 0 : typical(name, undefined);
      if (duration === undefined) return undefined;
      const after = draft.draft.needs.flatMap(need =>
        leaves(need).flatMap(leaf => places.get(leaf.entry ?? leaf) ?? []),
      );
      places.set(draft, list.length);
      list.push({duration, slots: 1, after});
    }
    return makespan(list, this.#ports.slots());
  }

  /** All that has not ended of a task and of what it waits for. False where a list is not known yet. */
  #collect(task: TaskNode, entries: Set<Entry>, drafts: Set<TaskNode>): boolean {
    if (task.entry !== undefined) {
      this.#collectEntries(task.entry, entries);
      return true;
    }
    if (isFinal(task.state) || drafts.has(task)) return true;
    for (const need of task.draft.needs) {
      if (need.is === 'set' && need.members === undefined && need.stop === undefined) return false;
      for (const leaf of leaves(need)) if (!this.#collect(leaf, entries, drafts)) return false;
    }
    drafts.add(task);
    return true;
  }

  #collectEntries(first: Entry, entries: Set<Entry>): void {
    const open = [first];
    for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
      if (!entry.open || entries.has(entry)) continue;
      entries.add(entry);
      for (const need of entry.task.needs) {
        const other = this.#ports.entry(need);
        if (other !== undefined) open.push(other);
      }
    }
  }

  #rest(state: TaskState, duration: number): number {
    return state.is === 'running' ? Math.max(0, duration - (this.#ports.now() - state.at)) : duration;
  }

  /** The median of a name's durations, or of a script's, each looked up once. */
  #typical(): (name: string, recipe: Recipe | undefined) => number | undefined {
    const names = new Map<string, number | undefined>();
    const scripts = new Map<string, number | undefined>();
    return (name, recipe) => {
      if (recipe?.kind === 'join') return 0;
      const script = recipe?.arguments['script'];
      const [map, key] = typeof script === 'string' && name === recipe?.kind ? [scripts, script] : [names, name];
      const known = map.get(key);
      if (known !== undefined || map.has(key)) return known;
      const median = medianOf(this.#ports.durations(name, recipe));
      map.set(key, median);
      return median;
    };
  }
}

/** The tasks of a future that has ended, runs or waits. */
const leaves = (node: FutureNode): readonly TaskNode[] => {
  const found: TaskNode[] = [];
  addTasks(node, found);
  return found;
};

/** Adds the tasks of a future; false if they are not known yet. */
function addTasks(node: FutureNode, found: TaskNode[]): boolean {
  if (node.is === 'set') {
    if (seriesOf(node.members ?? [])?.over === false) return false;
    // What has no node is done.
    for (const made of nodesOf(node.members ?? [])) if (!addTasks(made, found)) return false;
    return node.members !== undefined || node.stop !== undefined;
  }
  if (node.inner === undefined) found.push(node);
  else for (const part of [...node.parts, node.inner]) addTasks(part, found);
  return true;
}
