import {existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import type {Digest, Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {JsonObject, JsonValue} from '../kernel/fingerprint/json.js';
import type {Failure} from '../kernel/graph/failure.js';
import type {Manifest} from '../kernel/graph/manifest.js';
import {fingerprintOfRecipe, shortOf, type Recipe, type Variable} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../kernel/graph/work.js';
import type {Draft, Made, MagicContext, Problem, Row, SetupProbe} from '../kernel/session/magic.js';
import type {TaskNode} from '../kernel/session/node.js';
import type {Settled} from '../kernel/typescript/messages.js';
import {bashPreamble, bashQuote, bashText} from './bash-variables.js';
import type {ScriptCall} from './script-call.js';
import {filesBelow, globPattern, inputFiles, isGlob, type InputFile} from './script-inputs.js';
import {keyText, nodesOf, resolveSource, stopText, type Source} from './source.js';

/** The key of a task of a loop: `filter=HSC-R patch=1,1`. */
export const rowKey = (row: Row): string =>
  Object.entries(row)
    .map(([name, value]) => `${name}=${keyText(value)}`)
    .join(' ');

/** Plans one `%%bash` task. Input files are read now; futures are waited for later. */
export async function draftBash(call: ScriptCall, row: Row, context: MagicContext): Promise<Result<Draft, readonly Problem[]>> {
  const problems: Problem[] = [];
  const texts = [call.script, ...call.in.map(({pattern}) => pattern)];
  const placed = context.placeholders(texts.join('\n'));
  if (placed.mangled !== undefined) {
    problems.push({code: 'W9003', severity: 'error', message: `\`${placed.mangled}\` is a future's placeholder that was changed`, hint: 'use the future itself, or await it first'});
  }
  const plain = call.in.filter(({pattern}) => context.placeholders(pattern).nodes.length === 0);
  const files = await inputFiles(context.directory, plain.map(({pattern}) => pattern), call.options.allowEmpty, path => context.digest(path));
  if (!files.ok) {
    const span = plain.find(({pattern}) => pattern === files.error.pattern)?.span;
    problems.push({code: 'W7001', severity: 'error', message: files.error.message, hint: `it is looked for from ${context.directory}`, ...(span === undefined ? {} : {span})});
  }
  const setup = await context.setup();
  if (!setup.ok) problems.push(setup.error);
  if (problems.length > 0 || !files.ok || !setup.ok) return fail(problems);
  const sources: Record<string, Digest> = {};
  for (const path of [...context.settings.code].sort()) {
    const digest = await context.digest(path);
    if (!digest.ok) return fail([{code: 'W7002', severity: 'error', message: `\`%code\`: ${digest.error}`}]);
    sources[relative(context.directory, path)] = digest.value;
  }
  const environment = Object.fromEntries(context.settings.environment);
  const base = {sources, environment, setup: setup.value, files: files.value};
  const variables = [...call.variables];
  const {value, out} = call;
  const kind = value ? 'value' : 'files';
  const needs = [...new Set([...variables.flatMap(([, {source}]) => nodesOf(source)), ...placed.nodes])];
  return ok({
    name: 'bash',
    key: rowKey(row),
    kind,
    needs,
    make: () => make(call, base, placed, row, context),
    settle: manifest => settleScript(manifest, value, out !== undefined),
  });
}

/** What `await` gives for a script. */
export function settleScript(manifest: Manifest, value: boolean, out: boolean): Settled {
  const files = {path: manifest.directory ?? '', files: manifest.outputs.map(({path}) => path)};
  if (!value) return {is: 'files', ...files};
  return {is: 'value', value: manifest.value ?? null, ...(out ? {files} : {})};
}

interface Base {
  readonly sources: Readonly<Record<string, Digest>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly setup: SetupProbe;
  readonly files: readonly InputFile[];
}

async function make(call: ScriptCall, base: Base, placed: ReturnType<MagicContext['placeholders']>, row: Row, context: MagicContext): Promise<Made> {
  const variables: Record<string, Variable> = {};
  const needs = new Set<Fingerprint>();
  for (const [name, {source}] of call.variables) {
    const resolved = await resolveSource(placedSource(source));
    if (!resolved.ok) return resolved.error;
    variables[name] = resolved.value.variable;
    for (const need of resolved.value.needs) needs.add(need);
  }
  const fingerprints = new Map<TaskNode, Fingerprint>();
  for (const node of placed.nodes) {
    const known = await node.known();
    if (!known.ok) return {is: 'blocked', blocked: {because: stopText(node.label, known.error)}};
    fingerprints.set(node, known.value.fingerprint);
    needs.add(known.value.fingerprint);
  }
  const fill = (text: string): string => context.placeholders(text).replace(fingerprints);
  const script = fill(call.script);
  const placedIn = call.in.map(({pattern}) => fill(pattern)).filter(pattern => pattern.includes('/weft::'));
  const inputs = [...needs].sort().map(fingerprint => ({is: 'task', fingerprint}) as const);
  const args: Record<string, JsonValue> = {script};
  if (!call.strict) args['strict'] = false;
  if (call.value) args['value'] = true;
  if (call.out !== undefined) args['out'] = [...new Set(call.out)].sort();
  if (placedIn.length > 0) args['in'] = [...placedIn].sort();
  const recipe: Recipe = {
    kind: 'bash',
    name: 'bash',
    arguments: args as JsonObject,
    variables,
    inputs,
    setup: base.setup.identity,
    ...(Object.keys(base.sources).length === 0 ? {} : {sources: base.sources}),
    ...(Object.keys(base.environment).length === 0 ? {} : {environment: base.environment}),
    ...(base.files.length === 0 ? {} : {files: Object.fromEntries(base.files.map(({name, digest}) => [name, digest]))}),
  };
  const fingerprint = fingerprintOfRecipe(recipe);
  return {
    is: 'task',
    task: {
      fingerprint,
      recipe,
      name: 'bash',
      key: rowKey(row),
      needs: [...needs],
      placement: context.placement(call.options),
      work: new BashWork(call, recipe, base, fingerprint, context),
      ...(call.options.force || call.always ? {force: true} : {}),
    },
  };
}

// A source is resolved as it is; the name says that its placeholders have been seen to.
const placedSource = (source: Source): Source => source;

/** How a bash script is run and looked at. */
class BashWork implements Work {
  readonly directory?: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly #call: ScriptCall;
  readonly #recipe: Recipe;
  readonly #base: Base;

  constructor(call: ScriptCall, recipe: Recipe, base: Base, fingerprint: Fingerprint, context: MagicContext) {
    this.#call = call;
    this.#recipe = recipe;
    this.#base = base;
    this.claims = context.places.claims;
    this.stem = `bash-${shortOf(fingerprint)}`;
    if (call.value && call.out === undefined) this.attempts = context.places.scratch;
    else {
      this.directory = context.places.work('bash', fingerprint);
      this.attempts = dirname(this.directory);
    }
  }

  prepare(attempt: Attempt): Promise<Result<string | undefined, Failure>> {
    const {directory} = attempt;
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
        for (const [entry, fingerprint] of variable.entries) symlinkSync(attempt.pathOf(fingerprint), join(texts[name], entry));
      }
      if (texts[name].includes('\0')) return Promise.resolve(fail({reason: 'start', message: `the value of \`${name}\` has a NUL, which bash can't hold`}));
    }
    const text = attempt.fill(String(this.#recipe.arguments['script']));
    writeFileSync(join(directory, '.weft.script'), `${text}\n`);
    const run = '. ./.weft.script';
    const task = [
      this.#base.setup.text === '' ? '' : `${this.#base.setup.text}\n`,
      `cd ${bashQuote(directory)} || exit 125\n`,
      `export TMPDIR=${bashQuote(join(directory, '.weft.tmp'))}\n`,
      bashPreamble(texts),
      `WEFT_OUT=${bashQuote(directory)}\n`,
      this.#call.strict ? 'set -euo pipefail\n' : '',
      this.#call.value ? `set -o pipefail; ( ${run} ) | tee .weft.stdout\n` : `${run}\n`,
    ].join('');
    writeFileSync(join(directory, '.weft.task'), task);
    return Promise.resolve(ok(`exec ${cleanEnvironment(this.#base.setup.environment, this.#base.environment)} bash --noprofile --norc ${bashQuote(join(directory, '.weft.task'))}\n`));
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
    for (const own of ['.weft.in', '.weft.tmp', '.weft.script', '.weft.task', '.weft.stdout']) rmSync(join(directory, own), {recursive: true, force: true});
    const {out} = this.#call;
    if (this.#call.value && out === undefined) return Promise.resolve(ok({outputs: [], value: value ?? null}));
    const all = filesBelow(directory, '.').filter(name => !name.startsWith('.weft'));
    if (out === undefined) return Promise.resolve(ok({outputs: all, ...(value === undefined ? {} : {value})}));
    const outputs = new Set<string>();
    const missing: string[] = [];
    for (const glob of out) {
      const found = matches(all, glob);
      if (found.length === 0 && !existsSync(join(directory, glob))) missing.push(glob);
      for (const name of found) outputs.add(name);
    }
    if (missing.length > 0 && !this.#call.options.allowEmpty) {
      const message = `the script ended well, but made no ${missing.map(glob => `\`${glob}\``).join(', ')}`;
      return Promise.resolve(fail({reason: 'output', message, paths: missing, ...ended}));
    }
    for (const name of all) if (!outputs.has(name)) rmSync(join(directory, name));
    return Promise.resolve(ok({outputs: [...outputs].sort(), ...(value === undefined ? {} : {value})}));
  }
}

function matches(files: readonly string[], glob: string): readonly string[] {
  const clean = glob.replace(/^(\.\/)+/, '').replace(/\/$/, '');
  if (clean === '.') return files;
  if (!isGlob(clean)) return files.filter(name => name === clean || name.startsWith(`${clean}/`));
  const pattern = globPattern(clean);
  // A directory that the glob matches is taken whole.
  return files.filter(name => pattern.test(name) || name.split('/').some((_, i, parts) => i > 0 && pattern.test(parts.slice(0, i).join('/'))));
}

function removeLink(directory: string, name: string): void {
  rmSync(join(directory, name), {force: true});
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

/** `env -i` with the clean environment of a task (LANGUAGE 4): the probed one, what is declared, and a few fixed names. */
export function cleanEnvironment(probed: Readonly<Record<string, string>>, declared: Readonly<Record<string, string>>): string {
  const environment: Record<string, string> = {LC_ALL: 'C.UTF-8', PYTHONNOUSERSITE: '1', ...probed, ...declared};
  const words = Object.entries(environment)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => bashQuote(`${name}=${value}`));
  return `env -i ${words.join(' ')}`;
}
