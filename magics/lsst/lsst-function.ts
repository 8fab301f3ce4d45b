import {fillWord} from '../../kernel/cell/fill.js';
import {bodyWords} from '../../kernel/cell/words.js';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import type {MagicContext, Problem} from '../../kernel/session/magic.js';
import {dedent} from '../script-text.js';
import {handleOf, placeholderOf, sourceOfJson} from '../source.js';
import {TASK_KEYS, taskOptionsOf} from '../task-options.js';
import type {ArgumentWord, LsstCall, Parent} from './lsst-call.js';
import {rerunProblems, unknownVariable} from './line-problems.js';
import {pythonText} from './python-text.js';

type Given = Readonly<Record<string, JsonValue>>;

const KNOWN = [
  'from',
  'args',
  'id',
  'selectId',
  'config',
  'configFile',
  'split',
  'rerun',
  'repo',
  'mutates',
  ...TASK_KEYS,
];

/** A text as it is, anything else as JSON. */
const textOf = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));
const isObject = (value: JsonValue | undefined): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: JsonValue): readonly JsonValue[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]) : [value];

/** Reads `lsst(task, options)` (LANGUAGE 13): the same task as the magic's. */
export function readLsstCall(
  values: readonly JsonValue[],
  context: MagicContext,
): {readonly call: LsstCall | undefined; readonly problems: readonly Problem[]} {
  const problems: Problem[] = [];
  const error = (message: string, hint?: string): void => {
    problems.push({code: 'W9002', severity: 'error', message, ...(hint === undefined ? {} : {hint})});
  };
  const [task, typed = {}] = values;
  if (typeof task !== 'string' || !isObject(typed)) {
    error(
      '`lsst` takes the name of a task, and an object of options',
      "lsst('processCcd', {id: {visit: 903334, ccd: 16}})",
    );
    return {call: undefined, problems};
  }
  const options: Given = Object.fromEntries(
    Object.entries(typed).map(([key, value]) => [key, key === 'from' ? value : placedIn(value, key, context, error)]),
  );
  for (const key of Object.keys(options))
    if (!KNOWN.includes(key)) error(`\`lsst\` has no option \`${key}\``, `it has ${KNOWN.join(', ')}`);
  const text = (name: string): string | undefined => {
    const value = options[name];
    if (value === undefined || typeof value === 'string') return value;
    error(`\`${name}\` is a text`, `{${name}: '${name === 'repo' ? 'DATA' : 'manual1'}'}`);
    return undefined;
  };
  const rerun = text('rerun');
  const repo = text('repo');
  const given = options['split'];
  const keys =
    given === undefined
      ? undefined
      : listOf(given)
          .flatMap(each => textOf(each).split(','))
          .map(key => key.trim())
          .filter(key => key !== '');
  if (rerun !== undefined) problems.push(...rerunProblems(rerun, keys !== undefined));
  const from = options['from'] === undefined ? [] : readFrom(options['from'], context, problems);
  const words = optionWords(options, error);
  const body = options['args'];
  const call: LsstCall = {
    task: task.replace(/\.py$/, ''),
    words: environment => {
      const args = body === undefined ? {words: [], problems: []} : argumentWords(body, environment, context);
      return {words: [...args.words, ...words], problems: args.problems};
    },
    from,
    ...(rerun === undefined ? {} : {rerun}),
    ...(keys === undefined || keys.length === 0 ? {} : {split: keys}),
    ...(repo === undefined ? {} : {repo}),
    mutates: options['mutates'] === true,
    options: taskOptionsOf(options, problems),
    problems,
  };
  return {call, problems};
}

/** A value with the placeholders of the futures that stand in it. */
function placedIn(
  value: JsonValue,
  name: string,
  context: MagicContext,
  error: (message: string, hint?: string) => void,
): JsonValue {
  const id = handleOf(value);
  if (id !== undefined) {
    const node = context.node(id);
    if (node?.is === 'task') return placeholderOf(node);
    error(
      node === undefined ? `the future in \`${name}\` is unknown` : `\`${name}\` has the whole set \`${node.name}\``,
      node === undefined ? 'run the cell that makes it again' : 'take an element of it, or await it first',
    );
    return '';
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(each => placedIn(each, name, context, error));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, placedIn(each, `${name}.${key}`, context, error)]),
  );
}

function readFrom(value: JsonValue, context: MagicContext, problems: Problem[]): readonly Parent[] {
  return (Array.isArray(value) ? (value as readonly JsonValue[]) : [value]).flatMap((each, at): readonly Parent[] => {
    if (typeof each === 'string') {
      const name = /^rerun:(.+)$/.exec(each)?.[1];
      if (name !== undefined) return [{is: 'rerun', name}];
      const node = context.nodeAt(each);
      if (node?.is === 'task') return [{is: 'source', source: {is: 'task', node}, label: node.name}];
    }
    const source = sourceOfJson(each, `from${at === 0 ? '' : `[${at}]`}`, context);
    if (!source.ok) {
      problems.push(source.error);
      return [];
    }
    const label =
      source.value.is === 'task' ? source.value.node.name : source.value.is === 'set' ? source.value.set.name : 'from';
    return [{is: 'source', source: source.value, label}];
  });
}

const plain = (text: string): ArgumentWord => ({text, glob: false});

/** The words of the options that are the task's own, in the order in which they were given. */
function optionWords(options: Given, error: (message: string, hint?: string) => void): readonly ArgumentWord[] {
  const words: ArgumentWord[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (name === 'id' || name === 'selectId') {
      for (const id of value === true ? [{}] : listOf(value))
        words.push(plain(`--${name}`), ...idWords(id, name, error));
    } else if (name === 'config') {
      const pairs = isObject(value)
        ? Object.entries(value).map(([key, each]) => `${key}=${pythonText(each)}`)
        : listOf(value).map(each => textOf(each));
      if (pairs.length > 0) words.push(plain('--config'), ...pairs.map(plain));
    } else if (name === 'configFile')
      words.push(plain('--configfile'), ...listOf(value).map(each => plain(textOf(each))));
  }
  return words;
}

function idWords(
  id: JsonValue,
  name: string,
  error: (message: string, hint?: string) => void,
): readonly ArgumentWord[] {
  if (typeof id === 'string')
    return id
      .split(/\s+/)
      .filter(word => word !== '')
      .map(plain);
  if (!isObject(id)) {
    error(`\`${name}\` is an object: key to value, or a list of these`, `{${name}: {visit: 903334, ccd: [16, 22]}}`);
    return [];
  }
  return Object.entries(id).flatMap(([key, value]) => {
    const list = listOf(value);
    const scalars = list.filter(
      each => typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean',
    );
    if (scalars.length === list.length && list.length > 0) return [plain(`${key}=${scalars.map(String).join('^')}`)];
    const why =
      list.length === 0
        ? 'is an empty list: the data id would name nothing'
        : 'has elements that are no text, number or boolean';
    error(`\`${name}.${key}\` ${why}`);
    return [];
  });
}

function argumentWords(
  value: JsonValue,
  environment: Readonly<Record<string, string>>,
  context: MagicContext,
): {readonly words: readonly ArgumentWord[]; readonly problems: readonly Problem[]} {
  if (Array.isArray(value))
    return {
      words: (value as readonly JsonValue[]).map(each => plain(typeof each === 'string' ? each : pythonText(each))),
      problems: [],
    };
  const parsed = bodyWords(dedent(textOf(value)));
  const problems: Problem[] = [...parsed.diagnostics];
  const words = parsed.value.flatMap(word => {
    const filled = fillWord(
      word,
      {
        expression: (_span, code) => ({
          is: 'none',
          why: `an expression in plain text: write the text as a template with \`\${${code}}\``,
        }),
        variable: name => (Object.hasOwn(environment, name) ? environment[name] : undefined),
        unknownVariable: (name, span) => unknownVariable(name, span, context),
      },
      true,
    );
    problems.push(...filled.diagnostics);
    return filled.words;
  });
  // Places in an argument mean nothing in the cell.
  return {
    words: words.map(({text, glob, pattern}) => ({text, glob, pattern})),
    problems: problems.map(({code, severity, message, hint}) => ({
      code,
      severity,
      message,
      ...(hint === undefined ? {} : {hint}),
    })),
  };
}
