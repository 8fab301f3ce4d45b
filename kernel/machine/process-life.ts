import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';
import type {ProcessStamp} from '../graph/holder.js';

/** What can be told of a process: `unknown` for one of another host or container, or one that this user may not see. */
export type Life = 'alive' | 'dead' | 'unknown';

/** What /proc/PID/stat says of a process (proc(5)). */
export interface ProcessStat {
  /** One letter; `Z` and `X` have ended. */
  readonly state: string;
  /** The number of its group. */
  readonly group: number;
  /** The number of its session. */
  readonly session: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** Names this start of this machine; empty where /proc does not tell. */
function readBootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

/** The namespace that the numbers of this process's neighbours are of. */
function readSpace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** Fields 3, 5, 6 and 22 of /proc/PID/stat (proc(5)); undefined if there is no such process, or it is hidden from this user. */
export function readStat(pid: number): ProcessStat | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name may hold spaces and brackets; what follows the last bracket does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, group, session, startTime] = [fields[0], fields[2], fields[3], fields[19]];
  if (state === undefined || startTime === undefined) return undefined;
  return {state, group: Number(group), session: Number(session), startTime};
}

/** Whether a process has ended though its number is still taken: its parent has not asked how. */
export const hasEnded = ({state}: ProcessStat): boolean => state === 'Z' || state === 'X';

/** When a process started, in clock ticks since boot; undefined if there is none, or none but a zombie. */
export function startTimeOf(pid: number): string | undefined {
  const stat = readStat(pid);
  return stat === undefined || hasEnded(stat) ? undefined : stat.startTime;
}

/** The stamp of a living process of this machine; by default this one. Undefined if there is none with that number. */
export function stampOf(pid: number = process.pid): ProcessStamp | undefined {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) return undefined;
  const space = readSpace();
  return {pid, startTime, host: hostname(), bootId: readBootId(), ...(space === undefined ? {} : {space})};
}

/**
 * Whether a process still runs. A zombie is dead; so is one from before the machine's last start. Of one on another host, or in
 * another container of this one, nothing is known.
 */
export function isAlive(holder: ProcessStamp): Life {
  if (holder.host !== hostname()) return 'unknown';
  if (holder.bootId !== readBootId()) return 'dead';
  if (holder.space !== undefined && holder.space !== readSpace()) return 'unknown';
  const stat = readStat(holder.pid);
  if (stat !== undefined) return stat.startTime === holder.startTime && !hasEnded(stat) ? 'alive' : 'dead';
  try {
    process.kill(holder.pid, 0);
    return 'unknown';
  } catch (error) {
    // Where /proc hides other users' processes, EPERM is all that is told of them.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? 'dead' : 'unknown';
  }
}
