import type {Exit, Job} from '../executor.js';
import type {Runner} from './runner.js';

/** A job on its way through the executor. */
export interface Ticket {
  readonly job: Job;
  /** Its place in the order of submission. */
  readonly order: number;
  /** Who was given it: none, one, or a second one that was free while the first was not. */
  readonly runners: Set<Runner>;
  /** Whom the holder told last is. */
  holder?: Runner;
  /** Who runs it. */
  running?: Runner;
  /** Milliseconds since the epoch. */
  startedAt?: number;
  cancelled: boolean;
  exit?: Exit;
}
