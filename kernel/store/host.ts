import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';
import type {ProcessStamp} from '../graph/holder.js';

/** What can be told of a process: `unknown` for one of another host or container, or one that this user may not see. */
export type Life = 'alive' | 'dead' | 'unknown';

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Names this start of this machine; empty where /proc does not tell. */
export const readBootId = (): string => read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

function readSpace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** A process's state letter, and its start time in clock ticks since boot: fields 3 and 22 of /proc/PID/stat (proc(5)). */
export function readProcess(pid: number): {readonly state: string; readonly startTime: string} | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name may hold spaces and brackets; what follows the last bracket does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  return state === undefined || startTime === undefined ? undefined : {state, startTime};
}

/** The stamp of a process of this machine; by default this one. Undefined if there is none with that number. */
export function stampOf(pid: number = process.pid): ProcessStamp | undefined {
  const found = readProcess(pid);
  if (found === undefined) return undefined;
  const space = readSpace();
  const {startTime} = found;
  return {pid, startTime, host: hostname(), bootId: readBootId(), ...(space === undefined ? {} : {space})};
}

/** Whether a process still runs. A zombie is dead; so is one from before the machine's last start. */
export function isAlive(holder: ProcessStamp): Life {
  if (holder.host !== hostname()) return 'unknown';
  if (holder.bootId !== readBootId()) return 'dead';
  if (holder.space !== undefined && holder.space !== readSpace()) return 'unknown';
  const found = readProcess(holder.pid);
  if (found !== undefined) {
    return found.startTime === holder.startTime && found.state !== 'Z' && found.state !== 'X' ? 'alive' : 'dead';
  }
  try {
    process.kill(holder.pid, 0);
    return 'unknown';
  } catch (error) {
    // Where /proc hides other users' processes, EPERM is all that is told of them.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? 'dead' : 'unknown';
  }
}
