/** The container engines, and `none` for the host. `auto` is resolved before a placement is made. */
export type RuntimeName = 'shifter' | 'apptainer' | 'singularity' | 'docker' | 'podman' | 'podman-hpc' | 'ch' | 'none';

/** Where and how a task runs. Never hashed. */
export interface Placement {
  readonly executor: 'local' | 'slurm';
  readonly runtime: RuntimeName;
  /** Cores that it takes of the executor's slots. */
  readonly cpus: number;
  /** Bytes; absent: no limit was asked for. */
  readonly memory?: number;
  /** Seconds of wall time; absent: no limit. */
  readonly time?: number;
  /** How often it is started again after a failure, within one run of the cell. */
  readonly retries: number;
}
