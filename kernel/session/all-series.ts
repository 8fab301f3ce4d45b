import {randomBytes} from 'node:crypto';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {shortOf} from '../graph/recipe.js';
import type {Scheduler} from '../run/scheduler.js';
import type {TaskNode} from './node.js';
import {Series, type SeriesMember, type SeriesParts, type SeriesPorts} from './series.js';

/** The long loops of a notebook, and which of their members were found done. */
export class AllSeries {
  readonly #scheduler: Scheduler;
  readonly #all: Series[] = [];
  /** Members that are done and have no node, of those that were looked through. */
  readonly #byTask = new Map<Fingerprint, SeriesMember>();
  /** Those that were found since: most notebooks never ask which they are. */
  #found: SeriesMember[] = [];
  /** The same by the first digits, as the path of a result has them; made when a path is asked for. */
  #short: Map<string, SeriesMember> | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** How many tasks are done of which the scheduler knows nothing. */
  get unmade(): number {
    // The tasks of one series are distinct.
    const [first] = this.#found;
    if (this.#byTask.size === 0 && this.#found.every(({series}) => series === first?.series)) return this.#found.length;
    return this.#done.size;
  }

  /** Members that are done and have no node, by their tasks. */
  get #done(): Map<Fingerprint, SeriesMember> {
    for (const member of this.#found) {
      const {fingerprint} = member;
      if (fingerprint === undefined) continue;
      member.older = this.#byTask.get(fingerprint);
      this.#byTask.set(fingerprint, member);
    }
    if (this.#found.length > 0) {
      this.#found = [];
      this.#short = undefined;
    }
    return this.#byTask;
  }

  has(fingerprint: Fingerprint): boolean {
    return this.#done.has(fingerprint);
  }

  make(parts: SeriesParts, plan: SeriesPorts['plan']): Series {
    const scheduler = this.#scheduler;
    const series = new Series(parts, this.#range(parts.rows.length), {
      tookOf: fingerprint => scheduler.tookOf(fingerprint),
      manifest: fingerprint => scheduler.recorded(fingerprint),
      done: member => this.#found.push(member),
      plan,
      now: () => scheduler.ports.now(),
      known: () => scheduler.ports.checkpoints.known(),
    });
    this.#all.push(series);
    return series;
  }

  /** The node of a member, by its id. */
  get(id: string): TaskNode | undefined {
    const number = parseInt(id, 16);
    const series = this.#all.find(({first, members}) => number >= first && number < first + members.length);
    return series?.members[number - series.first]?.node;
  }

  /** The node of a member, by the directory of its result. */
  at(directory: string): TaskNode | undefined {
    const found = this.endingIn(directory);
    return found?.directory === directory ? found.node : undefined;
  }

  /** The node of a member whose result's directory a text ends with, and that directory. */
  endingIn(text: string): {readonly directory: string; readonly node: TaskNode} | undefined {
    const done = this.#done;
    if (done.size === 0) return undefined;
    this.#short ??= new Map([...done].map(([fingerprint, member]) => [shortOf(fingerprint), member]));
    const node = this.#short.get(text.slice(-12))?.node;
    const directory = node?.entry?.task.work.directory;
    return node !== undefined && directory !== undefined && text.endsWith(directory) ? {directory, node} : undefined;
  }

  /** A task is submitted: the members that were found done and are the same get nodes of it by `make`. */
  take(fingerprint: Fingerprint): {readonly lookedAt: number; make(): void} | undefined {
    const member = this.#done.get(fingerprint);
    if (member === undefined) return undefined;
    this.#byTask.delete(fingerprint);
    return {
      lookedAt: member.series.lookedAt,
      make: () => {
        for (let each: SeriesMember | undefined = member; each !== undefined; each = each.older) each.make();
      },
    };
  }

  /** So many numbers of 12 hex digits that follow each other, of which no other series has one. */
  #range(length: number): number {
    for (;;) {
      const first = randomBytes(6).readUIntBE(0, 6);
      const free = this.#all.every(
        other => first + length <= other.first || first >= other.first + other.members.length,
      );
      if (free && first + length < 2 ** 48) return first;
    }
  }
}
