import type {Butler} from './butler.js';
import type {Config} from './config.js';
import type {ConfigField} from './config-table.js';
import type {CastDataId, DatasetName} from './dataset.js';
import type {Log} from './log.js';

/** What a task works with. */
export interface TaskContext {
  readonly butler: Butler;
  readonly config: Config;
  readonly log: Log;
  /** Whole data ids of the exposures that `--selectId` names. */
  readonly selected: readonly CastDataId[];
}

/** A data id argument: the dataset that it names, and how an incomplete data id is completed. */
export interface IdArgument {
  readonly name: 'id' | 'selectId';
  readonly dataset: DatasetName;
  /** `exposures` asks the registry for what exists; `patches` asks the sky map. */
  readonly container: 'exposures' | 'patches';
}

/** A command-line task: what the runner must know of it, and its work. */
export interface Task {
  /** The name in the log and in the configuration's class: `processCcd`. */
  readonly name: string;
  /** The module and class of the real configuration. */
  readonly module: string;
  readonly className: string;
  readonly fields: readonly ConfigField[];
  /** Where the configuration is kept in the output repository; null for a task that keeps none. */
  readonly configPath: string | null;
  /** Schema files to keep in the output repository, with their content. */
  readonly schemas: ReadonlyMap<string, Uint8Array>;
  /** Subtasks for `--show tasks`: configuration field and class. */
  readonly subtasks: readonly (readonly [field: string, className: string])[];
  readonly idArguments: readonly IdArgument[];
  readonly description: string;
  /** One call for all data ids (true) or one for each. */
  readonly allAtOnce: boolean;
  /** Where the metadata of one data id go; null for none. */
  readonly metadata: DatasetName | null;
  /** Works on one data id, or on all of them; raises as the real task does. */
  run(dataIds: readonly CastDataId[], context: TaskContext): void;
}
