import {readdirSync, readFileSync, readlinkSync} from 'node:fs';

/**
 * Ends what still runs for a notebook: runners and tasks outlive their kernel. They are known by a directory on their command line, in
 * their environment or as their working directory.
 */
export async function endAllBelow(directory: string): Promise<void> {
  for (let left = processesOf(directory); left.length > 0; left = processesOf(directory)) {
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

/** Living processes that have to do with a directory. None where the system has no `/proc`. */
function processesOf(directory: string): readonly number[] {
  const all = taken(() => readdirSync('/proc'), []).map(Number);
  return all.filter(pid => {
    if (!(pid > 1) || pid === process.pid) return false;
    const told = ['cmdline', 'environ'].some(file =>
      taken(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'), '').includes(`${directory}/`),
    );
    return told || taken(() => readlinkSync(`/proc/${pid}/cwd`), '').startsWith(`${directory}/`);
  });
}

function taken<T>(take: () => T, otherwise: T): T {
  try {
    return take();
  } catch {
    return otherwise;
  }
}
