import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';

/** Those that stand behind a container without being in it. Others may have the directory on their command line too: tests. */
const behind =
  /^(conmon|containerd|containerd-shim.*|dockerd|docker-proxy|runc.*|crun|catatonit|fuse-overlayfs|squashfuse.*)$/;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

/**
 * The processes, by pid, that belong to containers or to an engine with its storage below a directory: those behind a container
 * that name the directory, those whose root lies there (proc_pid_mountinfo(5)), and all their children.
 */
export function processesIn(directory: string): readonly number[] {
  const inside = new Set<number>();
  const all = livingProcesses();
  for (const {pid, name} of all) {
    const named = behind.test(name) && read(pid, 'cmdline').includes(`${directory}/`);
    if (named || rootLiesIn(pid, directory)) inside.add(pid);
  }
  for (let before = -1; before !== inside.size;) {
    before = inside.size;
    for (const {pid, parent} of all) if (inside.has(parent)) inside.add(pid);
  }
  inside.delete(process.pid);
  return [...inside];
}

/** What is mounted below a directory, the deepest first. */
export function mountsIn(directory: string): readonly string[] {
  return read('self', 'mountinfo')
    .split('\n')
    .map(line =>
      (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8))),
    )
    .filter(path => path.startsWith(`${directory}/`))
    .sort()
    .reverse();
}

/** Ends {@link processesIn} a directory with SIGKILL, and unmounts {@link mountsIn} it. */
export async function clear(directory: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (let left = processesIn(directory); left.length > 0; left = processesIn(directory)) {
    if (performance.now() > deadline) throw new Error(`processes that don't end, in ${directory}: ${left.join(' ')}`);
    for (const pid of left) end(pid);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  for (const path of mountsIn(directory)) spawnSync('umount', [path]);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** All processes but zombies. */
function livingProcesses(): readonly Process[] {
  return readdirSync('/proc').flatMap(entry => {
    const [, name, state, parent] =
      /^\d+ \((.*)\) (\S) (\d+)/s.exec(/^\d+$/.test(entry) ? read(entry, 'stat') : '') ?? [];
    return name === undefined || state === 'Z' ? [] : [{pid: Number(entry), parent: Number(parent), name}];
  });
}

function rootLiesIn(pid: number, directory: string): boolean {
  const root = read(pid, 'mountinfo')
    .split('\n')
    .findLast(line => line.split(' ')[4] === '/');
  if (root === undefined) return false;
  // An unpacked image is bound from its place on a file system; an overlay has its directories in its options.
  return `${root.split(' ')[3] ?? ''}/`.startsWith(`${directory}/`) || root.includes(`upperdir=${directory}/`);
}

/** A file of a process; empty if the process is gone or is not ours to look at. */
function read(pid: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
