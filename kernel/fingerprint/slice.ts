import {statfsSync} from 'node:fs';
import {setImmediate, setTimeout} from 'node:timers/promises';

/**
 * Milliseconds of work after which the event loop gets its turn, so that neither an interrupt nor a result that has just ended is late: of all
 * slices together.
 */
const LENGTH = 4;

/** The same of those that make tasks: some of them run meanwhile, and what ends is to be on the disk soon. */
const PLANNING = 2;

/** The turns that these wait: from a task's answer to its line's being on the disk there are as many. */
const TURNS = 3;

/** How many slices go on in the next turn. */
let resting = 0;

/** Cuts a long loop of short synchronous steps into slices: on a local disk these beat the thread pool. */
export class Slice {
  readonly #length: number;
  readonly #turns: number;
  #until: number;

  /**
   * @param length milliseconds of one slice
   * @param turns how many turns of the event loop a rest lasts
   */
  constructor(length = LENGTH, turns = 1) {
    this.#length = length;
    this.#turns = turns;
    this.#until = performance.now() + length;
  }

  /** For loops that make tasks. */
  static ofPlanning(): Slice {
    return new Slice(PLANNING, TURNS);
  }

  /** True when it is time to {@link rest}. Costs well under a microsecond. */
  get over(): boolean {
    return performance.now() >= this.#until;
  }

  /** Lets the event loop run its turns, or for some milliseconds, and begins the next slice. */
  async rest(pause = 0): Promise<void> {
    if (pause > 0) await setTimeout(pause);
    else {
      resting++;
      for (let turn = 0; turn < this.#turns; turn++) await setImmediate();
      resting--;
    }
    this.#until = performance.now() + this.#length / (resting + 1);
  }
}

/** Magic numbers of statfs(2) of file systems behind a network: NFS, Lustre, GPFS, Ceph, SMB, CIFS, 9p, BeeGFS, AFS, FUSE. */
const REMOTE = new Set([
  0x6969, 0x0bd00bd0, 0x47504653, 0x00c36400, 0xfe534d42, 0xff534d42, 0x01021997, 0x19830326, 0x5346414f, 0x65735546,
]);

/** Whether a path lies behind a network, where a stat may take a millisecond and belongs into the thread pool. */
export function isRemote(path: string): boolean {
  try {
    return REMOTE.has(statfsSync(path).type >>> 0);
  } catch {
    return false;
  }
}
