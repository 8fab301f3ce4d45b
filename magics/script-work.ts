import {lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import type {Digest, Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import type {Container, Mount} from '../kernel/graph/container.js';
import type {Failure} from '../kernel/graph/failure.js';
import type {Manifest} from '../kernel/graph/manifest.js';
import {shortOf, type Recipe} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../kernel/graph/work.js';
import type {MagicContext, SetupProbe} from '../kernel/session/magic.js';
import {attemptFiles, lostFile, staysInside} from './attempt-files.js';
import {bashQuote} from './bash-variables.js';
import {cleanExports} from './clean-environment.js';
import type {ScriptCall} from './script-call.js';
import type {Program, ScriptLanguage} from './script-language.js';
import type {ScriptRoot} from './script-root.js';
import {resultPlaces, taskMounts} from './task-mounts.js';
import {literalHint, readGlob} from './glob.js';
import {deadLink, outputLinks, saveTargets, straightenLinks} from './output-links.js';
import type {InputFile} from './script-inputs.js';

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
  readonly program: Program;
  /** The root repository that it reads. */
  readonly root: ScriptRoot | undefined;
  /** Whether its script and its environment ask nothing of the process. */
  readonly plain: boolean;
}

/** How a script is run and looked at. */
export class ScriptWork implements Work {
  readonly directory?: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly plain: boolean;
  readonly stdout?: string;
  readonly explain?: (log: string) => string | undefined;
  readonly #call: ScriptCall;
  readonly #recipe: Recipe;
  readonly #base: ScriptBase;
  readonly #language: ScriptLanguage;
  readonly #place: {readonly directory: string; readonly store: string};
  #mounts: readonly Mount[] = [];

  constructor(
    call: ScriptCall,
    recipe: Recipe,
    base: ScriptBase,
    fingerprint: Fingerprint,
    context: MagicContext,
    language: ScriptLanguage,
  ) {
    this.#call = call;
    this.#recipe = recipe;
    this.#base = base;
    this.#language = language;
    this.#place = {directory: context.directory, store: context.settings.store};
    this.claims = context.places.claims;
    this.plain = base.plain && !Object.keys(recipe.variables).some(name => name.startsWith('weft_'));
    if (call.value && base.container === undefined && language.stdout !== undefined) this.stdout = language.stdout;
    this.stem = `${language.name}-${shortOf(fingerprint)}`;
    if (language.explain !== undefined) this.explain = log => language.explain?.(log);
    if (call.value && call.out === undefined) this.attempts = context.places.scratch;
    else {
      this.directory = context.places.work(language.name, fingerprint);
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
    const temporary = this.#staysNamed ? directory : join(directory, '.weft.tmp');
    if (temporary !== directory) mkdirSync(temporary);
    const directories: Record<string, string> = {};
    for (const [name, variable] of Object.entries(this.#recipe.variables)) {
      if (variable.is === 'task') directories[name] = attempt.pathOf(variable.fingerprint);
      else if (variable.is === 'set') {
        directories[name] = join(directory, '.weft.in', name);
        mkdirSync(directories[name], {recursive: true});
        for (const [entry, fingerprint] of variable.entries)
          symlinkSync(attempt.pathOf(fingerprint), join(directories[name], entry));
      }
    }
    const started = this.#language.start({
      call: this.#call,
      recipe: this.#recipe,
      attempt,
      program: this.#base.program,
      text: attempt.fill(this.#recipe.arguments['script'] as string),
      directories,
      root: this.#base.root?.root.path,
      copied: this.stdout !== undefined,
      shared: this.plain && !this.#call.script.includes('.weft'),
    });
    if (!started.ok) return fail({reason: 'start', message: started.error});
    const task = [
      cleanExports(this.#base.setup.environment, this.#base.environment),
      this.#base.setup.text === '' ? '' : `${this.#base.setup.text}\n`,
      `cd ${bashQuote(directory)} || exit 125\n`,
      'unset OLDPWD\n',
      `export TMPDIR=${bashQuote(temporary)}\n`,
      started.value,
    ].join('');
    return ok(task);
  }

  /** Whether nothing stays but files that are named: then temporary ones may lie among them, and a directory for these is saved. */
  get #staysNamed(): boolean {
    const {out, value} = this.#call;
    return out === undefined ? value : !out.some(name => name === '.' || !readGlob(name).literal);
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
    const own = this.#base.root?.root.path;
    return taskMounts({
      directory,
      named: [...files, ...this.#base.code, ...results.named],
      roots: [...new Set([...results.roots, ...(own === undefined ? [] : [own])])],
    });
  }

  finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const {directory} = attempt;
    const ended = {log: join(directory, '.weft.log'), tail: log.slice(-4096)};
    let value: JsonValue | undefined;
    if (this.#call.value) {
      const parsed = this.#language.value(directory, attempt.said);
      if (!parsed.ok) return Promise.resolve(fail({reason: 'value', message: parsed.error, ...ended}));
      value = parsed.value;
    }
    const {out} = this.#call;
    const given = new Set(this.#base.files.flatMap(file => (file.linked ? [file.name] : [])));
    const named: string[] = [];
    const before = this.#call.value && out === undefined ? [] : attemptFiles(directory, '.', named);
    const links = outputLinks(
      directory,
      named.filter(name => !given.has(name)),
    );
    for (const name of given) removeLink(directory, name);
    // Weft's own files stay: the kernel may end before it has published, and the next one reads them again.
    if (this.#call.value && out === undefined) return Promise.resolve(ok({outputs: [], value: value ?? null}));
    const all = given.size === 0 ? before : attemptFiles(directory);
    const lost =
      lostFile(directory, all) ?? (out === undefined ? saveTargets(directory, links, new Set(all)) : undefined);
    if (lost !== undefined) return Promise.resolve(fail({reason: 'output', message: lost, paths: [], ...ended}));
    if (out === undefined) {
      straightenLinks(directory, links);
      return Promise.resolve(ok({outputs: all, ...(value === undefined ? {} : {value})}));
    }
    const outputs = new Set<string>(this.#language.outputs?.(directory).filter(name => all.includes(name)));
    const missing: string[] = [];
    const dead = new Set(links.flatMap(({name, target}) => (target === undefined ? [name] : [])));
    for (const glob of out) {
      const found = matches(all, glob);
      if (found.every(name => dead.has(name))) missing.push(glob);
      for (const name of found) outputs.add(name);
    }
    if (missing.length > 0 && !this.#call.options.allowEmpty) {
      const globs = missing.map(readGlob);
      const hint =
        missing.flatMap(glob => matches(all, glob)).map(name => deadLink(directory, name))[0] ??
        globs.map(literalHint).find(each => each !== undefined);
      const message = `it made no ${globs.map(({text}) => `\`${text}\``).join(', ')}${hint === undefined ? '' : `: ${hint}`}`;
      return Promise.resolve(fail({reason: 'output', message, paths: globs.map(({text}) => text), ...ended}));
    }
    const unnamed = saveTargets(directory, links, outputs);
    if (unnamed !== undefined) return Promise.resolve(fail({reason: 'output', message: unnamed, paths: [], ...ended}));
    for (const name of all) if (!outputs.has(name)) rmSync(join(directory, name));
    straightenLinks(directory, links);
    // Where there are no directories, the number of its names says so.
    if (statSync(directory).nlink !== 2) removeEmpty(directory);
    return Promise.resolve(ok({outputs: [...outputs].sort(), ...(value === undefined ? {} : {value})}));
  }

  recheck(manifest: Manifest): Promise<string | undefined> {
    return Promise.resolve(this.lacks(manifest));
  }

  /** Options that are not hashed may ask for more than the result has: what was allowed to be absent is not any more. */
  lacks({outputs}: Manifest): string | undefined {
    const {out, options} = this.#call;
    if (out === undefined || options.allowEmpty) return undefined;
    const all = outputs.map(({path}) => path);
    const missing = out.filter(glob => matches(all, glob).length === 0);
    const names = missing.map(glob => `\`${readGlob(glob).text}\``).join(', ');
    return missing.length === 0 ? undefined : `it made no ${names}, which \`--allow-empty\` allowed`;
  }
}

function matches(files: readonly string[], pattern: string): readonly string[] {
  const {literal, text, expression} = readGlob(pattern);
  if (text === '.') return files;
  if (literal) return files.filter(name => name === text || name.startsWith(`${text}/`));
  // A directory that the glob matches is taken whole.
  return files.filter(
    name =>
      expression.test(name) ||
      name.split('/').some((_, i, parts) => i > 0 && expression.test(parts.slice(0, i).join('/'))),
  );
}

/** Removes directories that have nothing in them any more. */
function removeEmpty(directory: string): void {
  for (const entry of readdirSync(directory, {withFileTypes: true})) {
    if (!entry.isDirectory() || entry.name.startsWith('.weft.')) continue;
    const path = join(directory, entry.name);
    removeEmpty(path);
    if (readdirSync(path).length === 0) rmSync(path, {recursive: true});
  }
}

function removeLink(directory: string, name: string): void {
  const path = join(directory, name);
  // A script may have put a file of its own in the link's place, or a link to elsewhere in that of its directory.
  if (!staysInside(directory, name)) return;
  if (lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() === true) rmSync(path);
  for (let parent = dirname(name); parent !== '.' && parent !== ''; parent = dirname(parent)) {
    if (attemptFiles(directory, parent).length > 0) return;
    rmSync(join(directory, parent), {recursive: true, force: true});
  }
}
