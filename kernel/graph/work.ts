import type {Digest, Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Mount} from './container.js';
import type {Failure} from './failure.js';
import type {Manifest} from './manifest.js';
import type {Placement} from './placement.js';
import type {Recipe} from './recipe.js';
import type {Result} from './result.js';
import type {AttemptId} from './task.js';

/** One try at a task, as the work sees it. All paths are absolute. */
export interface Attempt {
  readonly id: AttemptId;
  /** A fresh directory, made by the scheduler; it becomes the result's directory when the attempt is published. */
  readonly directory: string;
  /** All that its command has written to standard output, where no file has that. */
  readonly said?: string;
  /** Where the result of a need lies. Throws for a fingerprint that is no need of the task: a bug. */
  pathOf(fingerprint: Fingerprint): string;
  /** `weft::<fingerprint>` in a recipe's text becomes the final path. */
  fill(text: string): string;
}

/** What a successful attempt has made. */
export interface Outcome {
  /** The files of the result, relative and sorted; absent: all that lie in the directory, but Weft's own. */
  readonly outputs?: readonly string[];
  /** Of a value future. */
  readonly value?: JsonValue;
}

/**
 * How a kind of task is done: made by the magic beside the recipe, never hashed.
 * A work holds what the recipe must not: absolute places, and the bytes to write.
 */
export interface Work {
  /** The final directory of the result, known before the run; absent for a value without files. */
  readonly directory?: string;
  /** Where attempt directories are made; on the same file system as `directory`, and of the same depth. */
  readonly attempts: string;
  /** Of `.<stem>.<attempt>`, the attempt's directory: `processCcd-3f2a9c71b0de`. */
  readonly stem: string;
  /** Where claims to this task lie. */
  readonly claims: string;
  /** True: who reads its result reads those of its needs too, through it. So it has a new edition where one of these has. */
  readonly through?: true;
  /** Writes what the attempt needs, and gives the text of the bash file to run; undefined: `finish` does all the work itself. */
  prepare(attempt: Attempt): Promise<Result<string | undefined, Failure>>;
  /**
   * True: what `prepare` gives runs on the host, sets `LC_ALL`, and asks nothing of its process, so that it does the same in a fork of a bash
   * that has run something else before.
   */
  readonly plain?: boolean;
  /** The file of the attempt that gets the command's standard output, besides the log; on the host. Absent: none. */
  readonly stdout?: string;
  /**
   * What the command sees of the host in a container besides its attempt, which it may write: outer before inner. Called after `prepare`.
   * Absent: nothing. What is not there is an error that is said before anything starts.
   */
  mounts?(attempt: Attempt): readonly Mount[];
  /** After exit 0: looks at what was made. Removes what must not be published. */
  finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>>;
  /** Reads why a command failed from its log: the line that matters. */
  readonly explain?: (log: string) => string | undefined;
  /** Looks at what a result made besides its own files, before it is taken as a hit: why it is none, in a person's words. */
  recheck?(manifest: Manifest): Promise<string | undefined>;
}

/** Something that a recipe has by content, and that has a content of a kind of its own. */
export interface Content {
  readonly digest: Digest;
  /** Takes it again. The error is a sentence. */
  take(): Promise<Result<Digest, string>>;
}

/** A task that can be given to the scheduler. */
export interface Task {
  readonly fingerprint: Fingerprint;
  readonly recipe: Recipe;
  /** `processCcd`, and `visit=903334 ccd=16`. */
  readonly name: string;
  readonly key: string;
  /** Tasks whose results must be there before this one starts. */
  readonly needs: readonly Fingerprint[];
  readonly placement: Placement;
  readonly work: Work;
  /**
   * Files and directories whose content the recipe holds, by absolute paths: they are looked at again before it starts and before its result is
   * published. What has a content of its own kind has a slash at the end of its path. Absent: none.
   */
  readonly contents?: ReadonlyMap<string, Digest | Content>;
  /** Run it though it is cached: `--force` and `%force` (its edition rises if bytes differ), or `--always`. */
  readonly force?: boolean;
  /** Never two at once of one lane, in all kernels: a root's writers, a person's rerun. */
  readonly lane?: string;
  /** Where claims to that lane lie, so that all kernels meet there; absent: with those of the task. */
  readonly laneClaims?: string;
  /**
   * What a result lacks for this one, in a person's words: `--allow-empty` is not hashed, so that another task of the same fingerprint may be
   * content with less. Absent: it takes any.
   */
  readonly lacks?: (manifest: Manifest) => string | undefined;
  /** Asked when its needs are done, before it is queued: what it waits for then; undefined: it has its turn, until its end. */
  readonly turn?: () => Turn | undefined;
}

/** What a task waits for before it is its turn. */
export interface Turn {
  /** Names of futures. */
  readonly on: readonly string[];
  /** Then it asks again. Never rejects. */
  readonly until: Promise<unknown>;
}

/** The whole label of a task: `processCcd visit=903334 ccd=16`. */
export const labelOf = (task: {readonly name: string; readonly key: string}): string =>
  task.key === '' ? task.name : `${task.name} ${task.key}`;
