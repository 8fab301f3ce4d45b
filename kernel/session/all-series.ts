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
  /** Members that are done and have no node. */
  readonly #done = new Map<Fingerprint, SeriesMember>();
  /** The same by the first digits, as the path of a result has them; made when a path is asked for. */
  #short: Map<string, SeriesMember> | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** How many tasks are done of which the scheduler knows nothing. */
  get unmade(): number {
    return this.#done.size;
  }

  has(fingerprint: Fingerprint): boolean {
    return this.#done.has(fingerprint);
  }

  make(parts: SeriesParts, plan: SeriesPorts['plan']): Series {
    const scheduler = this.#scheduler;
    const series = new Series(parts, this.#range(parts.rows.length), {
      tookOf: fingerprint => scheduler.tookOf(fingerprint),
      manifest: fingerprint => scheduler.recorded(fingerprint),
      done: (member, fingerprint) => this.#found(member, fingerprint),
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
    if (this.#done.size === 0) return undefined;
    this.#short ??= new Map([...this.#done].map(([fingerprint, member]) => [shortOf(fingerprint), member]));
    const node = this.#short.get(directory.slice(-12))?.node;
    return node?.entry?.task.work.directory === directory ? node : undefined;
  }

  /** A task is submitted: the members that were found done and are the same get nodes of it by `make`. */
  take(fingerprint: Fingerprint): {readonly lookedAt: number; make(): void} | undefined {
    const member = this.#done.get(fingerprint);
    if (member === undefined) return undefined;
    this.#done.delete(fingerprint);
    return {
      lookedAt: member.series.lookedAt,
      make: () => {
        for (let each: SeriesMember | undefined = member; each !== undefined; each = each.older) each.make();
      },
    };
  }

  #found(member: SeriesMember, fingerprint: Fingerprint): void {
    member.older = this.#done.get(fingerprint);
    this.#done.set(fingerprint, member);
    this.#short = undefined;
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
