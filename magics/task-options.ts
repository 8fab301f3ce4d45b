import {parseDuration} from '../kernel/cell/duration.js';
import {parseSize} from '../kernel/cell/size.js';
import type {Span} from '../kernel/cell/source.js';
import type {MagicLine, OptionSyntax, Takes, Word} from '../kernel/cell/syntax.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import type {Container} from '../kernel/graph/container.js';
import {tooLarge, type Capacity} from '../kernel/graph/too-large.js';
import type {MagicContext, Problem} from '../kernel/session/magic.js';

/** The options of every task magic (LANGUAGE 2), with how many words each takes. */
export const TASK_OPTIONS: Readonly<Record<string, Takes>> = {
  as: 'one',
  from: 'one',
  container: 'one',
  executor: 'one',
  cpus: 'one',
  mem: 'one',
  time: 'one',
  retries: 'one',
  force: 'none',
  'allow-empty': 'none',
  'allow-failed': 'one',
};

/** The same as keys of the options of a task's function, but for `from`, which each reads in a way of its own (LANGUAGE 13). */
export const TASK_KEYS: readonly string[] = [
  'as',
  'cpus',
  'mem',
  'time',
  'retries',
  'force',
  'allowEmpty',
  'allowFailed',
  'container',
  'executor',
  'bundle',
];

/** Names that no cell can bind: the functions of LANGUAGE 13. */
export const OWN_NAMES: readonly string[] = ['lsst', 'bash', 'python', 'pipetask', 'join', 'repo', 'all', 'display'];

/** What the options of every task magic say. Bytes and seconds. */
export interface TaskOptions {
  readonly cpus?: number;
  readonly cpusSpan?: Span;
  readonly memory?: number;
  readonly memorySpan?: Span;
  readonly time?: number;
  readonly retries?: number;
  /** How many tasks share one start of a container; at least 1. */
  readonly bundle?: number;
  readonly bundleSpan?: Span;
  /** `[RUNTIME:]REF` or `none`, as typed. Absent: the notebook's. */
  readonly container?: ContainerOption;
  readonly force: boolean;
  readonly allowEmpty: boolean;
  readonly allowFailed: number;
}

/** What `--container` says, and where; a function's option has no place. */
export interface ContainerOption {
  readonly text: string;
  readonly span?: Span;
}

/** The values of an option that is given at most once; the last one holds. */
export const optionOf = (line: MagicLine, name: string): OptionSyntax | undefined =>
  line.options.findLast(option => option.name === name);

/** True for a flag that is there. */
export const hasFlag = (line: MagicLine, name: string): boolean => line.options.some(option => option.name === name);

/** The word of an option as plain text: without expressions. */
export const plainValue = (option: OptionSyntax): string => option.values.map(plainWord).join(' ');

const plainWord = (word: Word): string =>
  word.pieces.map(piece => (piece.is === 'text' ? piece.text : word.raw)).join('');

/** What there is to say of where and how a task runs: of what it asks for in vain. For a draft's notes. */
export const placementNotes = (
  options: TaskOptions,
  container: Container | undefined,
  {slots, memory = Infinity}: Pick<MagicContext['settings'], 'slots' | 'memory'>,
): readonly Problem[] => [...bundleNotes(options, container), ...sizeNotes(options, {slots, memory})];

/** A warning where a task asks for more than there is: it is no error, since its result may be cached. */
function sizeNotes(options: TaskOptions, capacity: Capacity): readonly Problem[] {
  const {cpus = 1, cpusSpan, memory, memorySpan} = options;
  const large = tooLarge({cpus, ...(memory === undefined ? {} : {memory})}, capacity);
  if (large === undefined) return [];
  const span = large.of === 'cpus' ? cpusSpan : memorySpan;
  return [
    {
      code: 'W8004',
      severity: 'warning',
      message: `the task can't start here: ${large.message}`,
      hint: large.remedy,
      ...(span === undefined ? {} : {span}),
    },
  ];
}

/** A note where `--bundle` does nothing: a task of the host is started by a runner that runs already. */
function bundleNotes({bundle, bundleSpan}: TaskOptions, container: Container | undefined): readonly Problem[] {
  if (bundle === undefined || container !== undefined) return [];
  return [
    {
      code: 'W8003',
      severity: 'info',
      message: `\`${bundleSpan === undefined ? 'bundle' : '--bundle'}\` does nothing here: only tasks in a container are bundled`,
      hint: 'leave it out, or name a container with `%container`',
      ...(bundleSpan === undefined ? {} : {span: bundleSpan}),
    },
  ];
}

/**
 * Reads the options of placement, `--force` and the allowances from a magic line.
 * @param fill gives the words with their expressions and variables filled in
 */
export function readTaskOptions(
  line: MagicLine,
  problems: Problem[],
  fill: (words: readonly Word[]) => readonly {readonly text: string}[] = words =>
    words.map(word => ({text: plainWord(word)})),
): TaskOptions {
  const given: Record<string, JsonValue> = {};
  for (const name of ['cpus', 'mem', 'time', 'retries', 'allow-failed', 'executor', 'container', 'bundle']) {
    const option = optionOf(line, name);
    if (option === undefined) continue;
    const words = fill(option.values);
    // What could not be filled in has its error already.
    if (words.length > 0) given[name === 'allow-failed' ? 'allowFailed' : name] = words.map(({text}) => text).join(' ');
  }
  for (const name of ['force', 'allow-empty'])
    if (hasFlag(line, name)) given[name === 'allow-empty' ? 'allowEmpty' : name] = true;
  return taskOptionsOf(given, problems, name => {
    const option = optionOf(line, name === 'allowFailed' ? 'allow-failed' : name);
    return name === 'container' ? (option?.values[0]?.span ?? option?.span) : option?.span;
  });
}

/** The same from a function's options, in camelCase. `spanOf` gives the place of an option where it has one. */
export function taskOptionsOf(
  given: Readonly<Record<string, JsonValue>>,
  problems: Problem[],
  spanOf: (name: string) => Problem['span'] = () => undefined,
): TaskOptions {
  const nowhere = {start: 0, end: 0};
  const at = (name: string): {span?: NonNullable<Problem['span']>} => {
    const span = spanOf(name);
    return span === undefined ? {} : {span};
  };
  const count = (name: string, least: number): number | undefined => {
    const value = given[name];
    if (value === undefined) return undefined;
    const number = Number(value);
    if (Number.isInteger(number) && number >= least) return number;
    problems.push({
      code: 'W2010',
      severity: 'error',
      message: `\`${textOf(value)}\` is no whole number of at least ${least}`,
      hint: `write \`--${name === 'allowFailed' ? 'allow-failed' : name} ${least}\``,
      ...at(name),
    });
    return undefined;
  };
  const options: {-readonly [K in keyof TaskOptions]: TaskOptions[K]} = {
    force: given['force'] === true,
    allowEmpty: given['allowEmpty'] === true,
    allowFailed: count('allowFailed', 0) ?? 0,
  };
  const cpus = count('cpus', 1);
  if (cpus !== undefined) {
    options.cpus = cpus;
    const {span} = at('cpus');
    if (span !== undefined) options.cpusSpan = span;
  }
  const retries = count('retries', 0);
  if (retries !== undefined) options.retries = retries;
  if (given['time'] !== undefined) {
    const time = parseDuration(textOf(given['time']), nowhere);
    if (time.ok) options.time = time.value;
    else problems.push({...placeless(time.error), ...at('time')});
  }
  if (given['mem'] !== undefined) {
    const memory = parseSize(textOf(given['mem']), nowhere);
    const {span} = at('mem');
    if (memory.ok && span !== undefined) options.memorySpan = span;
    if (memory.ok) options.memory = memory.value;
    else problems.push({...placeless(memory.error), ...at('mem')});
  }
  const {executor, container} = given;
  const bundle = count('bundle', 1);
  if (bundle !== undefined) {
    options.bundle = bundle;
    const {span} = at('bundle');
    if (span !== undefined) options.bundleSpan = span;
  }
  if (executor !== undefined && executor !== 'local') {
    problems.push({
      code: 'W8001',
      severity: 'error',
      message: `the executor \`${textOf(executor)}\` is not there`,
      hint: 'this version runs tasks on this machine: `--executor local`',
      ...at('executor'),
    });
  }
  if (typeof container === 'string') options.container = {text: container, ...at('container')};
  else if (container !== undefined)
    problems.push({
      code: 'W8013',
      severity: 'error',
      message: `\`container\` is the name of an image as a text, not ${textOf(container)}`,
      hint: "write `container: 'podman:IMAGE'`, or `container: 'none'` for the host",
      ...at('container'),
    });
  return options;
}

/** A problem whose place is for the caller to say: the option of a line, else the call. */
const placeless = ({code, severity, message, hint}: Problem): Problem => ({
  code,
  severity,
  message,
  ...(hint === undefined ? {} : {hint}),
});

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value));
