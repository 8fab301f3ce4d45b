import type {Digest} from '../fingerprint/fingerprint.js';
import type {Result} from '../graph/result.js';

/** Of the time that a look at a file or a directory takes, so many times as much passes before it is looked at again. */
const SPARED = 10;

/** A look at a path. */
interface Look {
  /** Milliseconds, by the monotonic clock, until which it holds. */
  until: number;
  readonly content: Digest | undefined;
}

/**
 * Whether files and directories still have the content that recipes have of them. What many tasks read is not looked at for each of them: a look
 * holds for ten times as long as it took, which is a fraction of a millisecond for a file.
 */
export class ChangedContents {
  readonly #digest: (path: string) => Promise<Result<Digest, string>>;
  readonly #looks = new Map<string, Look>();

  /** @param digest of a file or a directory, through the stat cache */
  constructor(digest: (path: string) => Promise<Result<Digest, string>>) {
    this.#digest = digest;
  }

  /** What has changed, in a person's words: the first one. */
  async find(contents: ReadonlyMap<string, Digest>): Promise<string | undefined> {
    for (const [path, recorded] of contents) {
      const content = await this.#contentOf(path);
      if (content === undefined) return `${path} can't be read any more`;
      if (content !== recorded) return `${path} has other content than when the cell ran`;
    }
    return undefined;
  }

  async #contentOf(path: string): Promise<Digest | undefined> {
    const began = performance.now();
    const known = this.#looks.get(path);
    if (known !== undefined && began < known.until) return known.content;
    const digest = await this.#digest(path);
    const ended = performance.now();
    const content = digest.ok ? digest.value : undefined;
    this.#looks.set(path, {until: ended + SPARED * (ended - began), content});
    return content;
  }
}
