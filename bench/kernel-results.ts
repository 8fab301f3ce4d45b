/** What was measured of one kernel, in rounds: milliseconds, and MB. Wall times unless they say CPU. */
export interface Speed {
  readonly version?: string;
  /** Process start to kernel_info_reply. */
  readonly startMs: readonly number[];
  readonly startCpuMs: readonly number[];
  /** A cell `1`, execute_request to execute_reply; all of all rounds. */
  readonly cellMs: readonly number[];
  /** A cell of each round, all processes together. */
  readonly cellCpuMs: readonly number[];
  /** A cell that prints many lines, to its idle. A round in which that never came is left out. */
  readonly linesMs: readonly number[];
  /** Whether all lines came before idle, and in order. */
  readonly linesWhole: readonly boolean[];
  /** All processes, after that. */
  readonly rssMb: readonly number[];
}

/** What became of a cell that was interrupted. */
export type Interrupted =
  {readonly is: 'interrupted'; readonly ms: number; readonly kept: boolean} | {readonly is: 'died' | 'no reply'};

/** What became of a kernel whose heap was filled. */
export interface FullHeap {
  readonly is: 'lives' | 'died' | 'no reply' | 'no next cell';
  /** Of the cell: `name: message`; null where it had no reply. */
  readonly error?: string | null;
  /** Whether a name from before is still known. */
  readonly kept?: boolean;
}

/** What a kernel does, found once. */
export interface Behaviour {
  readonly conformance: {readonly tests: number; readonly failed: readonly string[]};
  readonly interrupts: Readonly<Record<'spin' | 'spin after await' | 'await', Interrupted>>;
  /** Lines received of so many printed, before idle and in all. */
  readonly lines: Readonly<Record<string, {readonly before: number; readonly all: number}>>;
  readonly heap: FullHeap;
}

/** All that a comparison of kernels has found, as it is saved. */
export interface KernelResults {
  /** What it was measured on and with, a line each. */
  readonly setting: readonly string[];
  /** Lines that one cell prints. */
  readonly lines: number;
  readonly rounds: number;
  /** By the name of the kernelspec; `weft, N checkpoints` is Weft beside a store of so many. */
  readonly speed: Readonly<Record<string, Speed>>;
  readonly behaviour: Readonly<Record<string, Behaviour>>;
}

/** The name of Weft on a big store, among {@link KernelResults.speed}. */
export const onStore = (checkpoints: number): string => `weft, ${checkpoints} checkpoints`;
