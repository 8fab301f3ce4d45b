import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';

/** Milliseconds between two beats. */
export const BEAT = 30_000;

/** Milliseconds without a beat, by the watch of who looks, after which an owner counts as silent. */
export const SILENCE = 600_000;

/** One look counts for at most so long: who was asleep, or had no file server, has not watched anybody meanwhile. */
const LOOK = 2 * BEAT;

/** Milliseconds for which a beat that was read is not read again: many tasks may wait for one kernel. */
const FRESH = 1000;

const PREFIX = '.beat-';

/** The file of a kernel's beat among the claims of a directory. */
export const beatPath = (claims: string, id: string): string => join(claims, `${PREFIX}${id}`);

/** The kernel of a beat's file; undefined for the name of anything else. */
export const beatOf = (name: string): string | undefined =>
  name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;

/**
 * The sign of life of one kernel: a number in a small file beside its claims, which goes up every {@link BEAT}. It holds no
 * time, as clocks of two hosts can't be compared; that it moves is all that it says.
 */
export class Heartbeat {
  readonly id: string;
  readonly #directories = new Set<string>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param id names the kernel, and no other one ever */
  constructor(id: string) {
    this.id = id;
  }

  /** From now on it beats in this directory of claims too. To be called before a claim names the beat. */
  in(claims: string): void {
    if (this.#directories.has(claims)) return;
    this.#directories.add(claims);
    this.#write(claims);
    this.#timer ??= setInterval(() => this.beat(), BEAT).unref();
  }

  /** Beats once. */
  beat(): void {
    this.#count++;
    for (const claims of this.#directories) this.#write(claims);
  }

  /** Beats no more, and leaves nothing: a claim that still names it, as its job goes on, is one of a kernel that is gone. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const claims of this.#directories) {
      try {
        rmSync(beatPath(claims, this.id), {force: true});
      } catch {
        // It does not move any more, and is collected as what crashes leave.
      }
    }
    this.#directories.clear();
  }

  #write(claims: string): void {
    const path = beatPath(claims, this.id);
    // One length, in place: neither a full disk nor a reader in the middle of it finds nothing.
    const text = `${this.#count}`.padStart(12, '0');
    try {
      try {
        writeFileSync(path, text, {flag: 'r+'});
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
        mkdirSync(claims, {recursive: true});
        writeFileSync(path, text);
      }
    } catch {
      // Who can't write is silent to others for a while: they may take over what this kernel can't finish now.
    }
  }
}

interface Watched {
  /** What the file said when it was last read; undefined: it was not there. */
  said: string | undefined | typeof UNREADABLE;
  /** When it was looked at, by the monotonic clock. */
  lookedAt: number;
  /** Milliseconds for which it was seen not to move. */
  still: number;
}

/**
 * Watches the beats of other kernels by a clock of its own that never jumps. Of each beat it counts only the time in which it
 * has really looked.
 */
export class BeatWatch {
  readonly #clock: () => number;
  readonly #watched = new Map<string, Watched>();

  /** @param clock milliseconds since whenever, which never go back */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Looks at a beat. True if it has not moved for {@link SILENCE} of watching; the first look always says false. */
  isSilent(path: string): boolean {
    const now = this.#clock();
    const old = this.#watched.get(path);
    if (old !== undefined && now - old.lookedAt < FRESH) return old.still >= SILENCE;
    const said = read(path);
    // A file server that does not answer says nothing of the owner.
    const counted = said === UNREADABLE || old === undefined ? 0 : Math.min(now - old.lookedAt, LOOK);
    const moved = said !== UNREADABLE && old?.said !== said;
    const still = moved ? 0 : (old?.still ?? 0) + counted;
    this.#watched.set(path, {said: said === UNREADABLE ? (old?.said ?? said) : said, lookedAt: now, still});
    return still >= SILENCE;
  }
}

const UNREADABLE = Symbol();

/** What a beat's file says; undefined if there is none. */
function read(path: string): string | undefined | typeof UNREADABLE {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : UNREADABLE;
  }
}
