import {existsSync, lstatSync, readFileSync, writeFileSync} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {canonicalJson, type Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Mount} from '../../kernel/graph/container.js';
import type {Failure} from '../../kernel/graph/failure.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {shortOf} from '../../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../../kernel/graph/work.js';
import {rootMounts} from './command-mounts.js';
import {readRegistry} from './registry-file.js';
import type {RootOrder} from './root-order.js';
import {removeOwn, writeCommand, type Command} from './rerun-work.js';
import {explainLog, readSigns} from './task-log.js';

/** The file of a root task's result that lists what it made. */
export const CHANGES = 'changes.json';

/** What a root holds: rows of its registry, by table, and files, as lines. */
interface Contents {
  readonly rows: readonly string[];
  readonly files: readonly string[];
}

/** How a task runs that changes the root itself (LANGUAGE 8). Its result is a list of the rows and files that it made. */
export class RootWork implements Work {
  readonly directory: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly explain = explainLog;
  readonly #command: Command;
  readonly #order: Pick<RootOrder, 'quiet' | 'reading'>;
  #mounts: readonly Mount[] = [];
  #before: Contents | undefined;

  /** @param order who reads the root: it waits until nothing does any more */
  constructor(command: Command, task: string, fingerprint: Fingerprint, order: Pick<RootOrder, 'quiet' | 'reading'>) {
    this.#command = command;
    this.#order = order;
    this.attempts = join(command.root.path, '.weft');
    this.stem = `${task}-${shortOf(fingerprint)}`;
    this.directory = join(this.attempts, this.stem);
    this.claims = join(this.attempts, 'claims');
  }

  awaits(): readonly string[] {
    return this.#order.reading(this.#command.root.path).map(({label}) => label);
  }

  mounts(): readonly Mount[] {
    return this.#mounts;
  }

  async prepare(attempt: Attempt): Promise<Result<string, Failure>> {
    await this.#order.quiet(this.#command.root.path);
    if (this.#command.inside) this.#mounts = await rootMounts(this.#command, attempt);
    this.#before = await contentsOf(this.#command.root.path);
    writeFileSync(join(attempt.directory, '.weft.before'), JSON.stringify(this.#before));
    return ok(
      writeCommand(
        this.#command,
        attempt.directory,
        this.#command.words.map(word => attempt.fill(word)),
      ),
    );
  }

  async finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const {directory} = attempt;
    const signs = readSigns(join(directory, '.weft.log'));
    const line = signs.initialization ?? signs.failed;
    if (line !== undefined)
      return fail({reason: 'log', line, log: join(directory, '.weft.log'), tail: log.slice(-4096)});
    // The attempt may be of a kernel that is gone.
    const before = this.#before ?? readBefore(directory);
    const after = await contentsOf(this.#command.root.path);
    const [rows, files] = [without(after.rows, before.rows), without(after.files, before.files)];
    // A run that found everything in place vouches for all that there is.
    const changes: Contents = rows.length + files.length > 0 ? {rows, files} : after;
    writeFileSync(join(directory, CHANGES), `${JSON.stringify(changes, null, 1)}\n`);
    removeOwn(directory);
    return ok({outputs: [CHANGES]});
  }

  /** A result of a root task is true as long as all that it made is there. */
  async recheck(manifest: Manifest): Promise<string | undefined> {
    const root = this.#command.root.path;
    let changes: Contents;
    try {
      changes = JSON.parse(readFileSync(join(manifest.directory ?? '', CHANGES), 'utf8')) as Contents;
    } catch {
      return `${CHANGES} can't be read`;
    }
    const rows = new Set(rowsOf(root));
    if (changes.rows.some(row => !rows.has(row))) return 'rows that it made are not in the registry any more';
    const lost = changes.files.find(file => !existsSync(join(root, file)));
    return lost === undefined ? undefined : `${lost} is missing`;
  }
}

function readBefore(directory: string): Contents {
  try {
    return JSON.parse(readFileSync(join(directory, '.weft.before'), 'utf8')) as Contents;
  } catch {
    return {rows: [], files: []};
  }
}

const without = (all: readonly string[], some: readonly string[]): readonly string[] => {
  const known = new Set(some);
  return all.filter(each => !known.has(each));
};

async function contentsOf(root: string): Promise<Contents> {
  return {rows: rowsOf(root), files: await filesOf(root, '')};
}

function rowsOf(root: string): readonly string[] {
  const rows: string[] = [];
  for (const [table, list] of readRegistry(join(root, 'registry.sqlite3'))) {
    if (table.startsWith('sqlite_')) continue;
    for (const row of list)
      rows.push(`${table} ${canonicalJson(Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'id')))}`);
  }
  return rows.sort();
}

/** Not the root's own data: reruns, our records, and what other programs rewrite. */
const LEFT_OUT: ReadonlySet<string> = new Set(['rerun', '.weft', 'registry.sqlite3']);

async function filesOf(root: string, below: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(root, below), {withFileTypes: true})) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (below === '' && LEFT_OUT.has(entry.name)) continue;
    // A link to a directory is one thing, however much lies behind it.
    if (entry.isDirectory()) names.push(...(await filesOf(root, name)));
    else if (lstatSync(join(root, name)).isFile() || entry.isSymbolicLink()) names.push(name);
  }
  return names.sort();
}
