import {readFingerprint, type Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import {some} from './cell-words.js';
import {cleanText, oneLine, shorten} from './clean-text.js';
import {countLines, diffLines, unifiedDiff} from './line-diff.js';
import type {RecipeChange, SetupOf} from './recipe-diff.js';

/** A person's name for another task. */
export interface TaskLabel {
  /** `makeCoaddTempExp filter=HSC-R`. */
  readonly label: string;
  /** What `%why` can be asked for: `warps[HSC-R]`; absent where no name is bound to it. */
  readonly name?: string;
}

/** Finds the name of another task by its fingerprint; undefined if it is not known. */
export type Labeler = ((fingerprint: Fingerprint) => TaskLabel | undefined) & {
  /** What the identity of a set-up stands for; undefined where that was not kept. */
  readonly setupOf?: SetupOf;
};

/** A change in a person's words. */
export interface ChangeText {
  /** With both values: `variable \`radius\` 2 → 3`. */
  readonly text: string;
  /** The diff of a text of several lines. */
  readonly lines: readonly string[];
  /** In a few words: `\`radius\` was 2, is 3`. */
  readonly short: string;
  /** What it has in common with the same change of other tasks: `\`radius\` changed`. */
  readonly common: string;
}

/** How many lines of a diff are shown. */
const LINES = 40;

function valueText(value: JsonValue, labelOf: Labeler): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const readable = text
    .replace(/\/weft::([0-9a-f]{64})/g, (_, hash: string) => `‹${nameOf(hash, labelOf)} ${hash.slice(0, 12)}›`)
    .replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…');
  return readable === '' ? "''" : shorten(oneLine(readable), 80);
}

const nameOf = (hash: string, labelOf: Labeler): string => {
  const fingerprint = readFingerprint(hash);
  return (fingerprint === undefined ? undefined : labelOf(fingerprint)?.label) ?? 'task';
};

const isTagged = (value: JsonValue | undefined): value is {readonly is: string; readonly fingerprint?: string} =>
  typeof value === 'object' && value !== null && 'is' in value;

/** The task that a tagged value stands for. */
function targetOf(value: JsonValue | undefined, labelOf: Labeler): TaskLabel | undefined {
  if (!isTagged(value) || value.is !== 'task' || value.fingerprint === undefined) return undefined;
  const fingerprint = readFingerprint(value.fingerprint);
  const known = fingerprint === undefined ? undefined : labelOf(fingerprint);
  return known ?? {label: `task ${value.fingerprint.slice(0, 12)}`};
}

function plainOf(value: JsonValue): JsonValue {
  return isTagged(value) && value.is === 'json' && 'value' in value
    ? (value as {readonly value: JsonValue}).value
    : value;
}

/** `False → True`, `added: x`, `removed (it was x)`. */
function step(change: RecipeChange, labelOf: Labeler): string {
  if (change.old === undefined)
    return `added: ${change.new === undefined ? '' : valueText(plainOf(change.new), labelOf)}`;
  if (change.new === undefined) return `removed (it was ${valueText(plainOf(change.old), labelOf)})`;
  return `${valueText(plainOf(change.old), labelOf)} → ${valueText(plainOf(change.new), labelOf)}`;
}

const verb = (change: RecipeChange): string =>
  change.old === undefined ? 'added' : change.new === undefined ? 'removed' : 'changed';

/** `was 2, is 3`, `is new`, `is gone`. */
function stepShort(change: RecipeChange, labelOf: Labeler): string {
  if (change.old === undefined) return 'is new';
  if (change.new === undefined) return 'is gone';
  const value = (of: JsonValue): string => shorten(valueText(plainOf(of), labelOf), 40);
  return `was ${value(change.old)}, is ${value(change.new)}`;
}

/** A field that has a value: `variable \`radius\` 2 → 3`. */
function valued(change: RecipeChange, what: string, name: string, labelOf: Labeler, short = `\`${name}\``): ChangeText {
  return {
    text: `${what} \`${name}\` ${step(change, labelOf)}`,
    lines: [],
    short: `${short} ${stepShort(change, labelOf)}`,
    common: `${short} changed`,
  };
}

/** A field of which there is nothing to see but that it is another one. */
const bare = (text: string, short = text, common = short): ChangeText => ({text, lines: [], short, common});

function inputText(change: RecipeChange, name: string | undefined, labelOf: Labeler): ChangeText {
  const [before, after] = [targetOf(change.old, labelOf), targetOf(change.new, labelOf)];
  const named = name === undefined ? '' : ` \`${name}\``;
  const common = name === undefined ? 'an input changed' : `its input \`${name}\` changed`;
  const calledAs = ({label, name: as}: TaskLabel): string => as ?? label;
  if (before !== undefined && after !== undefined) {
    const see = after.name === undefined ? '' : `: see %why ${after.name}`;
    return before.label === after.label
      ? bare(`input${named} ${after.label} changed${see}`, `its input \`${calledAs(after)}\` changed`, common)
      : bare(
          `input${named} is now ${after.label}; it was ${before.label}`,
          `its input${named} was \`${calledAs(before)}\`, is \`${calledAs(after)}\``,
          common,
        );
  }
  const target = after ?? before;
  if (target !== undefined) {
    const short = `its input \`${calledAs(target)}\` ${after === undefined ? 'is gone' : before === undefined ? 'is new' : 'changed'}`;
    return bare(`input${named} ${target.label} ${verb(change)}`, short, common);
  }
  const sides = [change.old, change.new].filter(isTagged);
  if (sides.some(value => value.is === 'root')) return bare('what it reads in the root repository changed');
  if (sides.some(value => value.is === 'set')) {
    const parts = setParts(change);
    return bare(`input set${named} ${verb(change)}${parts === '' ? '' : `: ${parts}`}`, common);
  }
  return bare(`input${named} ${step(change, labelOf)}`, common);
}

/** `1 of 12 changed, 2 added`. */
function setParts({old, new: now}: RecipeChange): string {
  const entriesOf = (value: JsonValue | undefined): ReadonlyMap<string, string> | undefined =>
    isTagged(value) && 'entries' in value
      ? new Map((value as unknown as {readonly entries: readonly (readonly [string, string])[]}).entries)
      : undefined;
  const [before, after] = [entriesOf(old), entriesOf(now)];
  if (before === undefined || after === undefined) return '';
  const keys = [...after.keys()];
  const count = (number: number, words: string): readonly string[] => (number === 0 ? [] : [`${number} ${words}`]);
  return [
    ...count(
      keys.filter(key => before.has(key) && before.get(key) !== after.get(key)).length,
      `of ${after.size} changed`,
    ),
    ...count(keys.filter(key => !before.has(key)).length, 'added'),
    ...count([...before.keys()].filter(key => !after.has(key)).length, 'removed'),
  ].join(', ');
}

/** A variable that is a plain value, before and after. */
const isJson = (change: RecipeChange): boolean =>
  [change.old, change.new].every(value => value === undefined || !isTagged(value) || value.is === 'json');

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string';
}

const RESULT = /\/weft::([0-9a-f]{64})/g;

/** Two texts, of a script or another one. */
function textChange(old: string, now: string, name: string | undefined, labelOf: Labeler): ChangeText {
  const named = (text: string): string =>
    cleanText(text.replace(RESULT, (_, hash: string) => `‹${nameOf(hash, labelOf)}›`));
  const what = name === undefined ? 'script' : `\`${name}\``;
  const the = name === undefined ? 'the script' : what;
  const its = name === undefined ? 'its script' : what;
  const [before, after] = [named(old), named(now)];
  if (before === after) {
    const results = [...now.matchAll(RESULT)].map(([, hash = '']) => hash).filter(hash => !old.includes(hash));
    const labels = [...new Set(results.map(hash => nameOf(hash, labelOf)))];
    // Only the results that stand in it are other ones.
    if (labels.length > 0)
      return bare(
        `${the} reads other results of ${labels.join(', ')}`,
        labels.map(label => `its input \`${label}\` changed`).join(', '),
        'an input changed',
      );
  }
  const diff = diffLines(before.split('\n'), after.split('\n'));
  const {added, removed} = countLines(diff);
  const lines = unifiedDiff(diff).map(line => shorten(line, 120));
  const hidden = lines.length - LINES;
  return {
    text: `${the} changed`,
    lines: hidden > 0 ? [...lines.slice(0, LINES), `… ${some(hidden, 'more line')}`] : lines,
    short: `${its} changed (+${added} −${removed})`,
    common: `${its} changed`,
  };
}

/** The words for one change. */
export function changeText(change: RecipeChange, labelOf: Labeler): ChangeText {
  const [field, ...rest] = change.at;
  const name = oneLine(rest.join('.'));
  if (isText(change.old) && isText(change.new)) {
    const script = field === 'arguments' && (name === 'script' || name === 'text');
    if (script || /\n/.test(change.old + change.new))
      return textChange(change.old, change.new, script || name === '' ? undefined : name, labelOf);
  }
  switch (field) {
    case 'arguments': {
      const [group = '', ...option] = rest;
      const config = option.join('.');
      if (group === 'config' && option.length > 0)
        return valued(change, 'config', config, labelOf, `config \`${config}\``);
      return valued(change, 'argument', name, labelOf);
    }
    case 'variables':
      return isJson(change) ? valued(change, 'variable', name, labelOf) : inputText(change, name, labelOf);
    case 'inputs':
      return inputText(change, undefined, labelOf);
    case 'code':
      return codeText(change, rest, labelOf);
    case 'setup':
      return setupText(change, rest, labelOf);
    case 'sources':
      return bare(`the code \`${name}\` that \`%code\` declares ${differs(change)}`, `\`%code ${name}\` changed`);
    case 'files':
      return bare(`file \`${name}\` ${differs(change)}`, `\`${name}\` ${differsShort(change)}`);
    case 'environment':
      return {
        text: `\`%env ${name}\` ${step(change, labelOf)}`,
        lines: [],
        short: `\`%env ${name}\` ${stepShort(change, labelOf)}`,
        common: `\`%env ${name}\` changed`,
      };
    case 'name':
    case 'kind':
      return bare(`another ${field} of task: ${step(change, labelOf)}`, `it is another ${field} of task`);
    case undefined:
    default:
      return change.path === ''
        ? bare('the form of the recipe changed')
        : bare(`${change.path} ${step(change, labelOf)}`, `\`${change.path}\` changed`);
  }
}

const differs = (change: RecipeChange): string =>
  change.old !== undefined && change.new !== undefined ? 'has other content' : verb(change);

const differsShort = (change: RecipeChange): string =>
  change.old === undefined ? 'is new' : change.new === undefined ? 'is gone' : 'changed';

/** What `%setup` sets up: a product, a variable of the person's own lines, or these lines themselves. */
function setupText(change: RecipeChange, [part = '', ...rest]: readonly string[], labelOf: Labeler): ChangeText {
  const name = oneLine(rest.join('.'));
  switch (part) {
    case 'products':
      return valued(change, 'product', name, labelOf, `product \`${name}\``);
    case 'local':
      return bare(
        `the product \`${name}\`, a directory of your own, ${differs(change)}`,
        `product \`${name}\` was edited`,
      );
    case 'assigned':
      return valued(change, 'variable of `%setup`', name, labelOf);
    case 'text':
      return bare(`the lines of \`%setup\` ${step(change, labelOf)}`, 'the lines of `%setup` changed');
    case 'files':
      return bare(
        `file \`${name}\`, which \`%setup\` reads, ${differs(change)}`,
        `\`${name}\` ${differsShort(change)}`,
      );
    default:
      return bare('what `%setup` sets up changed');
  }
}

/** What is run: an image, a program of the host, or the Python of an image. */
function codeText(change: RecipeChange, [part = '', ...rest]: readonly string[], labelOf: Labeler): ChangeText {
  const detail = rest.length === 0 ? '' : ` (${oneLine(rest.join('.'))})`;
  const what =
    part === 'image'
      ? `the container image${detail}`
      : part === 'program'
        ? 'the program that runs it, or a library of it,'
        : part === 'python'
          ? '`%config python`'
          : `its code${part === '' ? '' : ` \`${part}\``}`;
  const words = `${what} ${change.old === undefined || change.new === undefined ? '' : 'changed: '}${step(change, labelOf)}`;
  if (part === 'python') return bare(words, `${what} ${stepShort(change, labelOf)}`, `${what} changed`);
  if (part === 'image') return bare(words, 'the container image changed');
  if (part === 'program') return bare(words, 'the program that runs it changed');
  return bare(words, `${what} changed`);
}
