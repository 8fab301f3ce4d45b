import {readdirSync, readFileSync, readlinkSync, realpathSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {hasEnded, readStat} from '../../machine/process-life.js';
import type {Leader} from './process-group.js';

const numbers = (): number[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => pid !== process.pid);

/**
 * What lives in the session of a process that has ended: its number stays the session's. Nothing if it still lives, or if the number is
 * another process's by now.
 */
export function inSession(leader: Leader): number[] {
  const stat = readStat(leader.pid);
  if (!(leader.pid > 1) || (stat !== undefined && (stat.startTime !== leader.startTime || !hasEnded(stat)))) return [];
  return numbers().filter(pid => {
    const stat = readStat(pid);
    return stat?.session === leader.pid && !hasEnded(stat);
  });
}

/**
 * What a runner that has ended had begun in a directory before it could say so: of its session, what is at work there, and copies of
 * the runner that have not become the job yet. All else of a session, which may be that of a kernel, is not its business.
 */
export function begunIn(leader: Leader, directory: string): number[] {
  const left = inSession(leader);
  if (left.length === 0) return [];
  const place = realPath(directory);
  return left.filter(pid => {
    try {
      if (`${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${place}/`)) return true;
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')[2]?.endsWith('/runner.sh') === true;
    } catch {
      return false;
    }
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What has an attempt in its environment, whatever its group, its session and its parent (proc_pid_environ(5)). */
export function inAttempt(attempt: string): number[] {
  const wanted = `\0WEFT_ATTEMPT=${attempt}\0`;
  return numbers().filter(pid => {
    try {
      return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}\0`.includes(wanted);
    } catch {
      return false;
    }
  });
}

/** A look at what has an attempt in its environment, and what is in a group with what ever had it there. */
export function besideAttempt(attempt: string): () => number[] {
  const groups = new Set<number | undefined>();
  return () => {
    const named = inAttempt(attempt);
    for (const pid of named) groups.add(readStat(pid)?.group);
    groups.delete(undefined);
    const beside = numbers().filter(pid => {
      const stat = groups.size === 0 ? undefined : readStat(pid);
      return stat !== undefined && groups.has(stat.group) && !hasEnded(stat);
    });
    return [...new Set([...named, ...beside])];
  };
}

/** Ends all that `list` gives, again and again: with SIGTERM, and with SIGKILL after a second. */
export async function endAll(list: () => readonly number[]): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const pids = list();
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, round < 10 ? 'SIGTERM' : 'SIGKILL');
      } catch {
        // It has just ended, or is not ours.
      }
    }
    await delay(100);
  }
}
