import {readFingerprint} from '../../fingerprint/fingerprint.js';
import {isObject} from '../record.js';
import {failureWords, resultWords, type HistoryWords} from './history-words.js';

/** What the index keeps of a line of a journal. */
export interface IndexedLine {
  readonly is: 'ran' | 'adopted' | 'removed' | 'failed' | 'cancelled';
  readonly task: string;
  /** When it happened, milliseconds since the epoch: as {@link HistoryEvent} has it. */
  readonly at: number;
  /** The line's own stamp. */
  readonly stamp: number;
  /** When the task ended, where that is another time: it was adopted later. */
  readonly ended?: number;
  readonly label: string;
  readonly host: string;
  readonly took: number | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly edition: number;
  /** The result's directory with `\0` in place of the digits of its fingerprint; absent for a value. */
  readonly folder: string | undefined;
  readonly words: HistoryWords;
}

const NONE = {took: undefined, files: 0, bytes: 0, edition: 0, folder: undefined, words: {own: '', shared: ''}};

/** Reads a line for the index; undefined for one that it has no use for. Never throws. */
export function indexLine(line: string, host: string): IndexedLine | undefined {
  if (line.startsWith('{"is":"renewed"')) return undefined;
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(data)) return undefined;
  const {is, fingerprint: task, at: stamp, label, failure, manifest, startedAt, endedAt} = data;
  if (typeof task !== 'string' || readFingerprint(task) === undefined || typeof stamp !== 'number') return undefined;
  const known = {task, at: Math.floor(stamp), stamp, label: typeof label === 'string' ? label : '', host};
  if (is === 'result') return isObject(manifest) ? indexResult(manifest, task, stamp) : undefined;
  if (is === 'cancelled' || is === 'removed') return {...NONE, is, ...known};
  if (is !== 'failed' || !isObject(failure) || typeof failure['reason'] !== 'string') return undefined;
  const at = typeof endedAt === 'number' ? endedAt : stamp;
  const took = typeof startedAt === 'number' ? at - startedAt : undefined;
  return {...NONE, is, ...known, at: Math.floor(at), took, words: failureWords(failure)};
}

function indexResult(
  manifest: Readonly<Record<string, unknown>>,
  task: string,
  stamp: number,
): IndexedLine | undefined {
  const {version, fingerprint, label, edition, directory, outputs, startedAt, endedAt, host, adopted} = manifest;
  if (version !== 1 || fingerprint !== task || typeof label !== 'string' || !Array.isArray(outputs)) return undefined;
  if (typeof startedAt !== 'string' || typeof endedAt !== 'string' || typeof host !== 'string') return undefined;
  const [started, ended] = [Date.parse(startedAt), Date.parse(endedAt)];
  return {
    is: adopted === undefined ? 'ran' : 'adopted',
    task,
    at: adopted === undefined ? ended : Math.floor(stamp),
    ...(adopted === undefined ? {} : {ended}),
    stamp,
    label,
    host,
    took: ended - started,
    files: outputs.length,
    bytes: outputs.reduce((sum: number, output: unknown) => sum + (isObject(output) ? Number(output['size']) : 0), 0),
    edition: typeof edition === 'number' ? edition : 1,
    folder: typeof directory === 'string' ? folderOf(directory, task) : undefined,
    words: resultWords(manifest),
  };
}

/** A directory without what is of its task alone, so that the directories of a loop are one text. */
function folderOf(directory: string, task: string): string {
  const digits = task.slice(0, 12);
  if (!directory.endsWith(digits)) return directory;
  const stem = `${directory.slice(0, -digits.length)}\0`;
  const own = `./work/${task.slice(0, 2)}/`;
  return stem.startsWith(own) ? `./work/\0\0/${stem.slice(own.length)}` : stem;
}

/** The directory again. */
export function directoryOf(folder: string, task: string): string {
  return folder.replace('\0\0', task.slice(0, 2)).replace('\0', task.slice(0, 12));
}
