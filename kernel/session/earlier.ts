import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import type {Recipe} from '../graph/recipe.js';
import {labelOf, type Task} from '../graph/work.js';
import type {TaskNode} from './node.js';

/** What a look for earlier results needs. */
export interface EarlierPorts {
  /** The last results of all tasks that bear one of these labels, in any order. */
  labelled(labels: Iterable<string>): Promise<readonly Manifest[]>;
  /** The tasks that futures of the notebook stand for now, without what was replaced. */
  held(): Iterable<Fingerprint>;
  /** Whether this kernel has planned a task. */
  planned(fingerprint: Fingerprint): boolean;
  /** The names of the futures that stand or stood for a task. */
  names(fingerprint: Fingerprint): readonly string[];
}

/** Finds the runs that tasks are compared with, for `%why`, `%adopt` and displays. */
export class EarlierRuns {
  readonly #ports: EarlierPorts;

  constructor(ports: EarlierPorts) {
    this.#ports = ports;
  }

  /**
   * For each task, results of other fingerprints of the same kind, name and key, that were made before its own: the nearest first, which
   * is the newest, and of scripts without a name the most alike. What another future of the notebook stands for comes last.
   */
  async of(nodes: readonly TaskNode[]): Promise<readonly (readonly Manifest[])[]> {
    const tasks = nodes.map(taskOf);
    const labels = new Set(tasks.flatMap(task => (task === undefined ? [] : [labelOf(task)])));
    if (labels.size === 0) return tasks.map(() => []);
    const byLabel = new Map<string, Manifest[]>();
    for (const manifest of await this.#ports.labelled(labels)) {
      const list = byLabel.get(manifest.label);
      if (list === undefined) byLabel.set(manifest.label, [manifest]);
      else list.push(manifest);
    }
    const others = this.#others();
    return nodes.map((node, at) => {
      const task = tasks[at];
      return task === undefined ? [] : earlier(task, node, byLabel.get(labelOf(task)) ?? [], others);
    });
  }

  /**
   * Of each task the run that it was in all likelihood before it was changed; undefined where it seems to be a first run. What it is
   * compared with is no other task of the notebook as it is now, and of scripts without a name one of the same text. A name that is
   * not the task's is not recorded: what had another one, or is of an earlier kernel and does something else, is another cell's.
   */
  async before(nodes: readonly TaskNode[]): Promise<readonly (Manifest | undefined)[]> {
    const found = await this.of(nodes);
    const others = this.#others();
    return nodes.map((node, at) => {
      const task = taskOf(node);
      if (task === undefined) return undefined;
      const nameless = task.name === task.recipe.kind;
      const own = task.key === '' && ![task.name, '_'].includes(node.name) ? node.name : undefined;
      return found[at]?.find(({fingerprint, recipe}) => {
        const alike = (): boolean => !this.#ports.planned(fingerprint) && likeness(recipe, task.recipe) >= SAME_TEXT;
        if (nameless) return alike();
        return !others(fingerprint) && (own === undefined || this.#ports.names(fingerprint).includes(own) || alike());
      });
    });
  }

  /** Whether a future of the notebook stands for a task. All are looked at once, if at all. */
  #others(): (fingerprint: Fingerprint) => boolean {
    let held: ReadonlySet<Fingerprint> | undefined;
    return fingerprint => this.#ports.planned(fingerprint) && (held ??= new Set(this.#ports.held())).has(fingerprint);
  }
}

const taskOf = (node: TaskNode): Task | undefined => (node.inner ?? node).entry?.task;

function earlier(
  task: Task,
  node: TaskNode,
  manifests: readonly Manifest[],
  others: (fingerprint: Fingerprint) => boolean,
): readonly Manifest[] {
  const {recipe, fingerprint} = task;
  const {state} = node;
  const own = state.is === 'done' && state.how === 'ran' ? state.manifest.startedAt : undefined;
  // Scripts that a cell gave no name are all called the same.
  const nameless = task.name === recipe.kind;
  return manifests
    .filter(
      manifest =>
        manifest.fingerprint !== fingerprint &&
        manifest.recipe.kind === recipe.kind &&
        (own === undefined || manifest.startedAt <= own),
    )
    .map(manifest => ({
      manifest,
      other: others(manifest.fingerprint) ? 1 : 0,
      alike: nameless ? likeness(manifest.recipe, recipe) : 0,
    }))
    .filter(({alike}) => !nameless || alike > 0)
    .sort((a, b) => a.other - b.other || b.alike - a.alike || (a.manifest.endedAt < b.manifest.endedAt ? 1 : -1))
    .map(({manifest}) => manifest);
}

/** What {@link likeness} is at least of two scripts of the same text. */
const SAME_TEXT = 4;

/** How much of two recipes is the same: the arguments, and which variables and files there are. */
function likeness(a: Recipe, b: Recipe): number {
  const same = (x: unknown, y: unknown): number => (JSON.stringify(x) === JSON.stringify(y) ? 1 : 0);
  const names = (recipe: Recipe): readonly string[] => Object.keys(recipe.variables).sort();
  return (
    SAME_TEXT * same(a.arguments, b.arguments) +
    (names(a).length > 0 ? same(names(a), names(b)) : 0) +
    (a.files === undefined ? 0 : same(a.files, b.files))
  );
}
