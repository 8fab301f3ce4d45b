import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {Slice} from '../fingerprint/slice.js';
import type {Blocked} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';
import {labelOf} from '../graph/work.js';
import {recordedHere} from './checkpoints.js';
import type {Entry} from './entry.js';
import {areNeedsThere} from './inputs.js';
import {aheadInLane, takePlace, waitForLane} from './lane.js';
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
    takePlace(this.#scheduler, entry);
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

  /**
   * Says of a task that can't run, as something that it needs has not been made, whether it is a hit all the same.
   * @param decided true: it is none
   */
  async decide(entry: Entry, blocked: Blocked, decided: boolean): Promise<void> {
    const {round} = entry;
    if (!decided) {
      entry.undecided = false;
      if (!entry.force && (await this.take(entry))) return;
    }
    if (entry.round === round && entry.state.is === 'waiting')
      this.#scheduler.set(entry, {is: 'blocked', at: this.#scheduler.ports.now(), blocked});
  }

  async #checkAll(): Promise<void> {
    await this.#scheduler.ports.checkpoints.known();
    const slice = Slice.ofPlanning();
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

  /** Whether there is a result that says nothing yet, as others in its lane come first. */
  async #isBehind(entry: Entry): Promise<boolean> {
    if (entry.force || aheadInLane(this.#scheduler, entry) === undefined) return false;
    const {checkpoints} = this.#scheduler.ports;
    return (recordedHere(checkpoints, entry.task) ?? (await checkpoints.find(entry.task))) !== undefined;
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
    if (entry.lane !== undefined && (await this.#isBehind(entry))) {
      entry.undecided = true;
      if (this.#scheduler.ports.planOnly === true) {
        entry.checked = true;
        this.#missing.push(entry);
      } else if (!left())
        void waitForLane(this.#scheduler, entry).then(inTurn => (inTurn ? this.queue(entry) : undefined));
      return;
    }
    if (left()) return;
    entry.undecided = entry.task.needs.some(need => decides(this.#scheduler.entry(need)));
    if (!entry.force && !entry.undecided && (await this.take(entry))) return;
    if (left()) return;
    entry.checked = true;
    entry.elsewhere = !entry.force && this.#scheduler.ports.checkpoints.isElsewhere(entry.task);
    // A need that was done earlier may have lost its files since.
    await areNeedsThere(this.#scheduler, entry);
    if (!left()) this.#missing.push(entry);
  }
}

/**
 * Whether a need decides if its reader is a hit. One that is made again may come out with other bytes; one that had to give way, as what it
 * had read was made again with other bytes, and failed then, has none that count.
 */
export function decides(need: Entry | undefined): boolean {
  if (need === undefined || need.state.is === 'done') return false;
  return need.undecided || (need.force && (need.open || !need.forced));
}

/** What a task says that needs one which has not been made. */
export function blockedBy({task, fingerprint, state: {is}}: Entry): Blocked {
  const why = is === 'blocked' ? 'is blocked' : is === 'failed' ? 'failed' : 'was cancelled';
  return {because: `${labelOf(task)} ${why}`, fingerprint};
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
