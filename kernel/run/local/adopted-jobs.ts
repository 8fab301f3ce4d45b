import {access} from 'node:fs/promises';
import type {Holder} from '../../graph/holder.js';
import type {AttemptId} from '../../graph/task.js';
import {isAlive} from '../../machine/process-life.js';
import type {Exit, ExecutorEvents} from '../executor.js';
import {endLeft} from './end-left.js';
import {readExit, readStart} from './exit-file.js';
import {claimLog, markCancelled} from './recall.js';
import {readStop} from './stop-file.js';

interface Adopted {
  readonly attempt: AttemptId;
  holder: Holder;
  cancelled: boolean;
  /** Whether it was seen to run. */
  seen: boolean;
  /** How many more looks a job is given that was begun and has not said so. */
  patience: number;
  /** Milliseconds from one look to the next. */
  pause: number;
  /** When a job whose runner can't be looked at has ended for sure, or may be left to itself: by the monotonic clock. */
  until: number;
  timer?: NodeJS.Timeout;
}

const firstPause = 200;
const longestPause = 2000;

/** Milliseconds that a runner is given to end a job whose time is over, or that was cancelled, and to say so. */
const grace = 60_000;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function askToLook({directory, ...stamp}: Holder): Promise<void> {
  // A station's runner looks by itself, and the signal would end some runtimes' clients.
  if ((await readStop(directory))?.shared === true || isAlive(stamp) !== 'alive') return;
  try {
    process.kill(stamp.pid, 'SIGUSR2');
  } catch {
    // It left in this moment, or belongs to somebody else: the mark stays, and the next look tells.
  }
}

/**
 * Jobs that other kernels' runners hold. Their files are looked at every 200 ms, and less often as time goes on: file
 * notification does not work on the file systems of clusters.
 */
export class AdoptedJobs {
  readonly #events: ExecutorEvents;
  readonly #jobs = new Map<AttemptId, Adopted>();
  /** Whose start has been told. */
  readonly #told = new WeakSet<Adopted>();

  constructor(events: ExecutorEvents) {
    this.#events = events;
  }

  /** Watches a job until it ends. `time`: its limit in seconds. */
  watch(attempt: AttemptId, holder: Holder, time = Infinity): void {
    const until = performance.now() + time * 1000 + grace;
    const job: Adopted = {attempt, holder, cancelled: false, seen: false, patience: 5, pause: firstPause, until};
    this.#jobs.set(attempt, job);
    void this.#look(job);
  }

  holderOf(attempt: AttemptId): Holder | undefined {
    return this.#jobs.get(attempt)?.holder;
  }

  /** Recalls it, or asks its runner to end it. A runner on another machine sees the mark only before it starts the job. */
  cancel(attempt: AttemptId): void {
    const job = this.#jobs.get(attempt);
    if (job === undefined || job.cancelled) return;
    job.cancelled = true;
    job.until = Math.min(job.until, performance.now() + grace);
    markCancelled(job.holder.directory);
    if (isAlive(job.holder) === 'alive') void askToLook(job.holder);
    job.pause = firstPause;
    clearTimeout(job.timer);
    void this.#look(job);
  }

  /** Watches no more. */
  close(): void {
    for (const job of this.#jobs.values()) clearTimeout(job.timer);
    this.#jobs.clear();
  }

  async #look(job: Adopted): Promise<void> {
    const exit = await this.#exitOf(job);
    if (this.#jobs.get(job.attempt) !== job) return;
    if (exit !== undefined) {
      this.#jobs.delete(job.attempt);
      this.#events.ended(job.attempt, exit);
      return;
    }
    job.seen ||= this.#told.has(job);
    clearTimeout(job.timer);
    job.timer = setTimeout(() => void this.#look(job), job.pause);
    job.pause = Math.min(longestPause, job.pause * 1.2);
  }

  async #exitOf(job: Adopted): Promise<Exit | undefined> {
    const {directory} = job.holder;
    const liveness = isAlive(job.holder);
    await this.#tellStart(job);
    // After the runner was looked at: one that wrote the exit and left in between is not lost.
    const exit = await readExit(directory);
    if (exit !== undefined) return exit;
    if (await exists(`${directory}/.weft.cancelled`)) {
      const recalled: Exit = {is: 'lost', message: 'It was recalled before it started.', again: true};
      if (claimLog(directory)) return job.cancelled ? {is: 'cancelled'} : recalled;
    }
    if (!(await exists(directory))) return {is: 'lost', message: `Its directory is gone: ${directory}`};
    if (liveness === 'alive') return undefined;
    if (liveness === 'unknown') {
      // On another host, or in another container: its files are all that there is of it.
      if (performance.now() < job.until) return undefined;
      if (job.cancelled) return {is: 'cancelled'};
      return {is: 'lost', message: `Its time is over, and its runner on ${job.holder.host} says nothing.`, again: true};
    }
    const start = await readStart(directory);
    if (start === undefined) {
      // Nobody will start it, or somebody is about to say that it has started.
      const claimed = claimLog(directory);
      if (!claimed && job.patience-- > 0) return undefined;
      if (!claimed) await endLeft(job.attempt, directory, undefined, job.holder);
    } else if (isAlive({...job.holder, ...start.runner}) === 'alive') {
      // Of two runners that were given it, the other one was first.
      job.holder = {...job.holder, ...start.runner};
      return undefined;
    } else {
      // Its last word may have come since.
      const last = await readExit(directory);
      if (last !== undefined) return last;
      await endLeft(job.attempt, directory, start, job.holder);
      const late = await readExit(directory);
      if (late !== undefined && start.process === undefined) return late;
    }
    if (job.cancelled) return {is: 'cancelled'};
    const message = `Its runner (process ${job.holder.pid} on ${job.holder.host}) has gone.`;
    // What was lost before we came to watch is no news of this run.
    return {is: 'lost', message, ...(job.seen ? {} : {again: true})};
  }

  async #tellStart(job: Adopted): Promise<void> {
    if (this.#told.has(job)) return;
    const start = await readStart(job.holder.directory);
    // Two looks may be under way at once.
    if (start === undefined || this.#told.has(job) || this.#jobs.get(job.attempt) !== job) return;
    this.#told.add(job);
    this.#events.started(job.attempt, start.at);
  }
}
