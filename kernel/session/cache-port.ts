import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Result} from '../graph/result.js';
import type {ListedResult} from '../store/history.js';

/** A result, as `%cache ls` shows it. */
export interface CachedResult extends ListedResult {
  readonly pinned: boolean;
}

/** A result that is not as it was recorded. */
export interface BadResult {
  readonly result: CachedResult;
  readonly message: string;
}

/** What a clean-up takes. */
export interface CleanUp {
  readonly results: readonly CachedResult[];
  /** Attempts that nobody has, and what was left of results: absolute paths. */
  readonly leftovers: readonly string[];
  /** Results that it would take too, if it were told to: of tasks that nobody asked for in this kernel. */
  readonly unasked: number;
  /** Why results stay, though nothing reaches them: somebody else runs tasks here. */
  readonly busy?: string;
}

/** A checkpoint that an export or an import leaves out. */
export interface Unusable {
  readonly fingerprint: Fingerprint;
  readonly label: string;
  /** For a person. */
  readonly why: string;
}

/** What an export came to. */
export interface Exported {
  /** How many results are in the file. */
  readonly results: number;
  readonly left: readonly Unusable[];
}

/** What an import came to. */
export interface Imported {
  /** The labels of what was taken. */
  readonly labels: readonly string[];
  /** How many were here already. */
  readonly there: number;
  readonly left: readonly Unusable[];
}

/** What decides which results go. */
export type Keep =
  /** What this notebook reaches stays; `asked` says whether a task was planned by it. */
  | {
      readonly by: 'notebook';
      readonly reached: Iterable<Fingerprint>;
      readonly asked: (fingerprint: Fingerprint) => boolean;
      readonly all: boolean;
    }
  /** What is younger than `older` (milliseconds) stays, and of that as much as `bytes` allows, the newest first. */
  | {readonly by: 'age'; readonly older: number; readonly bytes?: number};

/** The checkpoints of a store, for a person to look after. */
export interface CachePort {
  /** All results that the journals know, the newest first. */
  list(): Promise<readonly CachedResult[]>;
  /** Looks at the outputs of all results. What was touched and has the same content gets its new stamp recorded. */
  verify(how: 'size' | 'mtime' | 'content', signal?: AbortSignal): Promise<readonly BadResult[]>;
  /** Pins results, or takes their pins away. Gives those that are pinned now, or were until now. The error says what could not be written. */
  pin<T extends {readonly fingerprint: Fingerprint; readonly label: string}>(
    results: readonly T[],
    on: boolean,
  ): Result<readonly T[], string>;
  /** What a clean-up would take. */
  plan(keep: Keep): Promise<CleanUp>;
  /** Takes it. Gives how many results and how many leftovers are gone; what came into use meanwhile stays. */
  remove(plan: CleanUp): Promise<{readonly results: number; readonly leftovers: number}>;
  /** Writes into the journal what only manifests tell. Gives how many results that were. */
  rebuild(directories?: readonly string[]): Promise<number>;
  /** Writes results, with what they were made from, into one file. The error is a sentence; nothing is overwritten. */
  export(file: string, from: Iterable<Fingerprint>): Promise<Result<Exported, string>>;
  /**
   * Takes the results of such a file, all that can be used here. The error is a sentence, and then nothing was taken.
   * @param options `root`: the root repository that reruns go to, in place of that which they come from; `repo`: the one that does where that is not here; `dry`: only says what would be done
   */
  import(
    file: string,
    options: {readonly root?: string; readonly repo?: string; readonly dry?: boolean},
  ): Promise<Result<Imported, string>>;
}
