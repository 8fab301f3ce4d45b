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
  /** How many starts, cells and prints were asked for, and how many of them had no answer: no reply, or no idle after many lines. */
  readonly requests: number;
  readonly lost: number;
}

/** What another round of a kernel adds to what is known of it. */
export function joined(known: Speed | undefined, found: Speed): Speed {
  if (known === undefined) return found;
  return {
    ...known,
    ...found,
    startMs: [...known.startMs, ...found.startMs],
    startCpuMs: [...known.startCpuMs, ...found.startCpuMs],
    cellMs: [...known.cellMs, ...found.cellMs],
    cellCpuMs: [...known.cellCpuMs, ...found.cellCpuMs],
    linesMs: [...known.linesMs, ...found.linesMs],
    linesWhole: [...known.linesWhole, ...found.linesWhole],
    rssMb: [...known.rssMb, ...found.rssMb],
    requests: known.requests + found.requests,
    lost: known.lost + found.lost,
  };
}

/** What became of cells that were interrupted, one after the other in one kernel: milliseconds to each reply. */
export type Interrupted =
  | {readonly is: 'interrupted'; readonly ms: readonly number[]; readonly kept: boolean}
  | {readonly is: 'died' | 'no reply'};

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
