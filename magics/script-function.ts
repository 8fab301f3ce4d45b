import {didYouMean} from '../kernel/cell/suggest.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import type {MagicContext, Problem} from '../kernel/session/magic.js';
import {relativeGlob} from './glob.js';
import {outProblem} from './out-problem.js';
import type {ScriptCall} from './script-call.js';
import type {ScriptLanguage} from './script-language.js';
import {readsAndMutates} from './script-root.js';
import {dedent, normalScript} from './script-text.js';
import {handleOf, placeholderOf, sourceOfJson, type Source} from './source.js';
import {TASK_KEYS, taskOptionsOf} from './task-options.js';

/** The options of the function of a script, and of its magic. */
const KNOWN = ['from', 'with', 'in', 'out', 'reads', 'mutates', 'value', 'always', ...TASK_KEYS];

/** Those of bash only. */
const FLAGS = ['strict', 'noStrict'];

/** Reads a call of `bash(script, options)` or `python(…)` (LANGUAGE 13): the same as the magic, in camelCase. */
export function readScriptCall(
  language: ScriptLanguage,
  values: readonly JsonValue[],
  context: MagicContext,
): {call: ScriptCall | undefined; problems: readonly Problem[]} {
  const own = language.name;
  const known = language.strict ? [...KNOWN, ...FLAGS] : KNOWN;
  const problems: Problem[] = [];
  const error = (message: string, hint?: string): void => {
    problems.push({code: 'W9002', severity: 'error', message, ...(hint === undefined ? {} : {hint})});
  };
  const [text, options = {}] = values;
  if (typeof text !== 'string') {
    error(`\`${own}\` takes a script, as text`, `${own}(\`…\`, {from: {det}})`);
    return {call: undefined, problems};
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    error(`the options of \`${own}\` are an object`, `${own}(script, {with: {x: 1}})`);
    return {call: undefined, problems};
  }
  const given = options as Readonly<Record<string, JsonValue>>;
  for (const key of Object.keys(given))
    if (!known.includes(key))
      error(`\`${own}\` has no option \`${key}\``, didYouMean(key, known) ?? `it has ${known.join(', ')}`);
  const variables = new Map<string, {source: Source}>();
  for (const group of ['with', 'from'] as const) {
    const map = given[group];
    if (map === undefined) continue;
    if (typeof map !== 'object' || map === null || Array.isArray(map)) {
      error(`\`${group}\` is an object of names and ${group === 'from' ? 'futures' : 'values'}`, `{${group}: {x}}`);
      continue;
    }
    for (const [name, value] of Object.entries(map as Readonly<Record<string, JsonValue>>)) {
      const why = language.whyNoName(name);
      if (why !== undefined) error(`\`${name}\` ${why}`, `give it another name: \`{${group}: {${name}_: …}}\``);
      if (variables.has(name))
        error(`two inputs have the name \`${name}\``, 'give one of them another name, here and in the script');
      const source = sourceOfJson(value, name, context);
      if (!source.ok) problems.push(source.error);
      else variables.set(name, {source: source.value});
    }
  }
  const list = (name: string): string[] | undefined => {
    const value = given[name];
    if (value === undefined) return undefined;
    const items: readonly JsonValue[] = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
    return items.map(item => {
      const node = context.node(handleOf(item) ?? '');
      if (node?.is === 'task') return placeholderOf(node);
      if (typeof item !== 'string') error(`\`${name}\` is a list of texts`, `{${name}: ['*.txt']}`);
      return typeof item === 'string' ? item : '';
    });
  };
  const {reads, mutates} = given;
  for (const [name, value] of Object.entries({reads, mutates}))
    if (value !== undefined && typeof value !== 'string')
      error(`\`${name}\` is the directory of a root repository, as a text`, `\`{${name}: 'DATA'}\``);
  if (reads !== undefined && mutates !== undefined) problems.push(readsAndMutates());
  const script = normalScript(dedent(text));
  if (script.trim() === '') error('the script is empty', `${own}('echo hello')`);
  const out = list('out');
  problems.push(...(out ?? []).flatMap(pattern => outProblem(pattern)));
  const call: ScriptCall = {
    script,
    variables,
    ...(typeof reads === 'string' ? {reads: {text: reads}} : {}),
    ...(typeof mutates === 'string' ? {reads: {text: mutates, writes: true}} : {}),
    in: (list('in') ?? []).map(pattern => ({pattern})),
    out: out?.map(pattern => relativeGlob(pattern).pattern),
    value: given['value'] === true,
    strict: given['strict'] !== false && given['noStrict'] !== true,
    always: given['always'] === true,
    options: taskOptionsOf(given, problems),
  };
  return {call, problems};
}
