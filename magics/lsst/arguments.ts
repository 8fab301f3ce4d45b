import type {Problem} from '../../kernel/session/magic.js';
import {expandDataId, normalizeDataIds, parseDataId, type DataId} from './data-id.js';
import type {ArgumentWord} from './lsst-call.js';

/** An option of a command, or the words before the first one (`name` is then empty). */
export interface Argument {
  /** Without dashes, long form: `config` for `-c`. */
  readonly name: string;
  /** The option as it was typed. */
  readonly typed?: ArgumentWord;
  readonly values: readonly ArgumentWord[];
}

/** The options of every command-line task: how many words each takes. Source: `lsst/pipe_base:.../argumentParser.py`. */
const COMMON: Readonly<Record<string, 'none' | 'one' | 'many'>> = {
  id: 'many',
  selectId: 'many',
  calib: 'one',
  output: 'one',
  rerun: 'one',
  config: 'many',
  configfile: 'many',
  loglevel: 'many',
  longlog: 'none',
  debug: 'none',
  doraise: 'none',
  noExit: 'none',
  profile: 'one',
  show: 'many',
  processes: 'one',
  timeout: 'one',
  'clobber-output': 'none',
  'clobber-config': 'none',
  'no-backup-config': 'none',
  'clobber-versions': 'none',
  'no-versions': 'none',
  'config-file': 'many',
};

const SHORT: Readonly<Record<string, string>> = {
  c: 'config',
  C: 'configfile',
  L: 'loglevel',
  j: 'processes',
  t: 'timeout',
};

/** Options whose words are data ids. */
const ID_OPTION = /^(?:id|[a-z]+Id)$/;

/** Whether a word of a body is a value of a data id: what stands behind `--id` and its like. Asked word by word, in order. */
export function dataIdWords(): (raw: string) => boolean {
  let within = false;
  return raw => {
    const option = /^--?([A-Za-z][\w-]*)/.exec(raw)?.[1];
    if (option !== undefined) within = raw.startsWith('--') && ID_OPTION.test(option);
    return within;
  };
}

/** They change how a task runs, not what it writes. */
const NOT_HASHED: ReadonlySet<string> = new Set([
  'loglevel',
  'longlog',
  'doraise',
  'processes',
  'timeout',
  'no-versions',
  'profile',
]);

/** Options of Weft's own, which people write into the body. */
const OF_WEFT: ReadonlySet<string> = new Set([
  'from',
  'as',
  'split',
  'retries',
  'force',
  'container',
  'executor',
  'cpus',
  'mem',
  'allow-empty',
  'allow-failed',
  'bundle',
  'repo',
]);

/** Splits the words of a command at its options, as argparse does. */
export function readArguments(words: readonly ArgumentWord[]): readonly Argument[] {
  const result: {name: string; typed?: ArgumentWord; values: ArgumentWord[]}[] = [];
  let room = 0;
  for (const word of words) {
    const option = optionOf(word);
    if (option !== undefined) {
      const {name, value} = option;
      const takes = COMMON[name] ?? 'many';
      result.push({name, typed: word, values: value === undefined ? [] : [{...word, text: value}]});
      room = value !== undefined || takes === 'none' ? 0 : takes === 'one' ? 1 : Infinity;
      continue;
    }
    const last = result.at(-1);
    if (last !== undefined && room > 0) {
      last.values.push(word);
      room -= 1;
    } else if (last?.name === '') last.values.push(word);
    else result.push({name: '', values: [word]});
  }
  return result;
}

function optionOf(word: ArgumentWord): {readonly name: string; readonly value?: string} | undefined {
  const {text} = word;
  const long = /^--([A-Za-z][\w-]*)(?:=([^]*))?$/.exec(text);
  if (long !== null) {
    const typed = long[1] ?? '';
    const value = long[2] === undefined ? {} : {value: long[2]};
    if (typed in COMMON) return {name: typed === 'config-file' ? 'configfile' : typed, ...value};
    const near =
      typed.length < 3 ? [] : Object.keys(COMMON).filter(name => name.startsWith(typed) && !OF_WEFT.has(typed));
    return {name: near.length === 1 ? (near[0] ?? typed) : typed, ...value};
  }
  const short = /^-([A-Za-z])([^]*)$/.exec(text);
  if (short === null) return undefined;
  const name = SHORT[short[1] ?? ''];
  if (name === undefined) return {name: text.slice(1)};
  return {name, ...(short[2] === '' ? {} : {value: short[2] ?? ''})};
}

/** The arguments of a task in the form that is hashed, and what else Weft must know of them. */
export interface NormalArguments {
  /** Data ids by option (`id`, `selectId`), expanded and sorted. An empty data id means all. */
  readonly ids: Readonly<Record<string, readonly DataId[]>>;
  /** `-c` and `-C` in order; of a file its path, of which the content is hashed. */
  readonly config: readonly {readonly is: 'value' | 'file'; readonly word: ArgumentWord}[];
  /** The other options that are hashed, sorted by name. */
  readonly others: readonly (readonly [name: string, ...values: string[]])[];
  readonly positional: readonly ArgumentWord[];
  /** The items of `--show`. */
  readonly show: readonly string[];
}

/** Reads arguments into their normal form; says what is wrong with them, with its place. */
export function normalArguments(args: readonly Argument[]): {
  readonly value: NormalArguments;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const ids: Record<string, DataId[]> = {};
  const config: {is: 'value' | 'file'; word: ArgumentWord}[] = [];
  const others: [string, ...string[]][] = [];
  const positional: ArgumentWord[] = [];
  const show: string[] = [];
  const error = (code: `W${number}`, word: ArgumentWord | undefined, message: string, hint: string): void => {
    problems.push({code, severity: 'error', message, hint, ...(word?.span === undefined ? {} : {span: word.span})});
  };
  for (const {name, typed, values} of args) {
    if (name === '') positional.push(...values);
    else if (name === 'rerun' || name === 'output') {
      error(
        'W5005',
        typed,
        `\`--${name}\` stands in the body`,
        name === 'rerun'
          ? 'Weft names the rerun itself; a rerun of your own goes on the `%%lsst` line: `--rerun manual1`'
          : 'Weft says where the output goes',
      );
    } else if (OF_WEFT.has(name)) {
      const shown = [`--${name}`, ...values.map(({text}) => text)].join(' ');
      error(
        'W5005',
        typed,
        `\`--${name}\` is an option of Weft, but stands in the body`,
        `move it to the \`%%lsst\` line: \`%%lsst … ${shown}\``,
      );
    } else if (ID_OPTION.test(name)) {
      const parsed = parseDataId(values.map(({text}) => text));
      if (parsed.ok) (ids[name] ??= []).push(...expandDataId(parsed.value));
      else
        error(
          'W5002',
          values[parsed.error.token],
          parsed.error.message,
          'a data id is written `visit=903334^903336 ccd=16..25`',
        );
    } else if (name === 'config') for (const word of values) config.push({is: 'value', word});
    else if (name === 'configfile') for (const word of values) config.push({is: 'file', word});
    else if (name === 'show') show.push(...values.map(({text}) => text));
    else if (!NOT_HASHED.has(name)) others.push([name, ...values.map(({text}) => text)]);
  }
  for (const {is, word} of config) {
    if (is === 'value' && !word.text.includes('='))
      error('W5002', word, `\`${word.text}\` is no \`NAME=VALUE\``, `write \`${word.text}=…\``);
  }
  others.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const normal = Object.fromEntries(Object.entries(ids).map(([name, list]) => [name, normalizeDataIds(list)]));
  return {value: {ids: normal, config, others, positional, show}, problems};
}

/** True where the data ids are one exposure's chip, or one patch: then a failure may end the task at once. */
export function isOneDataId({ids}: NormalArguments): boolean {
  const [only, ...more] = ids['id'] ?? [];
  if (only === undefined || more.length > 0) return false;
  return ('visit' in only && 'ccd' in only) || ('tract' in only && 'patch' in only);
}

/** The words of arguments, as they were typed. */
export const wordsOf = (args: readonly Argument[]): readonly string[] =>
  args.flatMap(({typed, values}) => {
    const [first] = values;
    const texts = values.map(({text}) => text);
    if (typed === undefined) return texts;
    // `--mode=link` and `-j4` hold their value themselves.
    const joined =
      first !== undefined &&
      typed.span === first.span &&
      typed.text !== first.text &&
      typed.text.endsWith(first.text) &&
      values.length === 1 &&
      /^--[\w-]+=|^-[A-Za-z]./.test(typed.text);
    return joined ? [typed.text] : [typed.text, ...texts];
  });
