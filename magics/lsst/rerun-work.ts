import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import {makeDirectorySync} from '../../kernel/fingerprint/make-directory.js';
import type {Mount} from '../../kernel/graph/container.js';
import {OWN} from '../../kernel/graph/own-files.js';
import type {Failure} from '../../kernel/graph/failure.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {shortOf} from '../../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../../kernel/graph/work.js';
import {bashQuote} from '../bash-variables.js';
import {filesBelow} from '../script-inputs.js';
import {commandMounts} from './command-mounts.js';
import {readShownData} from './python-text.js';
import {REPOSITORY_CFG} from './repository-cfg.js';
import {freshRerunCfg, rerunsOf, type RootRepository} from './root-repository.js';
import {explainLog, readSigns} from './task-log.js';

/** A command, before the attempt's places are put in. All that it holds is fixed when the task is made. */
export interface Command {
  readonly root: RootRepository;
  /** `env -i …`, for bash. */
  readonly environment: string;
  /** Bash text that makes the set-up; may be empty. */
  readonly setup: string;
  /** Where relative paths begin. */
  readonly directory: string;
  /** Absolute path of the executable. */
  readonly program: string;
  /** The arguments behind the root and the rerun, as typed, with `/weft::…` for other results. */
  readonly words: readonly string[];
  /** Paths of declared code. */
  readonly code: readonly string[];
  /** It runs in a container. */
  readonly inside: boolean;
}

/** The bash file that runs a command, and the text that starts it in the clean environment. */
export function writeCommand(command: Command, directory: string, words: readonly string[], then = ''): string {
  const temporary = join(directory, '.weft.tmp');
  makeDirectorySync(temporary);
  const task = [
    command.setup === '' ? '' : `${command.setup}\n`,
    `cd ${bashQuote(command.directory)} || exit 125\n`,
    `export TMPDIR=${bashQuote(temporary)}\n`,
    `${[command.program, command.root.path, ...words].map(bashQuote).join(' ')}${then}\n`,
  ].join('');
  const file = join(directory, '.weft.task');
  writeFileSync(file, task);
  return `exec ${command.environment} bash --noprofile --norc ${bashQuote(file)}\n`;
}

/** Removes what an attempt needed only while it ran. */
export function removeOwn(directory: string): void {
  for (const own of ['.weft.tmp', '.weft.task', '.weft.stdout'])
    rmSync(join(directory, own), {recursive: true, force: true});
}

/** What decides whether a run was a success. */
export interface Expectation {
  /** `processCcd`. */
  readonly task: string;
  /** A run that writes no dataset has failed. */
  readonly writes: boolean;
  readonly allowEmpty: boolean;
  /** What the data ids are about, for messages: `patch 0,0 in HSC-R`. */
  readonly about: string;
}

/** How a command-line task runs in a rerun of its own, and how it is judged. */
export class RerunWork implements Work {
  readonly through = true;
  readonly directory: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly explain = explainLog;
  readonly #command: Command;
  readonly #parents: readonly string[];
  #mounts: readonly Mount[] = [];
  readonly #expected: Expectation;

  /** @param parents the directories of the parents, in search order */
  constructor(command: Command, parents: readonly string[], fingerprint: Fingerprint, expected: Expectation) {
    this.#command = command;
    this.#parents = parents;
    this.#expected = expected;
    this.attempts = rerunsOf(command.root.path);
    this.stem = `${expected.task}-${shortOf(fingerprint)}`;
    this.directory = join(this.attempts, this.stem);
    this.claims = join(this.attempts, '.claims');
  }

  mounts(): readonly Mount[] {
    return this.#mounts;
  }

  async prepare(attempt: Attempt): Promise<Result<string, Failure>> {
    const {directory} = attempt;
    if (this.#command.inside) this.#mounts = await commandMounts(this.#command, attempt);
    writeFileSync(join(directory, REPOSITORY_CFG), freshRerunCfg(this.#command.root, this.directory, this.#parents));
    const words = ['--rerun', `weft/${basename(directory)}`, ...this.#command.words.map(word => attempt.fill(word))];
    return ok(writeCommand(this.#command, directory, words));
  }

  async finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const {directory} = attempt;
    const judged = judge(directory, log, this.#expected);
    if (judged !== undefined) return fail(judged);
    removeOwn(directory);
    return ok({});
  }

  recheck(manifest: Manifest): Promise<string | undefined> {
    return Promise.resolve(this.lacks(manifest));
  }

  /** `--allow-empty` is not hashed: what wrote nothing under it is no hit without it. */
  lacks({outputs}: Manifest): string | undefined {
    const {allowEmpty, writes} = this.#expected;
    const enough = allowEmpty || !writes || outputs.some(({path}) => !isBookkeeping(path));
    return enough ? undefined : 'it wrote nothing, which `--allow-empty` allowed';
  }
}

/** True for files of a rerun that are no datasets: what a run leaves that did nothing. */
export const isBookkeeping = (name: string): boolean =>
  name === REPOSITORY_CFG ||
  /^(?:config|schema)\//.test(name) ||
  /_metadata\//.test(name) ||
  /MD-[^/]*\.yaml$/.test(name);

/** Why a run with exit 0 is a failure all the same (exit codes of these tasks lie); undefined: it is none. */
export function judge(directory: string, log: string, expected: Expectation): Failure | undefined {
  const path = join(directory, '.weft.log');
  const ended = {log: path, tail: log.slice(-4096)};
  const signs = readSigns(path);
  const line = signs.initialization ?? signs.failed;
  if (line !== undefined) return {reason: 'log', line, ...ended};
  if (expected.allowEmpty || (!expected.writes && signs.noData === undefined)) return undefined;
  const written = filesBelow(directory, '.').some(name => !name.startsWith(OWN) && !isBookkeeping(name));
  if (written) return undefined;
  return {reason: 'output', message: emptyMessage(expected, signs.noData), paths: [], ...ended};
}

/** That a run did nothing, in a person's words. */
export function emptyMessage({task, about}: Expectation, noData: string | undefined): string {
  const accept = 'add `--allow-empty` if nothing is what you expect';
  if (noData !== undefined && /coadd/.test(noData))
    return `${about === '' ? 'the patch' : about} has no exposures (${noData}): outer patches often have none; ${accept}`;
  if (noData !== undefined)
    return `it found no data${about === '' ? '' : ` for ${about}`} (${noData}); see what there is with \`--show data\`, or ${accept}`;
  return `${task} wrote nothing${about === '' ? '' : ` for ${about}`}; ${accept}`;
}

/** How `--show …` runs: in a scratch rerun that is removed afterwards. What it printed is the value. */
export class ShowWork implements Work {
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly explain = explainLog;
  readonly #command: Command;
  readonly #parents: readonly string[];
  #mounts: readonly Mount[] = [];
  readonly #data: boolean;

  /** @param data the value is the list of data ids, not the text */
  constructor(command: Command, parents: readonly string[], fingerprint: Fingerprint, task: string, data: boolean) {
    this.#command = command;
    this.#parents = parents;
    this.#data = data;
    this.attempts = rerunsOf(command.root.path);
    this.stem = `${task}-${shortOf(fingerprint)}`;
    this.claims = join(this.attempts, '.claims');
  }

  mounts(): readonly Mount[] {
    return this.#mounts;
  }

  async prepare(attempt: Attempt): Promise<Result<string, Failure>> {
    const {directory} = attempt;
    if (this.#command.inside) this.#mounts = await commandMounts(this.#command, attempt);
    writeFileSync(join(directory, REPOSITORY_CFG), freshRerunCfg(this.#command.root, directory, this.#parents));
    const words = ['--rerun', `weft/${basename(directory)}`, ...this.#command.words.map(word => attempt.fill(word))];
    return ok(
      writeCommand(
        this.#command,
        directory,
        words,
        ` | tee ${bashQuote(join(directory, '.weft.stdout'))}; exit "\${PIPESTATUS[0]}"`,
      ),
    );
  }

  async finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const {directory} = attempt;
    const {initialization} = readSigns(join(directory, '.weft.log'));
    if (initialization !== undefined)
      return fail({reason: 'log', line: initialization, log: join(directory, '.weft.log'), tail: log.slice(-4096)});
    const text = readStdout(directory);
    const value: JsonValue = this.#data ? readShownData(text) : text;
    return ok({outputs: [], value});
  }
}

function readStdout(directory: string): string {
  try {
    return readFileSync(join(directory, '.weft.stdout'), 'utf8');
  } catch {
    return '';
  }
}
