import {lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import type {Digest, Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import type {Container, Mount} from '../kernel/graph/container.js';
import type {Failure} from '../kernel/graph/failure.js';
import {shortOf, type Recipe} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../kernel/graph/work.js';
import type {MagicContext, SetupProbe} from '../kernel/session/magic.js';
import {bashPreamble, bashQuote, bashText} from './bash-variables.js';
import {cleanExports} from './clean-environment.js';
import type {ScriptCall} from './script-call.js';
import {resultPlaces, taskMounts} from './task-mounts.js';
import {filesBelow, globPattern, isGlob, type InputFile} from './script-inputs.js';

/** What a script's task stands on besides its call, read when the cell ran. */
export interface ScriptBase {
  readonly sources: Readonly<Record<string, Digest>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly setup: SetupProbe;
  readonly files: readonly InputFile[];
  /** Paths of declared code. */
  readonly code: readonly string[];
  /** Undefined: it runs on the host. */
  readonly container: Container | undefined;
}

/** How a bash script is run and looked at. */
export class BashWork implements Work {
  readonly directory?: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly #call: ScriptCall;
  readonly #recipe: Recipe;
  readonly #base: ScriptBase;
  readonly #place: {readonly directory: string; readonly store: string};
  #mounts: readonly Mount[] = [];

  constructor(call: ScriptCall, recipe: Recipe, base: ScriptBase, fingerprint: Fingerprint, context: MagicContext) {
    this.#call = call;
    this.#recipe = recipe;
    this.#base = base;
    this.#place = {directory: context.directory, store: context.settings.store};
    this.claims = context.places.claims;
    this.stem = `bash-${shortOf(fingerprint)}`;
    if (call.value && call.out === undefined) this.attempts = context.places.scratch;
    else {
      this.directory = context.places.work('bash', fingerprint);
      this.attempts = dirname(this.directory);
    }
  }

  async prepare(attempt: Attempt): Promise<Result<string | undefined, Failure>> {
    const {directory} = attempt;
    if (this.#base.container !== undefined) this.#mounts = await this.#places(attempt);
    for (const file of this.#base.files) {
      if (!file.linked) continue;
      const link = join(directory, file.name);
      mkdirSync(dirname(link), {recursive: true});
      symlinkSync(resolve(file.path), link);
    }
    mkdirSync(join(directory, '.weft.tmp'));
    const texts: Record<string, string> = {};
    for (const [name, variable] of Object.entries(this.#recipe.variables)) {
      if (variable.is === 'json') texts[name] = attempt.fill(bashText(variable.value));
      else if (variable.is === 'task') texts[name] = attempt.pathOf(variable.fingerprint);
      else {
        texts[name] = join(directory, '.weft.in', name);
        mkdirSync(texts[name], {recursive: true});
        for (const [entry, fingerprint] of variable.entries)
          symlinkSync(attempt.pathOf(fingerprint), join(texts[name], entry));
      }
      if (texts[name].includes('\0'))
        return fail({reason: 'start', message: `the value of \`${name}\` has a NUL, which bash can't hold`});
    }
    const text = attempt.fill(this.#recipe.arguments['script'] as string);
    writeFileSync(join(directory, '.weft.script'), `${text}\n`);
    const run = '. ./.weft.script';
    const task = [
      cleanExports(this.#base.setup.environment, this.#base.environment),
      this.#base.setup.text === '' ? '' : `${this.#base.setup.text}\n`,
      `cd ${bashQuote(directory)} || exit 125\n`,
      'unset OLDPWD\n',
      `export TMPDIR=${bashQuote(join(directory, '.weft.tmp'))}\n`,
      bashPreamble(texts),
      `WEFT_OUT=${bashQuote(directory)}\n`,
      this.#call.strict ? 'set -euo pipefail\n' : '',
      this.#call.value
        ? `set -o pipefail; ( ${this.#call.strict ? '' : 'set +o pipefail; '}${run} ) | tee .weft.stdout\n`
        : `${run}\n`,
    ].join('');
    return ok(task);
  }

  mounts(): readonly Mount[] {
    return this.#mounts;
  }

  #places(attempt: Attempt): Promise<readonly Mount[]> {
    const {directory, store} = this.#place;
    const needs = this.#recipe.inputs.flatMap(input =>
      input.is === 'task' ? [attempt.pathOf(input.fingerprint)] : [],
    );
    const results = resultPlaces(needs, store);
    const files = this.#base.files.map(({path}) => resolve(path));
    return taskMounts({directory, named: [...files, ...this.#base.code, ...results.named], roots: results.roots});
  }

  finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const {directory} = attempt;
    const ended = {log: join(directory, '.weft.log'), tail: log.slice(-4096)};
    let value: JsonValue | undefined;
    if (this.#call.value) {
      const parsed = valueOf(readFileSync(join(directory, '.weft.stdout'), 'utf8'));
      if (!parsed.ok) return Promise.resolve(fail({reason: 'value', message: parsed.error, ...ended}));
      value = parsed.value;
    }
    for (const file of this.#base.files) if (file.linked) removeLink(directory, file.name);
    // Weft's own files stay: the kernel may end before it has published, and the next one reads them again.
    const {out} = this.#call;
    if (this.#call.value && out === undefined) return Promise.resolve(ok({outputs: [], value: value ?? null}));
    const all = filesBelow(directory, '.').filter(name => !name.startsWith('.weft'));
    if (out === undefined) return Promise.resolve(ok({outputs: all, ...(value === undefined ? {} : {value})}));
    const outputs = new Set<string>();
    const missing: string[] = [];
    for (const glob of out) {
      const found = matches(all, glob);
      if (found.length === 0) missing.push(glob);
      for (const name of found) outputs.add(name);
    }
    if (missing.length > 0 && !this.#call.options.allowEmpty) {
      const message = `the script ended well, but made no ${missing.map(glob => `\`${glob}\``).join(', ')}`;
      return Promise.resolve(fail({reason: 'output', message, paths: missing, ...ended}));
    }
    for (const name of all) if (!outputs.has(name)) rmSync(join(directory, name));
    removeEmpty(directory);
    return Promise.resolve(ok({outputs: [...outputs].sort(), ...(value === undefined ? {} : {value})}));
  }
}

function matches(files: readonly string[], glob: string): readonly string[] {
  const clean = glob.replace(/^(\.\/)+/, '').replace(/\/$/, '');
  if (clean === '.') return files;
  if (!isGlob(clean)) return files.filter(name => name === clean || name.startsWith(`${clean}/`));
  const pattern = globPattern(clean);
  // A directory that the glob matches is taken whole.
  return files.filter(
    name =>
      pattern.test(name) || name.split('/').some((_, i, parts) => i > 0 && pattern.test(parts.slice(0, i).join('/'))),
  );
}

/** Removes directories that have nothing in them any more. */
function removeEmpty(directory: string): void {
  for (const entry of readdirSync(directory, {withFileTypes: true})) {
    if (!entry.isDirectory() || entry.name.startsWith('.weft')) continue;
    const path = join(directory, entry.name);
    removeEmpty(path);
    if (readdirSync(path).length === 0) rmSync(path, {recursive: true});
  }
}

function removeLink(directory: string, name: string): void {
  const path = join(directory, name);
  // A script may have put a file of its own in the link's place.
  if (lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() === true) rmSync(path);
  for (let parent = dirname(name); parent !== '.' && parent !== ''; parent = dirname(parent)) {
    if (filesBelow(directory, parent).length > 0) return;
    rmSync(join(directory, parent), {recursive: true, force: true});
  }
}

/** The value of a script with `--value`: its last non-empty line of stdout, else all of it (LANGUAGE 9). */
export function valueOf(stdout: string): Result<JsonValue, string> {
  const lines = stdout.split('\n').filter(line => line.trim() !== '');
  const last = lines.at(-1);
  if (last === undefined) return fail('it printed nothing: the last line of its standard output must be JSON');
  for (const text of [last, stdout]) {
    try {
      return ok(JSON.parse(text) as JsonValue);
    } catch {
      continue;
    }
  }
  return fail(`the last line of its standard output is no JSON: ${last.length > 80 ? `${last.slice(0, 80)}…` : last}`);
}
