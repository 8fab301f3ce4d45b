import {isFinal} from '../../kernel/graph/task.js';
import type {TaskNode} from '../../kernel/session/node.js';
import {nodesOf} from '../source.js';
import type {Plan} from './plan.js';
import {personsRerun} from './root-repository.js';

/** The persons' reruns that a task has to do with, by their directories. */
interface Used {
  readonly writes: string | undefined;
  readonly reads: readonly string[];
}

/** What a cell says of persons' reruns before all of it is known. */
export interface NamedReruns {
  readonly root: string;
  readonly rerun: string | undefined;
  readonly from: readonly string[];
}

/** What was submitted before a task and has not ended. */
export interface Ahead {
  /** Tasks that write what it reads: it takes what they make. */
  readonly writers: readonly TaskNode[];
  /** Tasks that read what it writes. */
  readonly readers: readonly TaskNode[];
}

/**
 * Who writes and who reads persons' reruns. Such a rerun changes with each task that runs in it, so that cells use it in the order of
 * submission, as they would in a shell: a reader waits for the writers before it, and a writer for the readers before it.
 */
export class PersonsOrder {
  readonly #used = new Map<TaskNode, Used>();
  readonly #ahead = new WeakMap<TaskNode, Ahead>();

  /** The order of a notebook, kept in the state that its magics share. */
  static of(state: Map<string, unknown>): PersonsOrder {
    const found = state.get('lsst/persons');
    if (found instanceof PersonsOrder) return found;
    const made = new PersonsOrder();
    state.set('lsst/persons', made);
    return made;
  }

  /** What a task that is about to be submitted has to wait for. */
  ahead(plan: Plan): Ahead {
    return this.#aheadOf(this.#usedBy(plan));
  }

  /** A task was submitted of which more is known later: it waits for what was before it now, and not for what comes then. */
  submitted(node: TaskNode, {root, rerun, from}: NamedReruns): void {
    const writes = rerun === undefined ? undefined : personsRerun(root, rerun);
    this.#add(node, {writes, reads: from.map(name => personsRerun(root, name))});
  }

  /** A task was planned. Gives what it has to wait for, where it was submitted at another time than now. */
  planned(node: TaskNode, plan: Plan): Ahead | undefined {
    const before = this.#ahead.get(node);
    if (before === undefined) this.#add(node, this.#usedBy(plan));
    return before;
  }

  #add(node: TaskNode, used: Used): void {
    if (used.writes === undefined && used.reads.length === 0) return;
    this.#ahead.set(node, this.#aheadOf(used));
    this.#used.set(node, used);
  }

  #aheadOf(used: Used): Ahead {
    const open = [...this.#used].filter(([node]) => !isFinal(node.state));
    return {
      writers: open.flatMap(([node, {writes}]) =>
        writes !== undefined && writes !== used.writes && used.reads.includes(writes) ? [node] : [],
      ),
      readers: open.flatMap(([node, {writes, reads}]) =>
        used.writes !== undefined && used.writes !== writes && reads.includes(used.writes) ? [node] : [],
      ),
    };
  }

  #usedBy({root, rerun, parents}: Plan): Used {
    const place = (name: string): string | undefined =>
      root === undefined ? undefined : personsRerun(root.path, name);
    const reads = parents.flatMap(parent =>
      parent.is === 'rerun'
        ? [place(parent.name)]
        : nodesOf(parent.source).map(node => (node.is === 'task' ? this.#used.get(node)?.writes : undefined)),
    );
    return {
      writes: rerun === undefined ? undefined : place(rerun),
      reads: reads.filter(each => each !== undefined),
    };
  }
}
