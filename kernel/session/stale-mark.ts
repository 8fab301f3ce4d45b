import {partsOf, takenOf, type Rebinding} from './bindings.js';
import {sameTasks} from './element.js';
import type {FutureNode} from './node.js';
import type {Revalued} from './taken-values.js';

/** Why a cell's display is stale: names that held what it took, and hold something else by now; values that came out otherwise. */
export class StaleMark {
  readonly #names = new Map<string, {readonly taken: readonly FutureNode[]; readonly by: string}>();
  /** Values that are others by now, and as canonical JSON what the cell took. */
  readonly #values = new Map<FutureNode, string>();

  /**
   * A name was bound again. True if that changes what is said of the cell.
   * @param cell the futures that the cell has made
   */
  rebound(cell: readonly FutureNode[], {name, lost, now, by}: Rebinding): boolean {
    const old = this.#names.get(name);
    // It holds again what the cell took.
    const back = old?.taken.every(future => now.some(other => isSame(future, other))) === true;
    if (back) this.#names.delete(name);
    const taken = takenOf(cell, lost);
    if (taken.length > 0) this.#names.set(name, {taken, by});
    return back || taken.length > 0;
  }

  /** A value came out otherwise. True if that changes what is said of the cell. */
  revalued(cell: readonly FutureNode[], {node, before, now, readers}: Revalued): boolean {
    const taken = this.#values.get(node);
    // It is again what the cell took.
    if (taken === now) return this.#values.delete(node);
    if (taken !== undefined || !cell.flatMap(partsOf).some(part => readers.has(part))) return false;
    this.#values.set(node, before);
    return true;
  }

  /** In a person's words; undefined where the cell is not stale. */
  get words(): string | undefined {
    const [first, ...more] = this.#values.keys();
    const others = more.length === 0 ? 'has another value' : `and ${more.length} more have other values`;
    const words = [
      ...[...this.#names].map(([name, {by}]) => `\`${name}\` was bound again by ${by}`),
      ...(first === undefined ? [] : [`\`${first.label}\` ${others} now`]),
    ];
    return words.length === 0 ? undefined : words.join(', ');
  }
}

const isSame = (a: FutureNode, b: FutureNode): boolean =>
  a === b ||
  (a.is === 'set' && b.is === 'set' && sameTasks(a, b)) ||
  (a.is === 'task' && b.is === 'task' && a.fingerprint !== undefined && a.fingerprint === b.fingerprint);
