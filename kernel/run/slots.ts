/** What is known of the machine, for the number of slots. */
export interface SlotFacts {
  /** Cores that this process may use: `os.availableParallelism()`. */
  readonly cores: number;
  /** Bytes of memory that it may use. */
  readonly memory: number;
  readonly hostname: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Bytes that one task of a pipeline is taken to need where nobody said otherwise. */
const memoryOfSlot = 2 * 2 ** 30;

/** Slots on a login node: it belongs to everybody. */
const loginSlots = 2;

/**
 * Whether this is a node for logging in, not for computing: outside any Slurm job, and named so (`login07`,
 * `cori-login3`) or at NERSC, where notebooks run on login nodes by default.
 */
export function isLoginNode({hostname, environment}: SlotFacts): boolean {
  if (environment['SLURM_JOB_ID'] ?? environment['SLURM_JOBID']) return false;
  return Boolean(environment['NERSC_HOST']) || /(^|[-_.])login/i.test(hostname);
}

/** How many tasks run at once where nobody said: what cores and memory give, never less than one, few on a login node. */
export function defaultSlots(facts: SlotFacts): number {
  const granted = Number(facts.environment['SLURM_CPUS_ON_NODE']);
  const cores = granted >= 1 ? Math.min(granted, facts.cores) : facts.cores;
  const most = isLoginNode(facts) ? loginSlots : Infinity;
  return Math.max(1, Math.floor(Math.min(cores, facts.memory / memoryOfSlot, most)));
}

/** Milliseconds up to which a job is short. */
export const shortJob = 100;

/**
 * How many jobs a runner is given ahead of the one that it runs. It saves about a millisecond a job, so it is worth it
 * for short ones only; and what waits behind a long job would start out of order.
 * `mean`: milliseconds that the last jobs took; undefined while nothing has ended. `most`: the upper limit.
 */
export function jobsAhead(mean: number | undefined, most: number): number {
  if (mean === undefined || mean > shortJob) return 0;
  return mean > shortJob / 4 ? Math.min(1, most) : most;
}

/** Milliseconds up to which it is worth while to have the next job ready. */
const nextJob = 1000;

/**
 * How many jobs are prepared or out at once: what the slots run and what runners are given ahead, and while jobs are not long, one more for
 * every few slots. A slot that becomes free takes that at once, while what it made is published: of a container's time that is a
 * twentieth. What is longer gains nothing by it, and would be claimed long before it runs.
 * `mean`: milliseconds that the last jobs took; undefined while nothing has ended. `most`: as in {@link jobsAhead}.
 */
export function jobsOut(slots: number, mean: number | undefined, most: number): number {
  const ahead = jobsAhead(mean, most);
  const next = mean !== undefined && ahead === 0 && mean <= nextJob ? Math.ceil(slots / 4) : 0;
  return slots * (1 + ahead) + (most > 0 ? next : 0);
}

/** How many slots there are, and the bytes of memory that all of them have together; absent: as many as anybody wants. */
export interface Room {
  readonly slots: number;
  readonly memory?: number;
}

/**
 * The slots that a job takes: at least one, and all of them if it wants more than there are. One that says how much memory it may take has
 * the slots whose part of the memory that is, so that what runs at once may not take more than there is.
 */
export function slotsOf(
  {cpus, memory = 0}: {readonly cpus: number; readonly memory?: number},
  {slots, memory: all = Infinity}: Room,
): number {
  return Math.max(1, Math.min(Math.max(Math.ceil(cpus), Math.ceil((memory / all) * slots)), slots));
}
