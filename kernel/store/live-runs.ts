import {statSync} from 'node:fs';
import {readFingerprint, type Fingerprint} from '../fingerprint/fingerprint.js';
import {isAlive} from '../machine/process-life.js';
import {journalsOf, readLines} from './index/journal-lines.js';
import {isObject} from './record.js';

/** Milliseconds for which a kernel that nothing can be known of, as it is on another host, is taken to live after its last line. */
const SILENT = 7 * 86_400_000;

const FINGERPRINT = /^\{"is":"(?:result|renewed|failed)","fingerprint":"([0-9a-f]{64})"/;

/**
 * The tasks that kernels which live now have run, or looked at and written of: their notebooks show them, and may read them at any time.
 * @param store the store's directory
 * @param own the run that does not count: the one that asks
 */
export async function tasksOfLiveRuns(store: string, own: string): Promise<ReadonlySet<Fingerprint>> {
  const found = new Set<Fingerprint>();
  for (const {path} of journalsOf(store)) {
    let lives = false;
    await readLines(path, 0, line => {
      if (line.startsWith('{"is":"run"')) lives = isLive(line, own, path);
      if (!lives) return;
      const digits = FINGERPRINT.exec(line)?.[1];
      const fingerprint = digits === undefined ? undefined : readFingerprint(digits);
      if (fingerprint !== undefined) found.add(fingerprint);
    });
  }
  return found;
}

function isLive(header: string, own: string, path: string): boolean {
  let run: unknown;
  try {
    run = JSON.parse(header);
  } catch {
    return false;
  }
  if (!isObject(run) || run['run'] === own) return false;
  const {pid, startTime, host, bootId, space} = run;
  if (typeof pid !== 'number' || typeof startTime !== 'string') return false;
  if (typeof host !== 'string' || typeof bootId !== 'string') return false;
  const life = isAlive({pid, startTime, host, bootId, ...(typeof space === 'string' ? {space} : {})});
  if (life !== 'unknown') return life === 'alive';
  return Date.now() - (statSync(path, {throwIfNoEntry: false})?.mtimeMs ?? 0) < SILENT;
}
