import {realpathSync} from 'node:fs';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import {isFinal, type TaskState} from '../../kernel/graph/task.js';
import type {Turn} from '../../kernel/graph/work.js';
import type {Stop, TaskNode} from '../../kernel/session/node.js';

/** What the order sees of a task that the scheduler has. */
export interface OrderedEntry {
  /** Raised each time the task is started over. */
  readonly round: number;
  /** `idle` while it still waits for something. */
  readonly phase: string;
  readonly final: boolean;
  readonly dependents: ReadonlySet<OrderedEntry>;
}

/** What the order sees of a future. */
export interface Ordered {
  readonly label: string;
  /** The same for all tasks of a loop; `_` where its cell gave it none. */
  readonly name: string;
  readonly state: TaskState;
  readonly entry: OrderedEntry | undefined;
  /** Another future that stands for it. */
  readonly inner: Ordered | undefined;
  ended(): Promise<TaskState>;
}

/** A reader: it waits for writers that were there before it; or it holds the root until its end, as what that is has been hashed. */
type Reading<N> = {readonly is: 'waits'; readonly on: ReadonlySet<N>} | {readonly is: 'holds'};

/** One root: its readers, and its writers with the round in which each of them was given its turn. */
interface Root<N> {
  readonly readers: Map<N, Reading<N>>;
  readonly writers: Map<N, number | undefined>;
  /** How many turns were given. */
  changes: number;
}

/** Milliseconds after which a writer looks again at what it waits for: that may have come to wait for the writer itself. */
const AGAIN = 1000;

/**
 * Who writes and who reads a root repository, in the order of submission. A reader waits for the writers before it, and holds the root
 * from the moment that its identity is hashed until its end. A writer gets its turn when nothing holds the root; from then until its end
 * readers wait for it. It takes no slot while it waits, and does not wait for what itself waits for it.
 */
export class RootOrder<N extends Ordered = TaskNode> {
  readonly #roots = new Map<string, Root<N>>();
  readonly #before = new WeakMap<N, readonly N[]>();
  readonly #numbers = new WeakMap<N, number>();
  readonly #cells = new WeakMap<N, string>();
  readonly #paths = new Map<string, string>();
  #count = 0;

  /** The order of a notebook, kept in the state that its magics share. */
  static of(state: Map<string, unknown>): RootOrder {
    const found = state.get('lsst/roots');
    if (found instanceof RootOrder) return found as RootOrder;
    const made = new RootOrder();
    state.set('lsst/roots', made);
    return made;
  }

  /** A task was submitted of which more is known later: it waits for what was before it now, and not for what comes then. */
  submitted(root: string, node: N, writes: boolean, cell: string): void {
    this.#before.set(node, this.pending(root));
    this.#number(node);
    if (writes) this.wrote(root, node, cell);
  }

  /** The tasks that were to change the root when this one was submitted; undefined where that is no other time than now. */
  before(node: N): readonly N[] | undefined {
    return this.#before.get(node);
  }

  /** A task that changes a root was planned, in a run of a cell. */
  wrote(root: string, node: N, cell: string): void {
    this.#number(node);
    this.#cells.set(node, cell);
    const {writers} = this.#root(root);
    if (!writers.has(node)) writers.set(node, undefined);
  }

  /** A task that reads a root was planned. */
  reads(node: N): void {
    this.#number(node);
  }

  /**
   * What who reads a root now comes after: the tasks that are still to change it, and those that were to and did not. Of the latter not those
   * that a person has cancelled, and goes on without; nor those whose name another cell has given to another such task since.
   */
  pending(root: string): readonly N[] {
    return [...this.#root(root).writers.keys()].filter(
      node => !isFinal(node.state) || (isStopped(node.state) && !this.#isReplaced(root, node, this.#count)),
    );
  }

  /** Waits for tasks of {@link pending}; the error says which of them did not do it. */
  async wait(root: string, node: N | undefined, pending: readonly N[]): Promise<Result<undefined, Stop>> {
    const number = node === undefined ? this.#count : this.#number(node);
    const waited = await waitForRoot(pending, other => this.#isReplaced(root, other, number));
    if (waited.ok || waited.error.is !== 'blocked') return waited;
    const {blocked} = waited.error;
    return fail({is: 'blocked', blocked: {...blocked, because: `${blocked.because}, which changes ${root} before it`}});
  }

  /** How many tasks have been let to change a root. */
  changes(root: string): number {
    return this.#root(root).changes;
  }

  /**
   * A reader takes its place, and waits for the writers that were submitted before it, and for those that have begun: then it holds the
   * root, and may hash what that is. The error says which of the former did not do it.
   * @param before the writers that were submitted before it
   */
  async read(root: string, node: N, before: readonly N[]): Promise<Result<undefined, Stop>> {
    const {readers} = this.#root(root);
    readers.set(node, {is: 'waits', on: new Set([...before, ...this.#begun(root)])});
    const waited = await this.wait(root, node, before);
    if (!waited.ok) {
      readers.delete(node);
      return waited;
    }
    await this.#hold(root, node);
    return ok(undefined);
  }

  /** What a task that is about to start waits for; undefined where it is its turn, which lasts until its end. */
  turn(root: string, node: N, writes: boolean): Turn | undefined {
    return writes ? this.#writersTurn(root, node) : this.#readersTurn(root, node);
  }

  /** After writers that have begun, which is so only where it was started over. */
  #readersTurn(root: string, node: N): Turn | undefined {
    const begun = this.#begun(root);
    if (begun.length === 0) this.#root(root).readers.set(node, {is: 'holds'});
    return begun.length === 0 ? undefined : {on: labels(begun), until: this.#hold(root, node)};
  }

  #writersTurn(root: string, node: N): Turn | undefined {
    const {writers} = this.#root(root);
    if (this.#hasTurn(root, node)) return undefined;
    const ahead = this.#ahead(root, node);
    if (ahead.length === 0) {
      writers.set(node, entryOf(node)?.round);
      this.#root(root).changes += 1;
      return undefined;
    }
    return {on: labels(ahead), until: Promise.race([...ahead.map(each => each.ended()), pause()])};
  }

  async #hold(root: string, node: N): Promise<void> {
    const {readers} = this.#root(root);
    for (let begun = this.#begun(root); begun.length > 0; begun = this.#begun(root)) {
      readers.set(node, {is: 'waits', on: new Set(begun)});
      await Promise.all(begun.map(each => each.ended()));
    }
    readers.set(node, {is: 'holds'});
  }

  #hasTurn(root: string, node: N): boolean {
    const round = this.#root(root).writers.get(node);
    return round !== undefined && round === entryOf(node)?.round && !isFinal(node.state);
  }

  /** Whether another run of a cell has given the name of a writer to another one, among the tasks up to some number. */
  #isReplaced(root: string, writer: N, last: number): boolean {
    const [own, cell] = [this.#number(writer), this.#cells.get(writer)];
    return [...this.#root(root).writers.keys()].some(other => {
      const number = this.#number(other);
      return number > own && number <= last && other.name === writer.name && this.#cells.get(other) !== cell;
    });
  }

  /** The writers that have their turn. */
  #begun(root: string): readonly N[] {
    return [...this.#root(root).writers.keys()].filter(node => this.#hasTurn(root, node));
  }

  /** The readers that a writer waits for. */
  #ahead(root: string, writer: N): readonly N[] {
    const {readers} = this.#root(root);
    const own = this.#number(writer);
    const ahead: N[] = [];
    for (const [node, reading] of readers) {
      if (isFinal(node.state)) readers.delete(node);
      else if (this.#isAhead(node, reading, own)) ahead.push(node);
    }
    if (ahead.length === 0) return ahead;
    const behind = this.#behind(writer);
    return ahead.filter(node => !behind.has(node));
  }

  /** Whether a writer waits for a reader: what waits itself counts by its number, unless it waits for what the scheduler does not know yet. */
  #isAhead(node: N, reading: Reading<N>, writer: number): boolean {
    if (reading.is === 'holds') return true;
    const known = [...reading.on].every(other => isFinal(other.state) || entryOf(other) !== undefined);
    return known && this.#number(node) < writer;
  }

  /** All readers that can't go on before a writer has ended: what needs its result, what waits for the root behind that, and so on. */
  #behind(writer: N): ReadonlySet<N> {
    const found = new Set<N>([writer]);
    const entries = new Set<OrderedEntry>();
    for (const node of found) {
      const entry = entryOf(node);
      if (entry !== undefined) waitingFor(entry, entries);
      for (const {readers, writers} of this.#roots.values()) {
        for (const [other, reading] of readers) {
          const its = entryOf(other);
          if ((its !== undefined && entries.has(its)) || (reading.is === 'waits' && reading.on.has(node)))
            found.add(other);
        }
        const own = readers.get(node);
        for (const [other, round] of writers) {
          const its = entryOf(other);
          if (isFinal(other.state)) continue;
          const waits = round === undefined || round !== its?.round;
          if (
            (its !== undefined && entries.has(its)) ||
            (own !== undefined && waits && this.#isAhead(node, own, this.#number(other)))
          )
            found.add(other);
        }
      }
    }
    return found;
  }

  /** One root may be named in several ways. */
  #realPath(path: string): string {
    try {
      const real = realpathSync.native(path);
      this.#paths.set(path, real);
      return real;
    } catch {
      return path;
    }
  }

  #number(node: N): number {
    const number = this.#numbers.get(node) ?? ++this.#count;
    this.#numbers.set(node, number);
    return number;
  }

  #root(path: string): Root<N> {
    const key = this.#paths.get(path) ?? this.#realPath(path);
    const root: Root<N> = this.#roots.get(key) ?? {readers: new Map(), writers: new Map(), changes: 0};
    this.#roots.set(key, root);
    return root;
  }
}

/** Adds all that waits for a task to end. What has begun waits for nothing. */
function waitingFor(entry: OrderedEntry, found: Set<OrderedEntry>): void {
  // Chains may be deeper than a stack of calls.
  for (const next = [entry]; ;) {
    const from = next.pop();
    if (from === undefined) return;
    for (const dependent of from.dependents) {
      if (dependent.final || dependent.phase !== 'idle' || found.has(dependent)) continue;
      found.add(dependent);
      next.push(dependent);
    }
  }
}

const entryOf = (node: Ordered): OrderedEntry | undefined =>
  node.inner === undefined ? node.entry : entryOf(node.inner);

const isStopped = ({is}: TaskState): boolean => is === 'failed' || is === 'blocked';

const labels = (nodes: readonly Ordered[]): readonly string[] => [...new Set(nodes.map(({label}) => label))];

const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, AGAIN).unref());

/**
 * Waits for tasks that come before; the error says which of them did not do what they were to do.
 * @param spared those of which that does not matter
 */
export async function waitForRoot<N extends Ordered>(
  nodes: readonly N[],
  spared: (node: N) => boolean = () => false,
): Promise<Result<undefined, Stop>> {
  for (const node of nodes) {
    const state = await node.ended();
    if (state.is !== 'done' && !spared(node))
      return fail({
        is: 'blocked',
        blocked: {
          because: `${node.label} ${state.is === 'blocked' ? 'is blocked' : state.is === 'cancelled' ? 'was cancelled' : 'failed'}`,
        },
      });
  }
  return ok(undefined);
}
