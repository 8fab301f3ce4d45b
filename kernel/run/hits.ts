import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {PLANNING, Slice} from '../fingerprint/slice.js';
import type {Manifest} from '../graph/manifest.js';
import {recordedHere} from './checkpoints.js';
import type {Entry} from './entry.js';
import {areNeedsThere} from './inputs.js';
import type {Scheduler} from './scheduler.js';

/** Milliseconds for which what is missing waits for the look at all others of its cell, so that a plan can be told before anything starts. */
const HELD = 50;

/**
 * Looks for cached results, one task after the other. A hit needs nothing of what it was made from; what is missing is
 * looked for again when it is needed.
 */
export class Hits {
  readonly #scheduler: Scheduler;
  readonly #queue: Entry[] = [];
  /** What is to be made, and is told so when all have been looked at. */
  readonly #missing: Entry[] = [];
  readonly #waiters: (() => void)[] = [];
  #checking = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Looks at a task soon: after the turn that submits, so that a cell's whole graph is there before its first task moves. */
  queue(entry: Entry): void {
    entry.checked = false;
    this.#queue.push(entry);
    if (this.#checking) return;
    this.#checking = true;
    setImmediate(() => void this.#checkAll());
  }

  /** Resolves when all that was asked for has been looked at; what is missing has not started then, unless the look took long. */
  looked(): Promise<void> {
    return this.#checking ? new Promise(resolve => this.#waiters.push(resolve)) : Promise.resolve();
  }

  /** True if a result is there, checked, and read the editions that are current, or if this was overtaken by a cancel. */
  async take(entry: Entry): Promise<boolean> {
    const {checkpoints, now} = this.#scheduler.ports;
    const {round} = entry;
    const left = (): boolean => entry.round !== round || entry.state.is !== 'waiting';
    const manifest = recordedHere(checkpoints, entry.task) ?? (await checkpoints.find(entry.task));
    if (left()) return true;
    if (manifest === undefined) return false;
    const outdated = outdatedBy(this.#scheduler, manifest);
    if (outdated !== undefined) {
      entry.missed = outdated;
      // Its own result is still whole, and must give way to the new one.
      entry.force = true;
      return false;
    }
    const good = await checkpoints.check(manifest);
    if (left()) return true;
    if (!good.ok) {
      entry.missed = good.error.message;
      return false;
    }
    const lost = await entry.task.work.recheck?.(good.value);
    if (left()) return true;
    if (lost !== undefined) {
      entry.missed = lost;
      entry.force = true;
      return false;
    }
    // Somebody has forced it meanwhile.
    if (entry.force) return false;
    entry.checkedAt = now();
    this.#scheduler.set(entry, {is: 'done', at: now(), how: 'cached', manifest: good.value});
    return true;
  }

  async #checkAll(): Promise<void> {
    await this.#scheduler.ports.checkpoints.known();
    const slice = new Slice(PLANNING);
    let began = performance.now();
    for (let at = 0; at < this.#queue.length; at++) {
      const entry = this.#queue[at];
      if (slice.over) await slice.rest();
      if (entry === undefined || entry.checked || entry.state.is !== 'waiting') continue;
      try {
        await this.#check(entry);
      } catch (error) {
        this.#scheduler.broke(entry, error);
      }
      if (performance.now() - began < HELD) continue;
      await this.#start(slice);
      began = performance.now();
    }
    this.#queue.length = 0;
    this.#checking = false;
    if (this.#waiters.length > 0) {
      for (const tell of this.#waiters.splice(0)) tell();
      await new Promise(resolve => setImmediate(resolve));
    }
    await this.#start(slice);
  }

  async #start(slice: Slice): Promise<void> {
    for (const entry of this.#missing.splice(0)) {
      if (slice.over) await slice.rest();
      if (entry.state.is === 'waiting') this.#scheduler.advance(entry);
    }
  }

  async #check(entry: Entry): Promise<void> {
    const {round} = entry;
    const left = (): boolean => entry.round !== round || entry.state.is !== 'waiting';
    // A need that is made again may come out with other bytes: whether this one is a hit is decided after it.
    entry.undecided = entry.task.needs.some(need => {
      const other = this.#scheduler.entry(need);
      return other?.open === true && (other.force || other.undecided);
    });
    if (!entry.force && !entry.undecided && (await this.take(entry))) return;
    if (left()) return;
    entry.checked = true;
    entry.elsewhere = !entry.force && this.#scheduler.ports.checkpoints.isElsewhere(entry.task);
    // A need that was done earlier may have lost its files since.
    await areNeedsThere(this.#scheduler, entry);
    if (!left()) this.#missing.push(entry);
  }
}

/** Why a result is no hit though it is whole: something that it read has changed its bytes since. */
export function outdatedBy(scheduler: Scheduler, {read}: Manifest): string | undefined {
  for (const [need, edition] of Object.entries(read) as [Fingerprint, number][]) {
    const current = scheduler.editionOf(need);
    if (current !== undefined && current !== edition) {
      return `a result that it read was made again with other bytes (edition ${edition} → ${current})`;
    }
  }
  return undefined;
}
