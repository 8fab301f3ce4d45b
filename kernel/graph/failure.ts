import type {Fingerprint} from '../fingerprint/fingerprint.js';

/** What is known of a process that ended badly: the path of its log, and the log's last lines (at most 4 kB). */
export interface Ended {
  readonly log: string;
  readonly tail: string;
}

/** Why a task did not succeed. Rendered exhaustively in `show/`. */
export type Failure =
  /** The command said so. */
  | (Ended & {readonly reason: 'exit'; readonly code: number; readonly line?: string})
  /** A signal ended it, by name: `SIGKILL`. */
  | (Ended & {readonly reason: 'signal'; readonly signal: string})
  /** It took longer than its `--time`, in seconds. */
  | (Ended & {readonly reason: 'time'; readonly limit: number})
  /**
   * It was ended for memory. Bytes. `limit`: its `--mem`. `used`: what it took when Weft ended it for that; absent: the machine ended it, or
   * the container that keeps it within its limit.
   */
  | (Ended & {readonly reason: 'memory'; readonly limit?: number; readonly used?: number})
  /** Exit 0, yet what it must have made is not there. */
  | (Ended & {readonly reason: 'output'; readonly message: string; readonly paths: readonly string[]})
  /** Exit 0, yet its log has a line that means failure (Gen2's initialisation errors). */
  | (Ended & {readonly reason: 'log'; readonly line: string})
  /** Its value is no JSON. */
  | (Ended & {readonly reason: 'value'; readonly message: string})
  /** It could not be prepared or started; `remedy` says what to do. */
  | {readonly reason: 'start'; readonly message: string; readonly remedy?: string}
  /** What it reads was changed while it waited or ran: what came of it is of neither the one nor the other. */
  | {readonly reason: 'input'; readonly message: string; readonly remedy: string}
  /** It succeeded, but its result could not be published: a full disk, a read-only root. */
  | {readonly reason: 'publish'; readonly message: string; readonly remedy?: string}
  /** Its runner has gone without a word: an allocation or a cgroup ended it, or the machine died. */
  | {readonly reason: 'lost'; readonly message: string}
  /** The same, of one that had written to its log. */
  | (Ended & {readonly reason: 'lost'; readonly message: string})
  /** A fault of Weft itself. */
  | {readonly reason: 'bug'; readonly message: string};

/** Why a task will not run: a need of it failed, was cancelled, or is itself blocked. */
export interface Blocked {
  readonly because: string;
  readonly fingerprint?: Fingerprint;
  /** In a mere plan: it would `run`; or whether it would is known only when what it needs has run. */
  readonly planned?: 'run' | 'unknown';
}

/** Why nothing waits for a task that is only planned: part of each error that comes of it. */
export const PLAN_ONLY = 'it has not run, and this is only a plan';
