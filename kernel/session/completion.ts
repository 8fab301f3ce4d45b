import {placeAt, type MagicPlace} from '../cell/place.js';
import type {Completions} from '../wire/notebook.js';
import type {AssistPorts} from './assist.js';
import type {Candidate, Fitting} from './completer.js';
import {completionContext} from './completion-context.js';
import {keyText, nextKeys} from './element.js';
import {fileCandidates} from './file-candidates.js';
import {memberNames} from './member-names.js';
import {OPTION_HELP} from './option-help.js';
import {shapesOf} from './registry.js';
import {within} from './within.js';

/** So long an answer may take before the names have to do, in milliseconds: JupyterLab waits one second. */
const PATIENCE = 700;

/** The same while the service still reads its libraries: who presses Tab that early would else learn nothing. */
const COLD_PATIENCE = 4000;

/** So many things that fit are sent: who looks for another types on. */
const MOST = 500;

/** What fits at an offset (UTF-16) of a cell. Where the language service is not there yet, the names of the notebook. */
export async function completions(code: string, at: number, ports: AssistPorts): Promise<Completions> {
  const place = placeAt(code, at, shapesOf(ports.registry));
  switch (place.is) {
    case 'typescript':
      return typeScript(place.code, at - place.start, place.start, ports);
    case 'magic name':
      return answer(magicNames(ports), code.slice(place.start, at), place.start, at);
    case 'list': {
      const names = await ports.names.now();
      return answer(names.map(named), code.slice(place.start, at), place.start, at);
    }
    case 'magic':
      return magic(place.place, at, ports);
    case 'other':
      return answer([], '', at, at);
  }
}

const named = (text: string): Candidate => ({text, type: 'name'});

async function typeScript(code: string, at: number, shift: number, ports: AssistPorts): Promise<Completions> {
  const {language} = ports;
  const names = await ports.names.now();
  const key = setKeys(code.slice(0, at), ports);
  if (key !== undefined) return answer(key.keys, key.typed, shift + at - key.typed.length, shift + at);
  const word = /[\p{ID_Continue}$]*$/u.exec(code.slice(0, at))?.[0] ?? '';
  const start = at - word.length;
  const member = /(?:^|[^.])\.\s*$|^\.$/.test(code.slice(Math.max(0, start - 20), start));
  const own = word === '' || member ? [] : names.map(named);
  language?.start();
  // What is behind a dot only the service knows; a name is answered at once.
  const known = language === undefined || (!language.warm && !member) ? undefined : language.complete(code, at, names);
  const cold = language?.warm !== true;
  let found = known && (await within(PATIENCE, known));
  if (found === undefined && member && cold) {
    // What the value has now is better than to wait for what its type has.
    const ready = await memberNames(code.slice(0, start), ports.user);
    if (ready.length > 0) return answer(ready, word, shift + start, shift + at);
    found = known && (await within(COLD_PATIENCE - PATIENCE, known));
  }
  if (found === undefined) return answer(own, word, shift + start, shift + at);
  const others = found.member || word === '' ? [] : own;
  const typed = code.slice(found.start, at);
  return answer([...found.matches, ...others], typed, shift + found.start, shift + at, false);
}

/** Behind the open bracket of a set, in TypeScript: its keys, as they are written there. Types know nothing of them. */
function setKeys(
  before: string,
  {futures}: AssistPorts,
): {readonly keys: readonly Candidate[]; readonly typed: string} | undefined {
  const [, name = '', had = '', quote = '', typed = ''] = OPEN_KEY.exec(before) ?? [];
  const node = name === '' ? undefined : futures.namedSo(name);
  if (node?.is !== 'set' || (quote === '' && !/^[\w.]*$/.test(typed))) return undefined;
  const keys = [...had.matchAll(/\[\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|([^\]]*?))\s*\]/g)];
  const next = nextKeys(
    node,
    keys.map(([, double, single, template, bare]) => double ?? single ?? template ?? bare ?? ''),
  );
  // In a quote that is open there may be its end behind the cursor: clients close quotes by themselves.
  const texts = next.flatMap(key => {
    const text = typeof key === 'string' ? JSON.stringify(key) : keyText(key);
    if (quote === '') return [text];
    return typeof key === 'string' ? [inQuotes(key, quote)] : [];
  });
  return !texts.some(text => text.startsWith(typed))
    ? undefined
    : {keys: texts.map(text => ({text, type: 'key'})), typed};
}

/** A text as it stands between two quotes of a kind. */
const inQuotes = (text: string, quote: string): string =>
  JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll(quote, `\\${quote}`);

/** A name, its keys that are closed, and an open bracket with what is typed behind it. */
const OPEN_KEY =
  /(?<![\p{ID_Continue}$.])([\p{ID_Start}$_][\p{ID_Continue}$]*)((?:\[[^[\]\n]*\])*)\[\s*(["'`]?)([^[\]"'`\n]*)$/u;

function magicNames({control}: AssistPorts): readonly Candidate[] {
  return control
    .magics()
    .filter(({use}) => use !== '')
    .map(({name, use, summary}) => ({text: use + name, help: summary, type: 'magic'}));
}

async function magic(place: MagicPlace, at: number, ports: AssistPorts): Promise<Completions> {
  const {shape} = place;
  if (place.at.is === 'option name') {
    const options = Object.keys(shape.options).map(name => {
      const help = Object.hasOwn(OPTION_HELP, name) ? OPTION_HELP[name] : undefined;
      return {text: name.length === 1 ? `-${name}` : `--${name}`, type: 'option', ...(help !== undefined && {help})};
    });
    return answer(options, place.text, place.start, at);
  }
  const {registry} = ports;
  const own = [...registry.tasks, ...registry.cells, ...registry.lines].find(each => each.shape.name === shape.name);
  const fitting = (await own?.complete?.(place, completionContext(ports))) ?? [];
  const candidates = await Promise.all(fitting.map(each => expanded(each, place, ports)));
  return answer(candidates.flat(), place.text, place.start, at);
}

/** The candidates that a word for a kind of things stands for. */
async function expanded(fitting: Fitting, place: MagicPlace, ports: AssistPorts): Promise<readonly Candidate[]> {
  switch (fitting) {
    case 'futures':
      return futureCandidates(place.text, ports);
    case 'names':
      return (await ports.names.now()).map(named);
    case 'magics':
      return ports.control.magics().map(({name, summary}) => ({text: name, help: summary, type: 'magic'}));
    case 'files':
    case 'directories': {
      const only = fitting === 'directories' ? fitting : undefined;
      const found = await fileCandidates(place.text, ports.contexts.surroundings().directory, only);
      return place.quote === '' ? found.map(each => ({...each, text: escaped(each.text)})) : found;
    }
    default:
      return [fitting];
  }
}

/** A path as a word without quotes. */
const escaped = (path: string): string =>
  /^~?\/?[\w./,+=:@%^~-]*$/.test(path) ? path : path.replace(/[^\w./,+=:@%^~-]/gu, '\\$&');

/** Names of futures, and behind a `[` the keys of the set: `warps`, `warps[HSC-R]`, `a=psf[1]`. */
async function futureCandidates(typed: string, {futures, names, registry}: AssistPorts): Promise<readonly Candidate[]> {
  const alias = /^(?:[^=[\]]*=|rgb=(?:[^,]*,)*)/.exec(typed)?.[0] ?? '';
  const rest = typed.slice(alias.length);
  const open = rest.lastIndexOf('[');
  if (open > 0) {
    const keys = [...rest.slice(0, open).matchAll(/\[([^\]]*)\]/g)].map(([, key = '']) => key);
    const node = futures.namedSo(/^[^[]*/.exec(rest)?.[0] ?? '');
    if (node?.is !== 'set') return [];
    const prefix = alias + rest.slice(0, open);
    return nextKeys(node, keys).map(key => ({text: `${prefix}[${keyText(key)}]`, type: 'key'}));
  }
  const bound = futures.named().map(([name, node]) => ({text: alias + name, type: 'future', help: node.kind}));
  const had = new Set([...bound.map(({text}) => text), ...registry.ownNames]);
  const others = (await names.now()).filter(
    name => !had.has(name) && !/^(?:require|module|__\w+|babelHelpers|input|prompt)$/.test(name),
  );
  return [...bound, ...others.map(name => named(alias + name))];
}

/** The reply: what begins with what is typed, each once. JupyterLab shows types from the metadata (ipython/ipykernel:ipykernel/ipkernel.py). */
function answer(
  candidates: readonly Candidate[],
  typed: string,
  start: number,
  end: number,
  sorted = true,
): Completions {
  const fitting = new Map<string, Candidate>();
  for (const each of candidates) {
    if (each.text.startsWith(typed) && each.text !== typed && !fitting.has(each.text)) fitting.set(each.text, each);
  }
  const list = [...fitting.values()];
  if (sorted) list.sort((a, b) => a.text.localeCompare(b.text, 'en', {numeric: true}));
  const matches = list.slice(0, MOST);
  return {
    matches: matches.map(({text}) => text),
    start,
    end,
    metadata: {
      _jupyter_types_experimental: matches.map(({text, type = '', help}) => ({
        start,
        end,
        text,
        type,
        ...(help === undefined ? {} : {signature: help}),
      })),
    },
  };
}
