import type {Failure} from '../graph/failure.js';
import type {TaskState} from '../graph/task.js';
import type {Entry} from './entry.js';
import type {Exit} from './executor.js';
import {finish} from './finish.js';
import {disturbedNeed, type Disturbed} from './inputs.js';
import {giveLane} from './lane-claim.js';
import {Resting} from './resting.js';
import type {Scheduler} from './scheduler.js';

/** Failures that another try can't help. */
const LASTING: ReadonlySet<Failure['reason']> = new Set(['start', 'input', 'publish', 'bug']);

/** Failures of the command itself, which what it read may be the reason of. */
const OWN: ReadonlySet<Failure['reason']> = new Set(['exit', 'log', 'output', 'value', 'signal']);

/** What endings ask of the attempts. */
export interface EndingPorts {
  /** The task is with nobody any more: its lane is free. */
  free(entry: Entry): void;
  /** It waits for a slot again. */
  queue(entry: Entry): void;
}

/** What comes of attempts that have ended, and of tasks that end without one. */
export class Endings {
  readonly resting: Resting;
  readonly #scheduler: Scheduler;
  readonly #ports: EndingPorts;

  constructor(scheduler: Scheduler, ports: EndingPorts) {
    this.#scheduler = scheduler;
    this.#ports = ports;
    this.resting = new Resting(scheduler);
  }

  /** An attempt has ended: publishes it, or says why not. */
  async finish(entry: Entry, exit: Exit): Promise<void> {
    const {checkpoints, now} = this.#scheduler.ports;
    const attached = entry.state.is === 'running' && entry.state.attached;
    if (!entry.cancelling && (exit.is === 'cancelled' || (exit.is === 'lost' && exit.again === true))) {
      // Somebody else recalled or ended what we took over, or it never ran.
      if (entry.directory !== undefined) await checkpoints.discard(entry.directory);
      entry.tries -= 1;
      this.again(entry);
      return;
    }
    if (exit.is === 'cancelled' || (entry.cancelling && exit.is !== 'exited')) {
      await this.cancelled(entry);
      return;
    }
    const result = await finish(this.#scheduler, entry, exit, attached);
    if (result.ok)
      await this.done(entry, {is: 'done', at: now(), how: attached ? 'attached' : 'ran', manifest: result.value});
    else if ('is' in result.error) await this.disturbed(entry, result.error);
    else {
      // A command may well fail over what is not there any more.
      const disturbed = OWN.has(result.error.reason) ? await this.#firstDisturbed(entry) : undefined;
      await (disturbed === undefined ? this.failed(entry, result.error) : this.disturbed(entry, disturbed));
    }
  }

  /** What it read was changed while it ran, for the first time. */
  async #firstDisturbed(entry: Entry): Promise<Disturbed | undefined> {
    return entry.disturbed || entry.cancelling ? undefined : await disturbedNeed(this.#scheduler, entry);
  }

  /** What it read was changed while it ran: it runs once more, and has failed where that happens again. */
  async disturbed(entry: Entry, {message, remedy}: Disturbed): Promise<void> {
    if (entry.disturbed) {
      await this.failed(entry, {reason: 'input', message, remedy});
      return;
    }
    entry.disturbed = true;
    entry.tries -= 1;
    if (entry.directory !== undefined) await this.#scheduler.ports.checkpoints.discard(entry.directory);
    await this.wait(entry);
  }

  /** Something that it needs is being made again, or was: it starts when that is there. */
  async wait(entry: Entry): Promise<void> {
    await this.release(entry);
    if (entry.cancelling) {
      await this.cancelled(entry);
      return;
    }
    this.#ports.free(entry);
    this.#scheduler.set(entry, {is: 'waiting', on: []});
    this.#scheduler.advance(entry);
  }

  /** A task is done. */
  async done(entry: Entry, state: TaskState): Promise<void> {
    await this.release(entry);
    entry.checkedAt = this.#scheduler.ports.now();
    this.end(entry, state);
  }

  /** A try has failed: the next one follows, or the task has. */
  async failed(entry: Entry, failure: Failure): Promise<void> {
    const {checkpoints, now} = this.#scheduler.ports;
    if (entry.cancelling) {
      await this.cancelled(entry);
      return;
    }
    if (entry.claim !== undefined && !checkpoints.owns(entry.task, entry.claim)) {
      // Another kernel took it over while this one stood still: what comes of it is for that one to say.
      this.again(entry);
      return;
    }
    // A log is there to be read. What only could not be published would fill a full disk for good.
    const kept = 'log' in failure ? entry.directory : undefined;
    if (kept === undefined && entry.directory !== undefined) await checkpoints.discard(entry.directory);
    entry.leftover = kept;
    if (!LASTING.has(failure.reason) && entry.tries <= entry.task.placement.retries) {
      this.#ports.free(entry);
      this.resting.rest(entry, failure, () => this.again(entry));
      return;
    }
    if (entry.claim !== undefined) checkpoints.recordFailure(entry.task, failure, entry.startedAt, now());
    await this.release(entry);
    this.#ports.free(entry);
    this.#scheduler.fail(entry, failure);
  }

  /** Somebody did not want it any more. */
  async cancelled(entry: Entry): Promise<void> {
    const {checkpoints, now} = this.#scheduler.ports;
    if (entry.directory !== undefined) await checkpoints.discard(entry.directory);
    if (entry.claim !== undefined) checkpoints.recordCancelled(entry.task);
    await this.release(entry);
    this.end(entry, {is: 'cancelled', at: now()});
  }

  /** Puts a task back into the queue. */
  again(entry: Entry): void {
    this.#ports.free(entry);
    if (entry.cancelling) {
      void this.cancelled(entry);
      return;
    }
    this.#scheduler.set(entry, {is: 'queued', at: this.#scheduler.ports.now()});
    this.#ports.queue(entry);
  }

  /** Ends a task that holds nothing any more. */
  end(entry: Entry, state: TaskState): void {
    this.#ports.free(entry);
    this.#scheduler.set(entry, state);
  }

  /** Gives its claims back, those that it has: nothing of it runs any more. */
  async release(entry: Entry): Promise<void> {
    giveLane(this.#scheduler, entry);
    const {claim} = entry;
    entry.claim = undefined;
    if (claim !== undefined) await this.#scheduler.ports.checkpoints.release(entry.task, claim);
  }
}
