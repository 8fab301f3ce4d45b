import {takenOf, type Rebinding} from './bindings.js';
import {sameTasks} from './element.js';
import type {FutureNode} from './node.js';

/** Why a cell's display is stale: names that held what it took, and hold something else by now. */
export class StaleMark {
  readonly #names = new Map<string, {readonly taken: readonly FutureNode[]; readonly by: string}>();

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

  /** In a person's words; undefined where the cell is not stale. */
  get words(): string | undefined {
    if (this.#names.size === 0) return undefined;
    return [...this.#names].map(([name, {by}]) => `\`${name}\` was bound again by ${by}`).join(', ');
  }
}

const isSame = (a: FutureNode, b: FutureNode): boolean =>
  a === b ||
  (a.is === 'set' && b.is === 'set' && sameTasks(a, b)) ||
  (a.is === 'task' && b.is === 'task' && a.fingerprint !== undefined && a.fingerprint === b.fingerprint);
