import type {Container, Mount} from './container.js';

/** Where and how a task runs. Never hashed. */
export interface Placement {
  readonly executor: 'local' | 'slurm';
  /** Absent: it runs on the host. */
  readonly container?: Container;
  /** What a person mounts besides, with `%mount`. */
  readonly mounts?: readonly Mount[];
  /** How many tasks run one after another in one container; absent: each has its own. */
  readonly bundle?: number;
  /** `none`: no network in the container. Absent: the runtime's default. */
  readonly network?: 'none';
  /** Cores that it takes of the executor's slots. */
  readonly cpus: number;
  /** Bytes; absent: no limit was asked for. */
  readonly memory?: number;
  /** Seconds of wall time; absent: no limit. */
  readonly time?: number;
  /** How often it is started again after a failure, within one run of the cell. */
  readonly retries: number;
}
