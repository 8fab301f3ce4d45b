import {getHeapStatistics} from 'node:v8';

const MB = 2 ** 20;

/** V8 gets so many megabytes more than the code may use, at least: room in which code that fills its heap can still be ended. */
const RESERVE_MB = 256;

const FLAG = /--max[-_]old[-_]space[-_]size[= ](\d+)/g;

const given = (text: string): number => Number([...text.matchAll(FLAG)].at(-1)?.[1] ?? 0);

/** The flag of node for a process whose code is ended when it fills what these flags and NODE_OPTIONS promise, else what V8 takes here. */
export function heapFlag(flags: readonly string[], options = ''): string {
  const asked = given(`${options} ${flags.join(' ')}`);
  const promised = asked > 0 ? asked : Math.floor(getHeapStatistics().heap_size_limit / MB);
  return `--max-old-space-size=${promised + Math.max(RESERVE_MB, Math.floor(promised / 2))}`;
}

/** What was promised to a process with these flags of node, of which one is by {@link heapFlag}; in bytes, undefined without one. */
export function promisedHeap(flags: readonly string[]): number | undefined {
  const whole = given(flags.join(' '));
  if (whole <= RESERVE_MB) return undefined;
  return (whole < 3 * RESERVE_MB ? whole - RESERVE_MB : Math.ceil(whole / 1.5)) * MB;
}

/** What code ends with that fills its heap. `used` and `promised` are bytes; `used` are what is left when all garbage is gone. */
export class HeapFull extends Error {
  constructor(used: number, promised: number) {
    const [holds, most] = [used, promised].map(bytes => Math.ceil(bytes / MB));
    super(
      `the heap of your code is full: ${holds ?? 0} MB of at most ${most ?? 0} MB. The names that the cell declares which filled it are gone, ` +
        `all others are kept. Start Jupyter with NODE_OPTIONS=--max-old-space-size=${2 * (most ?? 0)} for twice as much`,
    );
    this.name = 'HeapFull';
    this.stack = `HeapFull: ${this.message}`;
  }
}
