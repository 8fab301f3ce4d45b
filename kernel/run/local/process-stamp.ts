import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';
import {setTimeout as delay} from 'node:timers/promises';
import type {ProcessStamp} from '../../graph/holder.js';

/** A process, and when it started, in clock ticks since boot. */
export type Leader = Pick<ProcessStamp, 'pid' | 'startTime'>;

/** The fields of /proc/PID/stat after the name, which may hold anything; undefined if there is no such process. */
export function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** When a process started, in clock ticks since boot; undefined if there is none, or none but a zombie. */
export function startTimeOf(pid: number): string | undefined {
  const stat = statOf(pid);
  return stat?.[0] === 'Z' || stat?.[0] === 'X' ? undefined : stat?.[19];
}

const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
};

/** The namespace that numbers of processes are of. */
function space(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** The stamp of a living process of this machine. */
export function stampOf(pid: number): ProcessStamp | undefined {
  const startTime = startTimeOf(pid);
  const inside = space();
  if (startTime === undefined) return undefined;
  return {pid, startTime, host: hostname(), bootId: bootId(), ...(inside === undefined ? {} : {space: inside})};
}

/** Whether the process lives; `unknown` if it is on another machine, or its number is one of another container. */
export function livenessOf(stamp: ProcessStamp): 'alive' | 'gone' | 'unknown' {
  if (stamp.host !== hostname()) return 'unknown';
  if (stamp.bootId === bootId() && stamp.space !== undefined && stamp.space !== space()) return 'unknown';
  return stamp.bootId === bootId() && startTimeOf(stamp.pid) === stamp.startTime ? 'alive' : 'gone';
}

const signalGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
};

/** Whether there is a group of processes that this one leads or led: a group keeps the number of a leader that has ended. */
export function isGroup({pid, startTime}: Leader): boolean {
  const stat = statOf(pid);
  return (stat === undefined || stat[19] === startTime) && signalGroup(pid, 0);
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
