import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Failure} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';

/** The version of a journal's lines, in the header of each run. Raised when old readers would misread new lines. */
export const JOURNAL_VERSION = 1;

/**
 * When a line was written: milliseconds since the epoch with three decimals, larger than those of all lines of its task that
 * the writer knew. So the latest line of a task is the same, in whatever order journals are put together.
 */
export type Stamp = number;

/** The first line of a run's journal. */
export interface RunRecord {
  readonly is: 'run';
  readonly version: typeof JOURNAL_VERSION;
  /** uuid v7: also the journal's name. */
  readonly run: string;
  readonly at: Stamp;
  readonly host: string;
  readonly pid: number;
  /** As in `ProcessStamp`: tells whether the run is over. */
  readonly startTime: string;
  readonly bootId: string;
  readonly space?: string;
  /** The notebook's path, if it has one. */
  readonly notebook?: string;
}

/** A task succeeded. A directory inside the store is written relative to it (`./work/…`), so that a store can be moved. */
export interface ResultRecord {
  readonly is: 'result';
  readonly fingerprint: Fingerprint;
  readonly at: Stamp;
  readonly manifest: Manifest;
  /** The first digits of the fingerprint once more, where the line ends; older lines have none. */
  readonly end?: string;
}

/** The stamps of a result were found different and the content the same: the new mtimes in the order of the outputs. */
export interface RenewedRecord {
  readonly is: 'renewed';
  readonly fingerprint: Fingerprint;
  readonly at: Stamp;
  /** Which result: a later one has stamps of its own. */
  readonly edition: number;
  readonly endedAt: string;
  readonly mtimesNs: readonly string[];
}

/** A task failed. Times are milliseconds since the epoch. */
export interface FailedRecord {
  readonly is: 'failed';
  readonly fingerprint: Fingerprint;
  readonly at: Stamp;
  readonly label: string;
  readonly failure: Failure;
  /** The run that it failed in. */
  readonly run: string;
  readonly startedAt?: number;
  readonly endedAt: number;
}

/** A task was cancelled. */
export interface CancelledRecord {
  readonly is: 'cancelled';
  readonly fingerprint: Fingerprint;
  readonly at: Stamp;
  readonly label: string;
}

/** A result was taken away, by `%forget` or a clean-up: it is no hit any more. */
export interface RemovedRecord {
  readonly is: 'removed';
  readonly fingerprint: Fingerprint;
  readonly at: Stamp;
}

/** A line about a task. */
export type TaskRecord = ResultRecord | RenewedRecord | FailedRecord | CancelledRecord | RemovedRecord;
