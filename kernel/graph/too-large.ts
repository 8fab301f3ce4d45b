import type {Placement} from './placement.js';

/** What a machine, or a kernel's part of it, has to give to one task. */
export interface Capacity {
  /** How many tasks of one cpu run at once. */
  readonly slots: number;
  /** Bytes of memory of the machine. */
  readonly memory: number;
}

/** Why a task of this placement can never start here, and what to do: it asks for more than there is, so that it would wait for ever. */
export function tooLarge(
  {cpus, memory}: Pick<Placement, 'cpus' | 'memory'>,
  capacity: Capacity,
): {readonly of: 'cpus' | 'mem'; readonly message: string; readonly remedy: string} | undefined {
  const {slots} = capacity;
  if (cpus > slots)
    return {
      of: 'cpus',
      message: `it asks for ${cpus} cpus, and this kernel has ${slots === 1 ? 'one slot' : `${slots} slots`}`,
      remedy: `ask for no more than \`--cpus ${slots}\`, or give the kernel more: \`%executor local --slots ${cpus}\``,
    };
  if (memory !== undefined && memory > capacity.memory)
    return {
      of: 'mem',
      message: `it asks for ${gigabytes(memory)} of memory, and this machine has ${gigabytes(capacity.memory)}`,
      remedy: 'ask for less with `--mem`, or run it on a larger machine',
    };
  return undefined;
}

/** As `--mem` takes it, a tenth of it at best. */
const gigabytes = (bytes: number): string => `${Math.floor((bytes / 2 ** 30) * 10) / 10}G`;
