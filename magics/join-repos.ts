import {readFile, rm, writeFile} from 'node:fs/promises';
import {dirname, join, relative, resolve} from 'node:path';
import type {Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {Failure} from '../kernel/graph/failure.js';
import {shortOf} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../kernel/graph/work.js';
import {conflictText, unionOf, type Conflict, type JoinMember} from './join-conflicts.js';
import {linkFiles} from './join-link.js';
import {
  REPOSITORY_CFG,
  readRepositoryCfg,
  writeRepositoryCfg,
  type RepositoryCfg,
  type RepositoryParent,
} from './lsst/repository-cfg.js';

/** A data path of two members that may differ: it lacks a key of the fan-out, and nothing reads it. */
const isSoft = (path: string): boolean =>
  path === 'config/packages.pickle' || /_metadata\//.test(path) || /MD-[^/]*\.yaml$/.test(path) || /~\d+$/.test(path);

/**
 * A join of reruns: one rerun that sees all (DESIGN 3.3). A chain names every member as a parent; a farm holds hard links to the
 * members' files, and has the members' own parents.
 */
export class RepoJoinWork implements Work {
  readonly through = true;
  readonly directory: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly #members: readonly JoinMember[];
  readonly #chain: boolean;

  constructor(members: readonly JoinMember[], chain: boolean, fingerprint: Fingerprint) {
    this.#members = members;
    this.#chain = chain;
    this.attempts = dirname(members[0]?.directory ?? '/');
    this.stem = `join-${shortOf(fingerprint)}`;
    this.directory = join(this.attempts, this.stem);
    this.claims = join(this.attempts, '.claims');
  }

  /** The directories of the members. */
  get members(): readonly string[] {
    return this.#members.map(({directory}) => directory);
  }

  async prepare(): Promise<Result<undefined, Failure>> {
    return ok(undefined);
  }

  async finish(attempt: Attempt): Promise<Result<Outcome, Failure>> {
    const made = await this.#make(attempt);
    if (!made.ok) await rm(attempt.directory, {recursive: true, force: true});
    return made;
  }

  async #make(attempt: Attempt): Promise<Result<Outcome, Failure>> {
    const repositories: {member: JoinMember; cfg: RepositoryCfg; root: string}[] = [];
    for (const member of this.#members) {
      const read = await readRepository(member);
      if (!read.ok) return read;
      repositories.push({member, ...read.value});
    }
    const [first] = repositories;
    if (first === undefined) return fail({reason: 'start', message: 'there is nothing to join'});
    const stranger = repositories.find(({root, cfg}) => root !== first.root || cfg.mapper !== first.cfg.mapper);
    if (stranger !== undefined) {
      const what =
        stranger.root === first.root
          ? `other mappers (${first.cfg.mapper} and ${stranger.cfg.mapper})`
          : `other roots (${first.root} and ${stranger.root})`;
      return fail({
        reason: 'start',
        message: `${first.member.label} and ${stranger.member.label} have ${what}: they can't be one repository`,
      });
    }
    const {files, conflicts} = await unionOf(this.#members, {soft: isSoft, skip: path => path === REPOSITORY_CFG});
    if (conflicts.length > 0) return fail(conflictFailure(conflicts));
    const root = first.cfg.parents.at(-1) ?? {kind: 'root', root: relative(this.directory, first.root)};
    const above = this.#chain ? this.members : parentsOf(repositories);
    const parents: RepositoryParent[] = above.map(directory => ({
      kind: 'path',
      path: relative(this.directory, directory),
    }));
    await writeFile(
      join(attempt.directory, REPOSITORY_CFG),
      writeRepositoryCfg({mapper: first.cfg.mapper, parents: [...parents, root], root: null}),
    );
    if (this.#chain) return ok({outputs: [REPOSITORY_CFG]});
    await linkFiles(files, attempt.directory, this.directory);
    return ok({outputs: [REPOSITORY_CFG, ...files.map(({path}) => path)]});
  }
}

async function readRepository(
  member: JoinMember,
): Promise<Result<{readonly cfg: RepositoryCfg; readonly root: string}, Failure>> {
  const path = join(member.directory, REPOSITORY_CFG);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const read = text === undefined ? fail('it is not there') : readRepositoryCfg(text);
  if (!read.ok)
    return fail({
      reason: 'start',
      message: `the configuration of ${member.label} can't be read (${path}): ${read.error}`,
    });
  const last = read.value.parents.at(-1);
  const root =
    last === undefined ? member.directory : resolve(member.directory, last.kind === 'root' ? last.root : last.path);
  return ok({cfg: read.value, root});
}

/** The parents of all members, each once, in the order in which they were met; the root is left out. */
function parentsOf(
  repositories: readonly {readonly member: JoinMember; readonly cfg: RepositoryCfg}[],
): readonly string[] {
  const parents = new Set<string>();
  for (const {member, cfg} of repositories) {
    for (const parent of cfg.parents.slice(0, -1))
      if (parent.kind === 'path') parents.add(resolve(member.directory, parent.path));
  }
  return [...parents];
}

function conflictFailure(conflicts: readonly Conflict[]): Failure {
  const shared = conflicts.filter(({path}) => /^(?:config|schema)\//.test(path));
  if (shared.length > 0) {
    return {
      reason: 'start',
      message: `the members were made with other configurations or schemas: ${conflictText(shared)} differ`,
      remedy: 'make them with the same `--config`, or join them one by one into other reruns',
    };
  }
  return {
    reason: 'start',
    message: `two members have different data of one name: ${conflictText(conflicts)}`,
    remedy: 'choose the member that holds with `--prefer NAME`',
  };
}
