import {relative} from 'node:path';
import type {Digest, Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import type {Manifest} from '../kernel/graph/manifest.js';
import {fingerprintOfRecipe, fingerprintsOfVariables, type Recipe, type Variable} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Task} from '../kernel/graph/work.js';
import type {Draft, Made, MagicContext, Problem, Row} from '../kernel/session/magic.js';
import type {Repeat} from '../kernel/session/repeat.js';
import type {Settled} from '../kernel/typescript/messages.js';
import {contentsOf} from './script-contents.js';
import {recipeOf} from './script-recipe.js';
import type {ScriptLanguage} from './script-language.js';
import {ScriptWork, type ScriptBase} from './script-work.js';
import {
  knownText,
  mapStrings,
  placedIn,
  stringsOf,
  UNSAFE_IN_PATH,
  type KnownText,
  type PlacedText,
} from './placed-text.js';
import type {ScriptCall} from './script-call.js';
import {mutableProblems} from './mutable.js';
import {isPlainEnvironment} from './plain-script.js';
import {readGlob} from './glob.js';
import {inputsOf} from './call-inputs.js';
import {CHANGES} from './lsst/root-changes.js';
import {MutatingWork} from './script-mutation.js';
import {ScriptRoot} from './script-root.js';
import {resolveSource} from './resolve-source.js';
import {placementNotes} from './task-options.js';
import {keyText, nodesOf} from './source.js';

/** The key of a task of a loop: `filter=HSC-R patch=1,1`. */
export const rowKey = (row: Row): string =>
  Object.entries(row)
    .map(([name, value]) => `${name}=${keyText(value)}`)
    .join(' ');

/** What a script's call stands on, and the futures that stand in its texts. Input files are read now: a task that finds others later fails. */
async function baseOf(
  language: ScriptLanguage,
  call: ScriptCall,
  context: MagicContext,
): Promise<Result<{readonly base: ScriptBase; readonly placed: PlacedText}, readonly Problem[]>> {
  const problems: Problem[] = [];
  const values = [...call.variables].flatMap(([, {source}]) => (source.is === 'json' ? stringsOf(source.value) : []));
  const patterns = call.in.map(({pattern}) => readGlob(pattern).text);
  const inScript = placedIn([call.script], context);
  const placed = placedIn([call.script, ...patterns, ...values], context);
  const {mangled} = call.verbatim === true ? placedIn([...patterns, ...values], context) : placed;
  if (mangled !== undefined) {
    problems.push({
      code: 'W9003',
      severity: 'error',
      message: `\`${mangled}\` is a future's placeholder that was changed`,
      hint: 'use the future itself, or await it first',
    });
  }
  problems.push(...mutableProblems(call.variables.values(), placed.nodes));
  const unsafe = UNSAFE_IN_PATH.exec(context.settings.store)?.[0];
  if (call.verbatim !== true && unsafe !== undefined && inScript.nodes.some(node => node.kind === 'files')) {
    problems.push({
      code: 'W9005',
      severity: 'error',
      message: `the path of a result has \`${unsafe}\` in it, which means something else in a script`,
      hint: 'give the future a name instead: `{from: {x: future}}`, and write `"$x"` in the script',
    });
  }
  const found = await inputsOf(call, context);
  problems.push(...found.problems);
  const root = ScriptRoot.of(call.reads, context);
  if (!root.ok) problems.push(root.error);
  const container = await context.container(call.options.container);
  if (!container.ok) return fail([...problems, container.error]);
  const setup = await context.setup(container.value);
  if (!setup.ok) problems.push(setup.error);
  if (problems.length > 0 || !setup.ok || !root.ok) return fail(problems);
  const program = await language.program(context, setup.value, container.value);
  if (!program.ok) return fail([program.error]);
  const sources: Record<string, Digest> = {};
  for (const path of [...context.settings.code].sort()) {
    const digest = await context.digest(path);
    if (!digest.ok) return fail([{code: 'W7002', severity: 'error', message: `\`%code\`: ${digest.error}`}]);
    sources[relative(context.directory, path)] = digest.value;
  }
  const environment = Object.fromEntries(context.settings.environment);
  const base: ScriptBase = {
    sources,
    environment,
    setup: setup.value,
    files: found.files,
    code: [...context.settings.code],
    container: container.value,
    program: program.value,
    root: root.value,
    plain:
      container.value === undefined &&
      setup.value.text === '' &&
      isPlainEnvironment({...setup.value.environment, ...environment}) &&
      language.plain?.(call.script) === true,
  };
  return ok({base, placed});
}

/** What is wrong with a script's call, besides what reading it has found. */
export async function scriptErrors(
  language: ScriptLanguage,
  call: ScriptCall,
  context: MagicContext,
): Promise<readonly Problem[]> {
  const read = await baseOf(language, call, context);
  return read.ok ? [] : read.error;
}

/** Plans one task of a script. Futures are waited for later. */
export async function draftScript(
  language: ScriptLanguage,
  call: ScriptCall,
  row: Row,
  context: MagicContext,
): Promise<Result<Draft, readonly Problem[]>> {
  const read = await baseOf(language, call, context);
  if (!read.ok) return read;
  const {base, placed} = read.value;
  const needs = [...new Set([...[...call.variables].flatMap(([, {source}]) => nodesOf(source)), ...placed.nodes])];
  const after = (base.root?.before ?? []).filter(node => !needs.includes(node));
  return ok({
    ...sharedOf(language, call, base, context),
    key: rowKey(row),
    needs: [...needs, ...after],
    after,
    planned: node => base.root?.planned(node),
    make: () => make(language, call, base, placed, row, context),
  });
}

/** Plans the tasks of a loop of scripts. Undefined where more than the values of the loop variables may differ, or one is run whatever is cached. */
export async function repeatScript(
  language: ScriptLanguage,
  call: ScriptCall,
  row: Row,
  context: MagicContext,
): Promise<Result<Repeat | undefined, readonly Problem[]>> {
  if (call.options.force || call.always || call.verbatim !== true) return ok(undefined);
  const fixed: Record<string, Variable> = {};
  for (const [name, {source}] of call.variables) {
    if (source.is !== 'json') return ok(undefined);
    if (Object.hasOwn(row, name) && source.value !== row[name]) return ok(undefined);
    if (!Object.hasOwn(row, name)) fixed[name] = {is: 'json', value: source.value};
  }
  const read = await baseOf(language, call, context);
  if (!read.ok) return read;
  const {base, placed} = read.value;
  if (placed.nodes.length > 0 || base.root !== undefined) return ok(undefined);
  const rest = recipeOf(language, call, base, call.script, []);
  const fingerprint = fingerprintsOfVariables(rest);
  const variablesOf = (values: Row): Recipe['variables'] => {
    const variables = {...fixed};
    for (const name in values) variables[name] = {is: 'json', value: values[name] ?? null};
    return variables;
  };
  const task = (values: Row): Task =>
    taskOf(
      language,
      {...call, variables: new Map()},
      base,
      {...rest, variables: variablesOf(values)},
      [],
      values,
      context,
    );
  return ok({
    ...sharedOf(language, call, base, context),
    takes: value => stringsOf(value).every(text => !MAY_BE_FUTURE.test(text)),
    fingerprint: values => fingerprint(variablesOf(values)),
    key: rowKey,
    task,
  });
}

/** What a text has that may name a future: by placeholder, or by the path of its result. */
const MAY_BE_FUTURE = /weft|\/work\//;

/** What all tasks of a call have in common. */
function sharedOf(
  language: ScriptLanguage,
  call: ScriptCall,
  base: ScriptBase,
  context: MagicContext,
): Pick<Draft, 'name' | 'kind' | 'files' | 'settle' | 'pictures' | 'notes'> {
  const {value, out} = call;
  const pictures = language.pictures?.bind(language);
  return {
    name: language.name,
    kind: value ? 'value' : 'files',
    ...(value && out !== undefined ? {files: true} : {}),
    settle: manifest => settleScript(manifest, value, out !== undefined, base.root?.writes === true),
    ...(pictures === undefined ? {} : {pictures}),
    notes: placementNotes(call.options, base.container, context.settings),
  };
}

/** What `await` gives for a script. */
export function settleScript(manifest: Manifest, value: boolean, out: boolean, mutates = false): Settled {
  const outputs = manifest.outputs.map(({path}) => path);
  const files = {path: manifest.directory ?? '', files: mutates ? outputs.filter(path => path !== CHANGES) : outputs};
  if (!value) return {is: 'files', ...files};
  return {is: 'value', value: manifest.value ?? null, ...(out ? {files} : {})};
}

async function make(
  language: ScriptLanguage,
  call: ScriptCall,
  base: ScriptBase,
  placed: PlacedText,
  row: Row,
  context: MagicContext,
): Promise<Made> {
  const resolved = new Map<string, Variable>();
  const needs = new Set<Fingerprint>();
  const missing: string[] = [];
  for (const [name, {source}] of call.variables) {
    const each = await resolveSource(source, Math.max(0, call.options.allowFailed - missing.length));
    if (!each.ok) return each.error;
    resolved.set(name, each.value.variable);
    for (const need of each.value.needs) needs.add(need);
    missing.push(...(each.value.missing ?? []));
  }
  // What a value says of another result, by its path, is as good as the future itself.
  const said = [...resolved.values()].flatMap(each => (each.is === 'json' ? stringsOf(each.value) : []));
  const nodes = [...new Set([...placed.nodes, ...placedIn(said, context).nodes])];
  const known = await knownText({...placed, nodes}, context);
  if (!known.ok) return known.error;
  const fill = (text: string): string => known.value.fill(text);
  for (const need of known.value.needs) needs.add(need);
  const variables: Record<string, Variable> = {};
  for (const [name, each] of resolved)
    variables[name] = each.is === 'json' ? textVariable(each.value, known.value) : each;
  const identity = await base.root?.identity();
  if (identity?.ok === false) return identity.error;
  const script = fill(call.script);
  const placedPatterns = call.in
    .map(({pattern}) => fill(readGlob(pattern).text))
    .filter(pattern => pattern.includes('/weft::'));
  const inputs: Recipe['inputs'] = [
    ...[...needs].sort().map(fingerprint => ({is: 'task', fingerprint}) as const),
    ...(identity?.value === undefined ? [] : [{is: 'root', identity: identity.value} as const]),
  ];
  const rest = recipeOf(language, call, base, script, inputs, placedPatterns, missing);
  const task = taskOf(language, call, base, {...rest, variables}, [...needs], row, context);
  const work = identity?.value === undefined ? task.work : (base.root?.watched(task.work, identity.value) ?? task.work);
  return {is: 'task', task: {...task, work}};
}

function taskOf(
  language: ScriptLanguage,
  call: ScriptCall,
  base: ScriptBase,
  recipe: Recipe,
  needs: readonly Fingerprint[],
  row: Row,
  context: MagicContext,
): Task {
  const fingerprint = fingerprintOfRecipe(recipe);
  const script = new ScriptWork(call, recipe, base, fingerprint, context, language);
  const {root} = base;
  const changed = root?.writes === true ? root : undefined;
  const lane = changed?.root.path;
  return {
    fingerprint,
    recipe,
    name: language.name,
    key: rowKey(row),
    needs,
    placement: context.placement(call.options, base.container),
    work: changed === undefined ? script : new MutatingWork(script, language.name, changed.root.path, fingerprint),
    ...contentsOf(base, context),
    ...(lane === undefined ? {} : {lane}),
    ...(call.out === undefined || call.options.allowEmpty
      ? {}
      : {lacks: (manifest: Manifest) => script.lacks(manifest)}),
    ...(root === undefined ? {} : {turn: () => root.turn()}),
    ...(call.options.force || call.always ? {force: true} : {}),
  };
}

/** A value in which futures may stand as text; one that is a future's directory and no more is that future. */
function textVariable(value: JsonValue, known: KnownText): Variable {
  const filled = mapStrings(value, text => known.fill(text));
  const whole = typeof filled === 'string' ? /^\/weft::([0-9a-f]{64})$/.exec(filled)?.[1] : undefined;
  return whole === undefined ? {is: 'json', value: filled} : {is: 'task', fingerprint: whole as Fingerprint};
}
