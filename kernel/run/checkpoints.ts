import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Failure} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';
import type {Result} from '../graph/result.js';
import type {AttemptId} from '../graph/task.js';
import type {Outcome, Task} from '../graph/work.js';
import type {Holder} from '../graph/holder.js';

/** A claim to a task, as its owner wrote it. */
export interface Claim {
  readonly attempt: AttemptId;
  /** The attempt's directory. */
  readonly directory: string;
  readonly number: number;
  /** When it was made, milliseconds since the epoch by its owner's clock. */
  readonly at: number;
  /** Of the claim to a lane: the task that runs in it, and its limit in seconds, if it has one. */
  readonly task?: Fingerprint;
  readonly time?: number;
}

/** What asking for a claim gives. */
export type Claimed =
  | {readonly is: 'mine'; readonly claim: Claim}
  /** Its kernel lives, here or elsewhere: it will publish, or record a failure. */
  | {readonly is: 'held'; readonly claim: Claim}
  /**
   * Its kernel is dead, or is on another host and has been silent for long. `holder`: the runner that had the attempt, where it was handed to one. `claim`: what there is to be
   * read of it; its attempt and directory are empty if that is nothing.
   */
  | {readonly is: 'orphan'; readonly claim: Claim; readonly holder?: Holder};

/** What is to be published. */
export interface Publication {
  readonly task: Task;
  readonly attempt: AttemptId;
  readonly directory: string;
  readonly outputs?: readonly string[];
  readonly value?: JsonValue;
  /** The end of its log. */
  readonly log: string;
  /** It was run though a result may be there: that gives way, and bytes that differ raise the edition. */
  readonly force: boolean;
  readonly read: Readonly<Record<Fingerprint, number>>;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Why a result is no hit. */
export interface Refused {
  /** In a person's words. */
  readonly message: string;
  /** The disk does not say: it may be there in a moment. */
  readonly unreadable?: true;
}

/** Claims to lanes, among all kernels: who has one runs its task there, and nobody else does. All is asked of tasks that have a lane. */
export interface Lanes {
  claim(task: Task, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>>;
  /** Makes the next number of a claim whose owner has nothing any more that runs there. */
  takeOver(task: Task, old: Claim, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>>;
  /** Whether our claim still counts. */
  owns(task: Task, claim: Claim): boolean;
  /** As {@link Checkpoints.recall}. */
  recall(task: Task, old: Claim): Promise<Holder | undefined>;
  /** Gives our claim up, at once. */
  release(task: Task, claim: Claim): void;
}

/** The store, as the scheduler sees it: a port. Nothing in it throws for what the disk or another kernel did. */
export interface Checkpoints {
  readonly lanes: Lanes;
  /** Resolves when what was recorded before this kernel began can be looked up. */
  known(): Promise<void>;
  /** The newest manifest of a fingerprint that the journals know, unchecked. */
  lookup(fingerprint: Fingerprint): Manifest | undefined;
  /**
   * Milliseconds that a task took whose result is there and whole, and that read nothing, by a look that waits for nothing. Undefined says
   * no more than that it has to be looked closer.
   */
  tookOf(fingerprint: Fingerprint): number | undefined;
  /** Looks at the outputs on disk. What is left of one that is no hit has been set aside, unless it can't be read. */
  check(manifest: Manifest): Promise<Result<Manifest, Refused>>;
  /** A result that lies under its final name, though no journal that we read tells of it. */
  find(task: Task): Promise<Manifest | undefined>;
  /** Reads what other kernels have appended up to now. */
  refresh(): Promise<void>;
  /** The recorded failure of a task that did not succeed since, if that is not older than `since`, milliseconds since the epoch. */
  failureOf(fingerprint: Fingerprint, since: number): Failure | undefined;
  /** What a dead owner of this attempt had verified and was about to publish. */
  verified(task: Task, directory: string): Promise<Outcome | undefined>;
  /** Whether another kernel, which lives as far as is known, has a claim to a task. A look, not a promise: it may be a moment old. */
  isElsewhere(task: Task): boolean;
  claim(task: Task, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>>;
  /** Makes the next number of an orphaned claim, or of our own, for the same attempt or a new one. */
  takeOver(task: Task, old: Claim, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>>;
  /** Whether a claim of ours still counts. One that another kernel took over, because we were silent for long, does not. */
  owns(task: Task, claim: Claim): boolean;
  /**
   * Sees to it that an attempt that we have taken over never starts, and takes it away. Who holds it, if it has started; then
   * it is left alone.
   */
  recall(task: Task, old: Claim): Promise<Holder | undefined>;
  /** Gives our claim up, as soon as others can read what was recorded of the task. Does not wait for that. */
  release(task: Task, claim: Claim): Promise<void>;
  /** Notes which runner has the attempt, in its directory. */
  assigned(directory: string, holder: Holder): void;
  /** Verified, given a manifest, renamed, journalled. */
  publish(publication: Publication): Promise<Result<Manifest, Failure>>;
  recordFailure(task: Task, failure: Failure, startedAt: number | undefined, endedAt: number): void;
  /** Notes for the history that our attempt was ended; an earlier failure is not remembered. */
  recordCancelled(task: Task): void;
  /** Removes an attempt's directory. */
  discard(directory: string): Promise<void>;
}

/**
 * The recorded result of a task, if it lies where the task's result belongs. Of a tree that was moved or copied, the journal names the place
 * where it was, which may be there still.
 */
export function recordedHere(
  checkpoints: Pick<Checkpoints, 'lookup'>,
  {fingerprint, work}: Task,
): Manifest | undefined {
  const manifest = checkpoints.lookup(fingerprint);
  return work.directory === undefined || manifest?.directory === work.directory ? manifest : undefined;
}
