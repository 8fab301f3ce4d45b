import type {Digest} from '../fingerprint/fingerprint.js';
import {Looks} from '../fingerprint/looks.js';
import {Slice} from '../fingerprint/slice.js';
import type {Result} from '../graph/result.js';
import type {Content, Task} from '../graph/work.js';

/** Of the time that a look at a file or a directory takes, so many times as much passes before it is looked at again for who only wants to start. */
const SPARED = 10;

/** Looks that take longer are shared, and take a tenth of the time at most; milliseconds. */
const DEAR = 20;

/** A look at a path. Times are milliseconds of the monotonic clock. */
interface Look {
  readonly began: number;
  /** Until when it is good enough for a task that is about to start. */
  until: number;
  readonly content: Promise<Digest | undefined>;
}

/**
 * Whether files and directories still have the content that recipes have of them. What many tasks read is not looked at for each of them: before
 * a start a look holds for ten times as long as it took, which is a fraction of a millisecond for a file. After an end no look counts that
 * began before it; of what is dear to look at, all who have ended meanwhile share the next one.
 */
export class ChangedContents {
  readonly #digest: (path: string) => Promise<Result<Digest, string>>;
  readonly #looks = new Map<string, Look>();
  /** Of paths that are dear to look at. */
  readonly #turns = new Map<string, Looks>();

  /** @param digest of a file or a directory, through the stat cache */
  constructor(digest: (path: string) => Promise<Result<Digest, string>>) {
    this.#digest = digest;
  }

  /**
   * What has changed, in a person's words: the first one.
   * @param ended whether the task that has read them has ended
   */
  async find(contents: NonNullable<Task['contents']>, ended: boolean): Promise<string | undefined> {
    const asked = performance.now();
    const slice = new Slice();
    for (const [path, recorded] of contents) {
      if (slice.over) await slice.rest();
      const content = await (ended ? this.#since(path, recorded, asked) : this.#lately(path, recorded));
      if (content === undefined) return `${path} can't be read any more`;
      if (content !== digestIn(recorded)) return `${path} has other content than when the cell ran`;
    }
    return undefined;
  }

  async #lately(path: string, recorded: Digest | Content): Promise<Digest | undefined> {
    const known = this.#looks.get(path);
    if (known !== undefined && performance.now() < known.until) {
      const content = await known.content;
      // What is otherwise may have been edited since that look, and the recipe made after the edit.
      if (content === digestIn(recorded)) return content;
    }
    return this.#look(path, recorded);
  }

  async #since(path: string, recorded: Digest | Content, asked: number): Promise<Digest | undefined> {
    const turns = this.#turns.get(path);
    if (turns !== undefined) await turns.turn();
    const known = this.#looks.get(path);
    return known !== undefined && known.began > asked ? known.content : this.#look(path, recorded);
  }

  #look(path: string, recorded: Digest | Content): Promise<Digest | undefined> {
    const began = performance.now();
    const content = (typeof recorded === 'string' ? this.#digest(path) : recorded.take()).then(digest => {
      const took = performance.now() - began;
      look.until = began + (1 + SPARED) * took;
      if (took > DEAR) this.#turnsOf(path).took(took);
      return digest.ok ? digest.value : undefined;
    });
    const look: Look = {began, until: Number.POSITIVE_INFINITY, content};
    this.#looks.set(path, look);
    return content;
  }

  #turnsOf(path: string): Looks {
    const turns = this.#turns.get(path) ?? new Looks(DEAR);
    this.#turns.set(path, turns);
    return turns;
  }
}

const digestIn = (recorded: Digest | Content): Digest => (typeof recorded === 'string' ? recorded : recorded.digest);
