import {sameTasks} from './element.js';
import type {Futures} from './futures.js';
import {madeBelow, type FutureNode} from './node.js';
import {within} from './within.js';

/** Milliseconds for which it is waited until tasks are planned: what waits for values is another task until these are known. */
const PLANNED = 1000;

/** What is told of a name that has come to hold other tasks. */
export interface Rebinding {
  readonly name: string;
  /** What it held, in the parts that it holds no more. */
  readonly lost: readonly FutureNode[];
  /** What it holds now, in parts; empty where that is no future. */
  readonly now: readonly FutureNode[];
  /** `cell [9]`. */
  readonly by: string;
}

/** Which futures the names of a notebook hold, whether a cell's `--as` bound them or its code. */
export class Bindings {
  readonly #held = new Map<string, FutureNode>();
  readonly #rebound: (rebinding: Rebinding) => void;
  #telling: Promise<void> = Promise.resolve();

  /** @param rebound is told when a name that held a future comes to hold another one, or none */
  constructor(rebound: (rebinding: Rebinding) => void) {
    this.#rebound = rebound;
  }

  /** A name holds a future now; undefined: something else. */
  hold(name: string, node: FutureNode | undefined, by: string): void {
    if (name === '_') return;
    const before = this.#held.get(name);
    if (node === undefined) this.#held.delete(name);
    else this.#held.set(name, node);
    if (before === undefined || before === node) return;
    const tell = (): void =>
      this.#rebound({name, lost: lostOf(before, node), now: node === undefined ? [] : partsOf(node), by});
    this.#telling = this.#telling.then(async () => {
      if (node === undefined) {
        tell();
        return;
      }
      // Whether they are the same tasks is clear once these are planned.
      const planned = Promise.all([before, node].map(plannedBelow));
      const late = (await within(PLANNED, planned)) === undefined;
      tell();
      if (late)
        void planned.then(() => {
          if (this.#held.get(name) === node) tell();
        });
    });
  }

  /** What a name holds. */
  of(name: string): FutureNode | undefined {
    return this.#held.get(name);
  }

  /** What the code of a cell has bound, by the ids of futures; null: something that is none. */
  held(names: readonly (readonly [name: string, future: string | null])[], futures: Futures, by: string): void {
    for (const [name, id] of names) {
      const node = id === null ? undefined : futures.get(id);
      this.hold(name, node, by);
      // A name that a cell gave is the code's too.
      const given = name === '_' ? undefined : futures.namedSo(name);
      if (given !== undefined && given !== node) futures.bind(name, node);
    }
  }
}

/** Resolves when the tasks of a future are known, or that there will be none: those of a loop once its list is there. */
async function plannedBelow(node: FutureNode): Promise<void> {
  if (node.is === 'set') await node.known();
  await Promise.all(madeBelow(node).map(task => task.known()));
}

/** A future, and the tasks of a set. */
export const partsOf = (node: FutureNode): readonly FutureNode[] =>
  node.is === 'task' ? [node] : [node, ...madeBelow(node)];

const identityOf = (node: FutureNode): string => (node.is === 'task' ? (node.fingerprint ?? node.id) : node.id);

/** The parts of a future that another one does not have. */
export function lostOf(before: FutureNode, after: FutureNode | undefined): readonly FutureNode[] {
  if (after === undefined) return partsOf(before);
  if (sameTasks(before, after)) return [];
  const kept = new Set(partsOf(after).map(identityOf));
  return partsOf(before).filter(part => !kept.has(identityOf(part)));
}

/** What a cell has taken as its input of some futures, or of others that are the same tasks. */
export function takenOf(cell: readonly FutureNode[], futures: readonly FutureNode[]): readonly FutureNode[] {
  const wanted = new Set(futures.map(identityOf));
  const own = new Set<FutureNode>(cell.flatMap(partsOf));
  const taken = new Set<FutureNode>();
  for (const made of own) {
    if (made.is === 'set') continue;
    const {needs, after = []} = made.draft;
    for (const need of needs.filter(each => !after.includes(each)))
      for (const part of partsOf(need)) if (!own.has(part) && wanted.has(identityOf(part))) taken.add(part);
  }
  return [...taken];
}
