import {existsSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {makeDirectorySync} from '../../kernel/fingerprint/make-directory.js';
import type {Mount} from '../../kernel/graph/container.js';
import type {Failure} from '../../kernel/graph/failure.js';
import {shortOf} from '../../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../../kernel/graph/work.js';
import {filesBelow} from '../script-inputs.js';
import {commandMounts} from './command-mounts.js';
import {readRepositoryCfg, REPOSITORY_CFG} from './repository-cfg.js';
import {emptyMessage, isBookkeeping, writeCommand, type Command, type Expectation} from './rerun-work.js';
import {freshRerunCfg, personsRerun, rerunsOf, type RootRepository} from './root-repository.js';
import {explainLog, readSigns} from './task-log.js';

/** How a task runs in a person's rerun, which is mutable and stays where it is: the attempt only holds the log. */
export class PersonWork implements Work {
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly explain = explainLog;
  /** The directory of the rerun. */
  readonly rerun: string;
  readonly root: RootRepository;
  /** Where claims to the rerun lie: with those of Weft's own reruns of the root. */
  readonly laneClaims: string;
  readonly #command: Command;
  readonly #name: string;
  readonly #parents: readonly string[];
  readonly #expected: Expectation;
  #mounts: readonly Mount[] = [];

  constructor(
    command: Command,
    name: string,
    parents: readonly string[],
    expected: Expectation,
    fingerprint: Fingerprint,
    places: {readonly scratch: string; readonly claims: string},
  ) {
    this.#command = command;
    this.#name = name;
    this.#parents = parents;
    this.root = command.root;
    this.rerun = personsRerun(command.root.path, name);
    this.laneClaims = join(rerunsOf(command.root.path), '.claims');
    this.#expected = expected;
    this.stem = `${expected.task}-${shortOf(fingerprint)}`;
    this.attempts = places.scratch;
    this.claims = places.claims;
  }

  mounts(): readonly Mount[] {
    return this.#mounts;
  }

  async prepare(attempt: Attempt): Promise<Result<string, Failure>> {
    const wrong = missingParent(this.#command.root, this.#parents) ?? this.#otherParents();
    if (wrong !== undefined) return fail(wrong);
    if (this.#command.inside) {
      // What is mounted must be there.
      makeDirectorySync(this.rerun);
      const own = {source: this.rerun, target: this.rerun, write: true};
      this.#mounts = [...(await commandMounts(this.#command, attempt)), own];
    }
    const reruns = join(this.#command.root.path, 'rerun');
    const [only, ...more] = this.#parents;
    let rerun = this.#name;
    if (only !== undefined && more.length === 0 && only !== this.rerun) rerun = `${relative(reruns, only)}:${rerun}`;
    else if (more.length > 0 && !existsSync(join(this.rerun, REPOSITORY_CFG))) {
      // The command line has no way to name several parents.
      makeDirectorySync(this.rerun);
      writeFileSync(join(this.rerun, REPOSITORY_CFG), freshRerunCfg(this.#command.root, this.rerun, this.#parents));
    }
    return ok(
      writeCommand(this.#command, attempt.directory, [
        '--rerun',
        rerun,
        ...this.#command.words.map(word => attempt.fill(word)),
      ]),
    );
  }

  async finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const signs = readSigns(join(attempt.directory, '.weft.log'));
    const line = signs.initialization ?? signs.failed;
    if (line !== undefined)
      return fail({reason: 'log', line, log: join(attempt.directory, '.weft.log'), tail: log.slice(-4096)});
    const {noData} = signs;
    if (noData !== undefined && !this.#expected.allowEmpty && !this.#wrote(attempt)) {
      const ended = {log: join(attempt.directory, '.weft.log'), tail: log.slice(-4096)};
      return fail({reason: 'output', message: emptyMessage(this.#expected, noData), paths: [], ...ended});
    }
    return ok({outputs: []});
  }

  /** That it has parents already, and others: the command would read those without a word, or refuse. */
  #otherParents(): Failure | undefined {
    const wanted = this.#parents.filter(parent => parent !== this.rerun).map(realOf);
    const has = parentsOf(this.rerun);
    if (wanted.length === 0 || has === undefined) return undefined;
    const root = realOf(this.root.path);
    const reruns = has.map(realOf).filter(parent => parent !== root);
    const same = wanted.length === 1 ? reruns.includes(wanted[0] ?? '') : wanted.join(':') === reruns.join(':');
    if (same) return undefined;
    const names = (paths: readonly string[]): string =>
      paths.map(path => `\`${relative(join(root, 'rerun'), path)}\``).join(', ');
    return {
      reason: 'start',
      message: `the rerun \`${this.#name}\` has other parents than ${names(wanted)}: ${reruns.length === 0 ? 'the root only' : names(reruns)}`,
      remedy: `take another name, or remove ${this.rerun}`,
    };
  }

  /** Whether a dataset has been written since the command was. */
  #wrote({directory}: Attempt): boolean {
    const since = statSync(join(directory, '.weft.task'), {throwIfNoEntry: false})?.mtimeMs ?? 0;
    const mtimeOf = (name: string): number => statSync(join(this.rerun, name), {throwIfNoEntry: false})?.mtimeMs ?? 0;
    return filesBelow(this.rerun, '.').some(name => !isBookkeeping(name) && mtimeOf(name) >= since);
  }
}

/** The path that all names of a directory lead to. */
function realOf(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

/** The parents of a repository, by their directories; undefined where it is none yet, or says nothing that can be read. */
function parentsOf(directory: string): readonly string[] | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, REPOSITORY_CFG), 'utf8');
  } catch {
    return undefined;
  }
  const cfg = readRepositoryCfg(text);
  return cfg.ok
    ? cfg.value.parents.map(parent => resolve(directory, parent.kind === 'path' ? parent.path : parent.root))
    : undefined;
}

/** That a rerun which is to be a parent is not there. */
function missingParent(root: RootRepository, parents: readonly string[]): Failure | undefined {
  const lost = parents.find(parent => !existsSync(parent));
  if (lost === undefined) return undefined;
  const reruns = join(root.path, 'rerun');
  const there = existsSync(reruns) ? readdirSync(reruns).filter(name => name !== 'weft' && !name.startsWith('.')) : [];
  return {
    reason: 'start',
    message: `there is no rerun \`${relative(reruns, lost)}\` in ${root.path}`,
    remedy: there.length === 0 ? 'run the cell that makes it' : `there is ${there.slice(0, 12).join(', ')}`,
  };
}
