import {readdirSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import type {ProcessStamp} from '../../graph/holder.js';
import {hasEnded, readStat} from '../../machine/process-life.js';

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

/** Whether anything in a group still runs: a zombie that nobody asks for its end does not. */
function groupRuns(pid: number): boolean {
  if (!signalGroup(pid, 0)) return false;
  return readdirSync('/proc').some(name => {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    return stat?.group === pid && !hasEnded(stat);
  });
}

/** How long what was killed may take until it is gone, in milliseconds: on a machine with much else to do, or while a disk is waited for. */
const DYING = 10_000;

/**
 * Ends the process group of a task whose runner has gone: SIGTERM, again each `every` milliseconds, and SIGKILL after `grace`
 * milliseconds. Resolves when nothing of it runs. Does nothing if the number belongs to another process by now.
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
    if (!groupRuns(leader.pid)) return;
  } while (performance.now() < until);
  signalGroup(leader.pid, 'SIGKILL');
  while (groupRuns(leader.pid) && performance.now() < until + DYING) await delay(50);
}
