import {randomUUID} from 'node:crypto';
import {readdir, rm, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {beatOf} from './heartbeat.js';
import {takenOf, type ClaimContent} from './claim.js';

/** Milliseconds after which what nobody claims counts as left behind: no step between two claims takes so long. */
export const HOUR = 3_600_000;

/** The attempt in the name of an attempt's directory, `.<task>-<hash12>.<attempt>`; undefined for any other name. */
export function attemptIn(name: string): string | undefined {
  return /^\..+\.([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})$/.exec(name)?.[1];
}

/** Where leftovers may lie, and what is none. */
export interface LeftoverPlaces {
  /** A directory of claims, and what its claims say now: whoever has one there is not to be disturbed. */
  readonly claims: string;
  readonly claimed: () => readonly (ClaimContent | undefined)[];
  /** Directories in which attempts are made whose claims lie there, and nowhere else. */
  readonly attempts: readonly string[];
  /** Attempts whose logs a person may want to read, asked after the claims were read: their failure was recorded before their claim went. */
  readonly kept: () => Promise<ReadonlySet<string>>;
  /** Milliseconds that an attempt was left alone: at least {@link HOUR}. */
  readonly age?: number;
  /**
   * A file whose time says when attempts were last looked for. They are not within an hour of it: what has been left since is not old enough, and
   * to look means to read the names of all results.
   */
  readonly mark?: string;
}

/**
 * Finds what crashes have left: claims that were written and never linked, beats of kernels that are gone, what says
 * that a task was taken over that has no claim any more, attempts that nobody claims. Of a claim's attempt nothing is said, though its kernel
 * is dead: it may have finished, and is then published.
 * Ages are by the clock of the file system that the files are on, never by that of this machine.
 * @returns absolute paths; none where nothing may be written
 */
export async function findLeftovers(places: LeftoverPlaces): Promise<readonly string[]> {
  const {claims, age = HOUR, mark} = places;
  const now = await clockOf(claims);
  if (now === undefined) return [];
  const attempts = mark === undefined || (await isDue(mark, now)) ? places.attempts : [];
  // First the attempts, then the claims: an attempt is made after its claim.
  const made: {readonly path: string; readonly attempt: string}[] = [];
  for (const directory of attempts) {
    for (const name of await namesIn(directory)) {
      const attempt = attemptIn(name);
      if (attempt !== undefined) made.push({path: join(directory, name), attempt});
    }
  }
  const names = await namesIn(claims);
  const claimed = places.claimed();
  // What a claim says that can't be read may be any of them.
  if (claimed.includes(undefined)) return [];
  if (mark !== undefined && attempts.length > 0) await writeFile(mark, '').catch(() => undefined);
  const owned = new Set<string | undefined>(claimed.map(content => content?.attempt));
  const beating = new Set<string | undefined>(claimed.map(content => content?.beat));
  const found: string[] = [];
  for (const name of names) {
    const path = join(claims, name);
    const spare = isSpare(name, names, beating);
    if (spare && (await isOlder(path, now - HOUR))) found.push(path);
  }
  if (made.length === 0) return found;
  const kept = await places.kept();
  for (const {path, attempt} of made) {
    if (owned.has(attempt) || kept.has(attempt)) continue;
    // A job that goes on writes to its log, or to its directory.
    const quiet = await Promise.all([path, join(path, '.weft.log')].map(one => isOlder(one, now - age, true)));
    if (quiet.every(Boolean)) found.push(path);
  }
  return found;
}

/** Finds leftovers and removes them. Gives how many there were. */
export async function removeLeftovers(places: LeftoverPlaces): Promise<number> {
  const found = await findLeftovers(places);
  for (const path of found) await rm(path, {recursive: true, force: true, maxRetries: 2}).catch(() => undefined);
  return found.length;
}

/** Whether a file among claims is of no use to anybody, once it is old. */
function isSpare(name: string, names: readonly string[], beating: ReadonlySet<string | undefined>): boolean {
  const beat = beatOf(name);
  if (beat !== undefined) return !beating.has(beat);
  const taken = takenOf(name);
  return taken === undefined ? isTemporary(name) : !names.some(other => other !== name && other.startsWith(taken));
}

const isTemporary = (name: string): boolean => /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);

async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}

/** What time it is for the files of a directory, as milliseconds since the epoch: that of a new one. */
async function clockOf(directory: string): Promise<number | undefined> {
  const path = join(directory, `.${randomUUID()}`);
  try {
    await writeFile(path, '', {flag: 'wx'});
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  } finally {
    await rm(path, {force: true}).catch(() => undefined);
  }
}

/** Whether a mark is older than an hour, or of a time that is still to come. */
async function isDue(mark: string, now: number): Promise<boolean> {
  const stats = await stat(mark).catch(() => undefined);
  return stats === undefined || stats.mtimeMs < now - HOUR || stats.mtimeMs > now;
}

async function isOlder(path: string, than: number, absent = false): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined ? absent : stats.mtimeMs < than;
}
