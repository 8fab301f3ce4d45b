import type {Brand, Fingerprint} from '../fingerprint/fingerprint.js';
import type {Blocked, Failure} from './failure.js';
import type {Manifest} from './manifest.js';

/** One try at running a task: a uuid v7, which sorts by time. */
export type AttemptId = Brand<string, 'AttemptId'>;

/** How a task came to be done. */
export type How = 'ran' | 'cached' | 'attached';

/**
 * The state of a task.
 *
 *     waiting ──► queued ──► running ──► done (ran | attached)
 *        │           │          ├──────► failed
 *        │           └──────────┴──────► cancelled
 *        ├──► done (cached)
 *        └──► blocked      a need failed
 *
 * Times are milliseconds since the epoch.
 */
export type TaskState =
  | {readonly is: 'waiting'; readonly on: readonly string[]}
  | {
      readonly is: 'queued';
      readonly at: number;
      /** After a failure: when it is tried again, which try that is, and of how many; and how it failed. */
      readonly until?: number;
      readonly next?: number;
      readonly tries?: number;
      readonly failure?: Failure;
    }
  | {
      readonly is: 'running';
      readonly at: number;
      readonly attempt: AttemptId;
      readonly attached: boolean;
      readonly log?: string;
      /** After a failure: which try this is, and of how many. */
      readonly nth?: number;
      readonly tries?: number;
    }
  | {readonly is: 'done'; readonly at: number; readonly how: How; readonly manifest: Manifest}
  | {readonly is: 'failed'; readonly at: number; readonly failure: Failure; readonly startedAt?: number}
  | {readonly is: 'blocked'; readonly at: number; readonly blocked: Blocked}
  | {readonly is: 'cancelled'; readonly at: number};

/** The states that a task leaves only by `%retry`, `%force` or its cell being run again. */
export const isFinal = (state: TaskState): boolean =>
  state.is === 'done' || state.is === 'failed' || state.is === 'blocked' || state.is === 'cancelled';

/** What a display needs to know of a task. */
export interface TaskView {
  /** Absent while what it reads decides it. */
  readonly fingerprint?: Fingerprint;
  /** `makeCoaddTempExp`: the row of the summary table. */
  readonly name: string;
  /** `filter=HSC-R patch=1,1`: which one of the name's tasks; empty for a single one. */
  readonly key: string;
  readonly state: TaskState;
  /** Its result is still being looked for. */
  readonly looking?: true;
  /** While it waits: another kernel is making it. */
  readonly elsewhere?: true;
  /** Why a cached result was refused, in a person's words; absent for a plain first run. */
  readonly missed?: string;
  /** The last lines of the running task's log. */
  readonly tail?: string;
}
