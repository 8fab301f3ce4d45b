import {canonicalJson} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {FutureNode, TaskNode} from './node.js';
import {madeOf} from './series.js';

/** A value that came out otherwise than before: it was forced, or is made again each time. */
export interface Revalued {
  readonly node: TaskNode;
  /** The values as canonical JSON. */
  readonly before: string;
  readonly now: string;
  /** What was made of the old one, and is not made again by itself. */
  readonly readers: ReadonlySet<FutureNode>;
}

/** What the value futures of a notebook gave the last time: who reads one has its content in a recipe, and keeps it. */
export class TakenValues {
  readonly #last = new WeakMap<TaskNode, JsonValue>();

  /**
   * Looks at a future whose state has changed.
   * @param all the futures of the notebook, among them the sets that it is in
   */
  see(node: TaskNode, all: () => Iterable<FutureNode>): Revalued | undefined {
    const {state} = node;
    if (node.kind !== 'value' || state.is !== 'done') return undefined;
    const {value = null} = state.manifest;
    const last = this.#last.get(node);
    this.#last.set(node, value);
    if (last === undefined || last === value) return undefined;
    const [before, now] = [canonicalJson(last), canonicalJson(value)];
    if (before === now) return undefined;
    const readers = new Set<FutureNode>();
    const add = (from: FutureNode): void => {
      for (const reader of from.dependents) if (hasTaken(reader)) readers.add(reader);
    };
    add(node);
    for (const set of all()) if (set.is === 'set' && isMember(node, set)) add(set);
    return {node, before, now, readers};
  }
}

const isMember = (node: TaskNode, set: Extract<FutureNode, {is: 'set'}>): boolean =>
  node.set === undefined ? set.members?.some(member => madeOf(member) === node) === true : node.set === set;

/** One that still waits for the value takes the new one. */
const hasTaken = (reader: FutureNode): boolean =>
  reader.is === 'set' ? reader.members !== undefined : reader.fingerprint !== undefined || reader.state.is === 'done';
