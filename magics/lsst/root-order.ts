import {fail, ok, type Result} from '../../kernel/graph/result.js';
import {isFinal} from '../../kernel/graph/task.js';
import type {Stop, TaskNode} from '../../kernel/session/node.js';

/** Who writes and who reads a root repository, in the order of submission: a reader waits for the writers before it. */
export class RootOrder {
  readonly #writers = new Map<string, Set<TaskNode>>();
  readonly #readers = new Map<string, Set<TaskNode>>();
  readonly #before = new WeakMap<TaskNode, readonly TaskNode[]>();

  /** The order of a notebook, kept in the state that its magics share. */
  static of(state: Map<string, unknown>): RootOrder {
    const found = state.get('lsst/roots');
    if (found instanceof RootOrder) return found;
    const made = new RootOrder();
    state.set('lsst/roots', made);
    return made;
  }

  /** A task was submitted of which more is known later: it waits for what was before it now, and not for what comes then. */
  submitted(root: string, node: TaskNode, writes: boolean): void {
    this.#before.set(node, this.pending(root));
    if (writes) this.wrote(root, node);
  }

  /** The tasks that were to change the root when this one was submitted; undefined where that is no other time than now. */
  before(node: TaskNode): readonly TaskNode[] | undefined {
    return this.#before.get(node);
  }

  /** A task that changes a root was planned. */
  wrote(root: string, node: TaskNode): void {
    add(this.#writers, root, node);
  }

  /** A task that reads a root was planned. */
  reads(root: string, node: TaskNode): void {
    add(this.#readers, root, node);
  }

  /** The tasks that are still to change a root. */
  pending(root: string): readonly TaskNode[] {
    return [...(this.#writers.get(root) ?? [])].filter(node => !isFinal(node.state));
  }

  /** Resolves when what reads the root now has ended. What only waits for a slot is not waited for: it may need ours. */
  async quiet(root: string): Promise<void> {
    await Promise.all(this.reading(root).map(node => node.ended()));
  }

  /** What reads the root now. */
  reading(root: string): readonly TaskNode[] {
    return [...(this.#readers.get(root) ?? [])].filter(({state}) => state.is === 'running');
  }
}

function add(map: Map<string, Set<TaskNode>>, root: string, node: TaskNode): void {
  const nodes = map.get(root) ?? new Set();
  // What has ended is of no interest any more.
  for (const old of nodes) if (isFinal(old.state)) nodes.delete(old);
  nodes.add(node);
  map.set(root, nodes);
}

/** Waits for the tasks that change the root and were submitted before; the error says which of them did not do it. */
export async function waitForRoot(nodes: readonly TaskNode[]): Promise<Result<undefined, Stop>> {
  for (const node of nodes) {
    const state = await node.ended();
    if (state.is !== 'done')
      return fail({
        is: 'blocked',
        blocked: {
          because: `${node.label} ${state.is === 'blocked' ? 'is blocked' : state.is === 'cancelled' ? 'was cancelled' : 'failed'}`,
        },
      });
  }
  return ok(undefined);
}
