import {readFileSync} from 'node:fs';

/** Stops watching. */
export interface Watch {
  stop(): void;
}

/** How a process is looked at; tests replace it. */
export interface ProcessView {
  /** Something that no later process with the same id has: its start time. Undefined if there is no such process. */
  started(pid: number): string | undefined;
  /** The id of our own parent. */
  ppid(): number;
}

/** The processes of this machine. */
export const machine: ProcessView = {started: startTime, ppid: () => process.ppid};

/** The server that started the kernel, as it says in `JPY_PARENT_PID`. Process 1 is nobody's server. */
export function parentPid(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  const pid = Number(environment['JPY_PARENT_PID']);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/**
 * Calls `gone` once when the process with this id has ended; looks every `everyMs`, and keeps no process alive. Where the id
 * means nothing (a kernel in a container with process ids of its own), the kernel's direct parent is watched instead.
 */
export function watchParent(pid: number, gone: () => void, everyMs = 1000, processes: ProcessView = machine): Watch {
  const started = processes.started(pid);
  const ppid = processes.ppid();
  const lives =
    started === undefined ? () => ppid === 1 || processes.ppid() === ppid : () => processes.started(pid) === started;
  const timer = setInterval(() => {
    if (lives()) return;
    clearInterval(timer);
    gone();
  }, everyMs).unref();
  return {stop: () => clearInterval(timer)};
}

function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return process.platform === 'linux' ? undefined : answers(pid);
  }
  // Field 22 of proc(5); the name in field 2 may hold spaces and parentheses. A zombie (Z, X) has ended.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** Where there is no /proc: whether the process takes signals. */
function answers(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return 'lives';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'lives' : undefined;
  }
}
