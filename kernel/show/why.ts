import type {Recipe} from '../graph/recipe.js';
import type {Bundle} from '../wire/notebook.js';
import {some} from './cell-words.js';
import {changeText, type Labeler} from './change-text.js';
import {oneLine, shorten} from './clean-text.js';
import {markup, withCode} from './html.js';
import {diffRecipes} from './recipe-diff.js';
import {timeText, type Clock} from './time-text.js';

/** The run that a task is compared with. */
export interface EarlierRun {
  readonly recipe: Recipe;
  /** `makeCoaddTempExp filter=HSC-R`. */
  readonly label: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly host: string;
}

/** Two recipes to be compared. */
export interface WhyView {
  /** Of the task that is asked about: `processCcd visit=903334 ccd=16`. */
  readonly label: string;
  readonly recipe: Recipe;
  /** The run that came before; absent if there was none. */
  readonly previous?: EarlierRun;
  /** Why a result of this very recipe was refused: "deepCoadd/HSC-R/0/1,1.fits is missing". */
  readonly missed?: string;
}

/** How many changes are listed. */
const LISTED = 40;

/** `%why`: what changed since the run before, as HTML and as text. */
export function whyBundle(view: WhyView, labelOf: Labeler, clock: Clock): Bundle {
  const label = shorten(oneLine(view.label), 160);
  const missed =
    view.missed === undefined ? undefined : `its result was refused: ${shorten(oneLine(view.missed), 240)}`;
  if (view.previous === undefined) {
    return sentence(label, missed ?? 'no earlier run of it is known');
  }
  const run = runWords(view.previous, label, clock);
  const changes = diffRecipes(view.previous.recipe, view.recipe, labelOf.setupOf);
  if (changes.length === 0) return sentence(label, missed ?? `nothing changed since ${run}`);
  const shown = changes.slice(0, LISTED).map(change => changeText(change, labelOf));
  const hidden = changes.length - shown.length;
  const head = `changed since ${run}:`;
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
    'text/html': markup`<div><b>${label}</b>: ${withCode(head)}</div><ul>${items}${rest}</ul>${refused}`.toString(),
    'text/plain': [
      ...text,
      ...(more === undefined ? [] : [`  ${more}`]),
      ...(missed === undefined ? [] : [missed]),
    ].join('\n'),
  };
}

/** `the run of 12 Oct 14:03 on nid00123`, with its name where that is another one. */
function runWords({label, startedAt, host}: EarlierRun, own: string, clock: Clock): string {
  const name = shorten(oneLine(label), 120);
  const when = timeText(startedAt, clock);
  const where = host === '' ? '' : ` on ${shorten(oneLine(host), 60)}`;
  return name === '' || name === own ? `the run of ${when}${where}` : `\`${name}\` ran ${when}${where}`;
}

const sentence = (label: string, text: string): Bundle => ({
  'text/html': markup`<div><b>${label}</b>: ${withCode(text)}</div>`.toString(),
  'text/plain': `${label}: ${text}`,
});
