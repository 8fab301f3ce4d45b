import type {Failure} from '../graph/failure.js';
import type {Holder} from '../graph/holder.js';
import type {Result} from '../graph/result.js';
import type {AttemptId} from '../graph/task.js';
import type {Endings} from './endings.js';
import type {Entry} from './entry.js';
import {answerOf, isMine, takeLane, type HeldLane, type Mine} from './lane-claim.js';
import {soon} from './resting.js';
import type {Scheduler} from './scheduler.js';

/** Milliseconds between two looks at a lane that another kernel has: the first, and the longest. */
const POLL = {first: 200, longest: 2000};

/** What waits for lanes ask of the attempts. */
export interface LanePorts {
  /** It waits no more, and what is behind it in the lane may ask. */
  free(entry: Entry): void;
  /**
   * Starts another task of the lane in the place of one that waits, which goes back into the queue; false if that other one is not in the queue, or can't
   * start now.
   */
  swap(entry: Entry, other: Entry): boolean;
  /** Whether an attempt is one of this kernel's own tasks. */
  isOwn(attempt: AttemptId): boolean;
}

/** An attempt that a kernel which is gone has left running. */
interface Seen {
  readonly attempt: AttemptId;
  readonly end: Promise<void>;
  over: boolean;
}

/** Tasks whose lane another kernel has, or what such a kernel has left running. They hold nothing while they wait. */
export class LaneWaits {
  readonly #scheduler: Scheduler;
  readonly #endings: Endings;
  readonly #ports: LanePorts;
  /** Who waits for the end of which attempt. */
  readonly #seeing = new Map<AttemptId, (() => void)[]>();

  constructor(scheduler: Scheduler, endings: Endings, ports: LanePorts) {
    this.#scheduler = scheduler;
    this.#endings = endings;
    this.#ports = ports;
  }

  /** A task was about to start and did not get its lane. It takes no slot while it waits; in this kernel it keeps the lane, so that one asks for all. */
  async wait(entry: Entry, held: HeldLane): Promise<void> {
    // That was no try.
    entry.tries -= 1;
    await this.#endings.release(entry);
    if (entry.cancelling) {
      await this.#endings.cancelled(entry);
      return;
    }
    entry.phase = 'elsewhere';
    entry.lacksLane = true;
    this.#scheduler.set(entry, {is: 'queued', at: this.#scheduler.ports.now()});
    void this.#until(entry, held).catch((error: unknown) => {
      this.#ports.free(entry);
      this.#scheduler.broke(entry, error);
    });
  }

  /** An attempt has ended. */
  ended(attempt: AttemptId): void {
    for (const tell of this.#seeing.get(attempt) ?? []) tell();
    this.#seeing.delete(attempt);
  }

  async #until(entry: Entry, first: HeldLane): Promise<void> {
    const {round} = entry;
    const left = (): boolean => entry.round !== round || entry.final || this.#scheduler.closed;
    let held = first;
    let seen: Seen | undefined;
    for (let pause = POLL.first; ; pause = Math.min(pause * 1.5, POLL.longest)) {
      const {claim, holder} = held;
      if (holder === undefined) seen = undefined;
      else if (seen?.attempt !== claim.attempt) seen = this.#see(claim.attempt, holder, claim.time);
      await soon(pause, seen?.end ?? new Promise(() => undefined));
      if (left()) return;
      const other = claim.task === undefined ? undefined : this.#scheduler.entry(claim.task);
      // It has begun, so it goes first: only then is it shown, and can be cancelled.
      if (other !== undefined && this.#ports.swap(entry, other)) return;
      const asked = await this.#ask(entry, held, seen?.over === true);
      if (asked.ok && isMine(asked.value))
        this.#scheduler.ports.checkpoints.lanes.release(entry.task, asked.value.claim);
      if (left()) return;
      if (!asked.ok) {
        this.#endings.end(entry, {is: 'failed', at: this.#scheduler.ports.now(), failure: asked.error});
        return;
      }
      if (isMine(asked.value)) {
        this.#endings.again(entry);
        return;
      }
      held = asked.value;
    }
  }

  /** @param over whether what was left running has ended */
  async #ask(entry: Entry, {claim}: HeldLane, over: boolean): Promise<Result<HeldLane | Mine, Failure>> {
    const {checkpoints, newAttempt} = this.#scheduler.ports;
    const {attempt = newAttempt(), directory = ''} = entry;
    if (!over) return takeLane(this.#scheduler, entry, attempt, directory);
    return answerOf(await checkpoints.lanes.takeOver(entry.task, claim, attempt, directory));
  }

  #see(attempt: AttemptId, holder: Holder, time: number | undefined): Seen {
    const end = new Promise<void>(resolve => {
      const seeing = this.#seeing.get(attempt);
      this.#seeing.set(attempt, [...(seeing ?? []), resolve]);
      if (seeing === undefined && !this.#ports.isOwn(attempt))
        this.#scheduler.ports.executor.adopt(attempt, holder, time);
    });
    const seen: Seen = {attempt, end, over: false};
    void end.then(() => (seen.over = true));
    return seen;
  }
}
