import {setTimeout as delay} from 'node:timers/promises';
import type {ProcessStamp} from '../../graph/holder.js';
import {readStat} from '../../machine/process-life.js';

/** A process, and when it started, in clock ticks since boot. */
export type Leader = Pick<ProcessStamp, 'pid' | 'startTime'>;

const signalGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
};

/** Whether there is a group of processes that this one leads or led: a group keeps the number of a leader that has ended. */
export function isGroup({pid, startTime}: Leader): boolean {
  const stat = readStat(pid);
  return (stat === undefined || stat.startTime === startTime) && signalGroup(pid, 0);
}

/**
 * Ends the process group of a task whose runner has gone: SIGTERM, again each `every` milliseconds, and SIGKILL after `grace`
 * milliseconds. Does nothing if the number belongs to another process by now.
 */
export async function endGroup(leader: Leader, grace = 5000, every = Infinity): Promise<void> {
  if (!isGroup(leader)) return;
  const until = performance.now() + grace;
  let next = 0;
  do {
    if (performance.now() >= next) {
      signalGroup(leader.pid, 'SIGTERM');
      signalGroup(leader.pid, 'SIGCONT');
      next = performance.now() + every;
    }
    await delay(50);
    if (!signalGroup(leader.pid, 0)) return;
  } while (performance.now() < until);
  signalGroup(leader.pid, 'SIGKILL');
}
