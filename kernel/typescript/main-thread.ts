import {readFileSync} from 'node:fs';
import {Session} from 'node:inspector';

/** How long the main thread may take to say how full its heap is, in milliseconds: it may be in a long call of native code. */
const ANSWER_MS = 2000;

/** The processor time of the main thread in milliseconds; where the system does not tell, the time. */
export function mainThreadTime(): number {
  const own = `/proc/self/task/${process.pid}`;
  try {
    // The first number is in nanoseconds (the kernel's Documentation/scheduler/sched-stats.rst); not every system counts them.
    const spent = Number(readFileSync(`${own}/schedstat`, 'latin1').split(' ')[0]);
    if (spent > 0) return spent / 1e6;
  } catch {
    // The other file may be there.
  }
  try {
    const stat = readFileSync(`${own}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Fields 14 and 15 of proc(5), in ticks of a hundredth of a second.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return performance.now();
  }
}

/**
 * Bytes of the main thread's heap, also while its code spins; after a collection of garbage if that is asked for. Undefined where
 * it does not answer. A session that stays open would hold up the exit of the process.
 */
export function mainThreadHeap(collect: boolean): Promise<number | undefined> {
  return new Promise(resolve => {
    const session = new Session();
    const end = (used: number | undefined): void => {
      clearTimeout(timer);
      session.disconnect();
      resolve(used);
    };
    const timer = setTimeout(() => end(undefined), ANSWER_MS);
    session.connectToMainThread();
    if (collect) session.post('HeapProfiler.collectGarbage');
    session.post('Runtime.getHeapUsage', (problem: Error | null, use?: {usedSize: number}) =>
      end(problem ? undefined : use?.usedSize),
    );
  });
}
