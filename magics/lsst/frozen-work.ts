import {createHash} from 'node:crypto';
import {constants, createReadStream, writeFileSync} from 'node:fs';
import {copyFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import type {Digest, Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {makeDirectory} from '../../kernel/fingerprint/make-directory.js';
import type {Failure} from '../../kernel/graph/failure.js';
import {shortOf} from '../../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../../kernel/graph/work.js';
import {REPOSITORY_CFG} from './repository-cfg.js';
import {freshRerunCfg, rerunsOf, type RootRepository} from './root-repository.js';

/** How a person's rerun is frozen: its files are copied to a rerun of Weft's own, where nothing writes to them again. */
export class FrozenWork implements Work {
  readonly through = true;
  readonly directory: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly #root: RootRepository;
  readonly #rerun: string;
  readonly #parents: readonly string[];
  readonly #files: Readonly<Record<string, Digest>>;

  /**
   * @param rerun the person's rerun
   * @param parents the directories of the parents, in search order, without the root
   * @param files what is in it, as it was when the task was made
   */
  constructor(
    root: RootRepository,
    rerun: string,
    parents: readonly string[],
    files: Readonly<Record<string, Digest>>,
    fingerprint: Fingerprint,
  ) {
    this.#root = root;
    this.#rerun = rerun;
    this.#parents = parents;
    this.#files = files;
    this.attempts = rerunsOf(root.path);
    this.stem = `adopt-${shortOf(fingerprint)}`;
    this.directory = join(this.attempts, this.stem);
    this.claims = join(this.attempts, '.claims');
  }

  async prepare(): Promise<Result<undefined, Failure>> {
    return ok(undefined);
  }

  async finish({directory}: Attempt): Promise<Result<Outcome, Failure>> {
    const names = Object.keys(this.#files);
    for (const name of names) {
      const [from, to] = [join(this.#rerun, name), join(directory, name)];
      try {
        await makeDirectory(dirname(to));
        await copyFile(from, to, constants.COPYFILE_FICLONE);
        if ((await digestOf(to)) === this.#files[name]) continue;
        return fail(changed(from));
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        if (code === 'ENOENT') return fail(changed(from));
        return fail({reason: 'start', message: `${from} can't be copied to ${to} (${code})`});
      }
    }
    writeFileSync(join(directory, REPOSITORY_CFG), freshRerunCfg(this.#root, this.directory, this.#parents));
    return ok({outputs: [...names, REPOSITORY_CFG].sort()});
  }
}

const changed = (path: string): Failure => ({
  reason: 'start',
  message: `${path} has changed since its content was hashed`,
  remedy: 'let what writes to the rerun end, and run the cell again',
});

/** sha256 of the copy itself: what was copied is what was hashed. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
