import {readFingerprint, type Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Recipe} from '../graph/recipe.js';
import type {Bundle} from '../wire/notebook.js';
import {some} from './cell-words.js';
import {cleanText, oneLine, shorten} from './clean-text.js';
import {markup, withCode} from './html.js';
import {diffLines, shortDiff} from './line-diff.js';
import {diffRecipes, type RecipeChange} from './recipe-diff.js';
import {timeText, type Clock} from './time-text.js';

/** A person's name for another task. */
export interface TaskLabel {
  /** `makeCoaddTempExp filter=HSC-R`. */
  readonly label: string;
  /** What `%why` can be asked for: `warps[HSC-R]`; absent where no name is bound to it. */
  readonly name?: string;
}

/** Finds the name of another task by its fingerprint; undefined if it is not known. */
export type Labeler = (fingerprint: Fingerprint) => TaskLabel | undefined;

/** A change in a person's words; `lines` is the diff of a text of several lines. */
export interface ChangeText {
  readonly text: string;
  readonly lines: readonly string[];
}

/** Two recipes to be compared. */
export interface WhyView {
  /** Of the task that is asked about: `processCcd visit=903334 ccd=16`. */
  readonly label: string;
  readonly recipe: Recipe;
  /** The recipe and the start (ISO 8601) of the run that came before; absent if there was none. */
  readonly previous?: {readonly recipe: Recipe; readonly startedAt: string};
  /** Why a result of this very recipe was refused: "deepCoadd/HSC-R/0/1,1.fits is missing". */
  readonly missed?: string;
}

/** How many changes are listed. */
const LISTED = 40;

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

function inputText(change: RecipeChange, name: string | undefined, labelOf: Labeler): string {
  const [before, after] = [targetOf(change.old, labelOf), targetOf(change.new, labelOf)];
  const named = name === undefined ? '' : ` \`${name}\``;
  if (before !== undefined && after !== undefined) {
    const see = after.name === undefined ? '' : `: see %why ${after.name}`;
    return before.label === after.label
      ? `input${named} ${after.label} changed${see}`
      : `input${named} is now ${after.label}; it was ${before.label}`;
  }
  const target = after ?? before;
  if (target !== undefined) return `input${named} ${target.label} ${verb(change)}`;
  const sides = [change.old, change.new].filter(isTagged);
  if (sides.some(value => value.is === 'root')) return 'what it reads in the root repository changed';
  if (sides.some(value => value.is === 'set')) return `input set${named} ${verb(change)}`;
  return `input${named} ${step(change, labelOf)}`;
}

/** A variable that is a plain value, before and after. */
const isJson = (change: RecipeChange): boolean =>
  [change.old, change.new].every(value => value === undefined || !isTagged(value) || value.is === 'json');

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string';
}

/** The words for one change. */
export function changeText(change: RecipeChange, labelOf: Labeler): ChangeText {
  const [field, ...rest] = change.at;
  const name = oneLine(rest.join('.'));
  const plain = (text: string): ChangeText => ({text, lines: []});
  if (isText(change.old) && isText(change.new) && /\n/.test(change.old + change.new)) {
    const split = (text: string): readonly string[] => cleanText(text).split('\n');
    const lines = shortDiff(diffLines(split(change.old), split(change.new)));
    const what = name === '' || name === 'script' || name === 'text' ? 'the script' : `\`${name}\``;
    return {text: `${what} changed`, lines: lines.map(line => shorten(line, 120))};
  }
  switch (field) {
    case 'arguments': {
      const [group = '', ...option] = rest;
      if (group === 'config' && option.length > 0)
        return plain(`config \`${option.join('.')}\` ${step(change, labelOf)}`);
      if (/^(script|text)$/.test(group)) return plain(`the script changed: ${step(change, labelOf)}`);
      return plain(`argument \`${name}\` ${step(change, labelOf)}`);
    }
    case 'variables':
      return plain(isJson(change) ? `variable \`${name}\` ${step(change, labelOf)}` : inputText(change, name, labelOf));
    case 'inputs':
      return plain(inputText(change, undefined, labelOf));
    case 'code':
      return plain(`code: ${name} ${step(change, labelOf)}`);
    case 'setup':
      return plain('what %setup sets up changed');
    case 'sources':
      return plain(`declared code \`${name}\` ${verb(change)}`);
    case 'files':
      return plain(
        `file \`${name}\` ${change.old !== undefined && change.new !== undefined ? 'has other content' : verb(change)}`,
      );
    case 'environment':
      return plain(`environment variable \`${name}\` ${step(change, labelOf)}`);
    case 'name':
    case 'kind':
      return plain(`another ${field} of task: ${step(change, labelOf)}`);
    case undefined:
    default:
      return plain(change.path === '' ? 'the form of the recipe changed' : `${change.path} ${step(change, labelOf)}`);
  }
}

/** `%why`: what changed since the run before, as HTML and as text. */
export function whyBundle(view: WhyView, labelOf: Labeler, clock: Clock): Bundle {
  const label = shorten(oneLine(view.label), 160);
  const missed =
    view.missed === undefined ? undefined : `its result was refused: ${shorten(oneLine(view.missed), 240)}`;
  if (view.previous === undefined) {
    return sentence(label, missed ?? 'no earlier run of it is known');
  }
  const when = timeText(view.previous.startedAt, clock);
  const changes = diffRecipes(view.previous.recipe, view.recipe);
  if (changes.length === 0) return sentence(label, missed ?? `nothing changed since the run of ${when}`);
  const shown = changes.slice(0, LISTED).map(change => changeText(change, labelOf));
  const hidden = changes.length - shown.length;
  const head = `changed since the run of ${when}:`;
  const more = hidden > 0 ? `and ${some(hidden, 'more change')}` : undefined;
  const items = shown.map(({text, lines}) => {
    const diff = lines.length === 0 ? undefined : markup`<pre style="text-align:left">${lines.join('\n')}</pre>`;
    return markup`<li>${withCode(text)}${diff}</li>`;
  });
  const rest = more === undefined ? undefined : markup`<li>${more}</li>`;
  const refused = missed === undefined ? undefined : markup`<div>${missed}</div>`;
  const [only] = shown;
  const text =
    only !== undefined && shown.length === 1 && only.lines.length === 0
      ? [`${label}: ${head} ${only.text}`]
      : [`${label}: ${head}`, ...shown.flatMap(one => [`  ${one.text}`, ...one.lines.map(line => `    ${line}`)])];
  return {
    'text/html': markup`<div><b>${label}</b>: ${head}</div><ul>${items}${rest}</ul>${refused}`.toString(),
    'text/plain': [
      ...text,
      ...(more === undefined ? [] : [`  ${more}`]),
      ...(missed === undefined ? [] : [missed]),
    ].join('\n'),
  };
}

const sentence = (label: string, text: string): Bundle => ({
  'text/html': markup`<div><b>${label}</b>: ${withCode(text)}</div>`.toString(),
  'text/plain': `${label}: ${text}`,
});
