import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import type {Result} from '../graph/result.js';
import type {CachePort} from './cache-port.js';
import type {ExtensionControl} from './extension.js';
import type {HistoryPort} from './history-port.js';
import type {Labeler} from '../show/change-text.js';
import type {Plan} from '../show/plan.js';
import type {NamedNode} from './magic.js';
import type {FutureNode, TaskNode} from './node.js';

/** What a line magic may do to the notebook. */
export interface NotebookControl {
  cancel(node: FutureNode): void;
  cancelAll(): void;
  /** Starts over what failed or was blocked; where its result is there by now, nothing that it needs. */
  retry(node: FutureNode, isThere?: boolean): void;
  force(node: FutureNode): void;
  /** Accepts an earlier result as that of a task that is not done; the error is a sentence. It is found when the task is looked at again. */
  adopt(node: TaskNode): Promise<Result<Manifest, string>>;
  /** Resolves when they have ended, or the cell is interrupted (then false). */
  wait(nodes: readonly FutureNode[]): Promise<boolean>;
  /** For each task the results that it can be compared with, the nearest first: for `%why`. */
  earlier(tasks: readonly TaskNode[]): Promise<readonly (readonly Manifest[])[]>;
  /** The tasks of a future that there are: of a long loop those that were not done, or that somebody has asked for. */
  made(node: FutureNode): readonly TaskNode[];
  /** Finds whose fingerprint it is, for people, as things are now. */
  labels(): Labeler;
  /** The checkpoints of the notebook's store, to be looked after. */
  readonly cache: CachePort;
  readonly history: HistoryPort;
  /** What the notebook's futures stand for now, by Weft's names or by what its code holds, and what is being run. */
  reached(): Promise<Iterable<Fingerprint>>;
  /** Whether this task was planned here. */
  asked(fingerprint: Fingerprint): boolean;
  /** What would come of futures if their cells ran now, a row for each name, and of all together. Nothing is run or changed. */
  plan(named: readonly NamedNode[]): Promise<{readonly rows: readonly Plan[]; readonly all: Plan}>;
  /**
   * What is worth a line of `%status`: cells that are stale, and why nothing goes on.
   * @param among only of the cells that have made one of these futures or its elements; absent: of all
   */
  remarks(among?: readonly FutureNode[]): readonly string[];
  resize(slots: number): void;
  /** Takes another directory for the store, relative to the notebook's. It can't be left once a task has its place there. */
  moveStore(path: string): Promise<Result<undefined, {readonly message: string; readonly remedy?: string}>>;
  readonly extensions: ExtensionControl;
  magics(): readonly {
    readonly name: string;
    readonly use: string;
    readonly summary: string;
    readonly example: string;
  }[];
}
