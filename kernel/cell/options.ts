import {errorAt} from './diagnostic.js';
import type {Diagnostic, Parsed} from './diagnostic.js';
import {didYouMean} from './suggest.js';
import type {MagicShape, OptionSyntax, Piece, Takes, Word} from './syntax.js';

/** The words of a magic line, sorted into positional ones and options. */
export interface LineWords {
  readonly words: readonly Word[];
  readonly options: readonly OptionSyntax[];
}

/** Options whose words are also split at commas. */
const SPLIT_AT_COMMAS: ReadonlySet<string> = new Set(['with']);

/**
 * Sorts the words of a line by the option table of its magic. Positional words come first, or behind a `--`; `--name value`, `--name=value`, and
 * `-n value` where the table has a name of one letter. Options keep their order and may be repeated; unknown ones are left out.
 */
export function readOptions(words: readonly Word[], shape: MagicShape): Parsed<LineWords> {
  const positional: Word[] = [];
  const options: OptionSyntax[] = [];
  const diagnostics: Diagnostic[] = [];
  let at = 0;
  let last: OptionSyntax | undefined;
  while (at < words.length) {
    const word = words[at++];
    if (word === undefined) break;
    if (isEnd(word)) {
      positional.push(...words.slice(at));
      break;
    }
    const typed = optionName(word);
    if (typed === undefined) {
      if (last === undefined) positional.push(word);
      else diagnostics.push(stray(word, last, shape));
      continue;
    }
    const {dashes, name, value} = typed;
    const nameSpan = {start: word.span.start, end: word.span.start + dashes.length + name.length};
    const takes = Object.hasOwn(shape.options, name) ? shape.options[name] : undefined;
    const until = takes === 'none' ? at : takes === 'one' ? at + (value === undefined ? 1 : 0) : Infinity;
    const values = value === undefined ? [] : [value];
    for (
      let next = words[at];
      next !== undefined && at < until && !isEnd(next) && !optionName(next);
      next = words[++at]
    ) {
      values.push(next);
    }
    if (takes === undefined) {
      diagnostics.push(unknown(dashes + name, nameSpan, shape));
      continue;
    }
    const span = {start: word.span.start, end: values.at(-1)?.span.end ?? word.span.end};
    last = {name, nameSpan, values: SPLIT_AT_COMMAS.has(name) ? values.flatMap(splitAtCommas) : values, span};
    options.push(last);
    const wrong = checkValues(takes, last, dashes, value, words[at]);
    if (wrong !== undefined) diagnostics.push(wrong);
  }
  return {value: {words: positional, options}, diagnostics};
}

/** The parts of a word between its commas; commas in quotes and `${}` are none. Empty parts are left out. */
export function splitAtCommas(word: Word): readonly Word[] {
  const parts: Piece[][] = [[]];
  for (const piece of word.pieces) {
    if (piece.is !== 'text' || piece.quoted) {
      parts.at(-1)?.push(piece);
      continue;
    }
    // Unquoted text stands in the cell as it is used, so that offsets in it are the cell's.
    let start = piece.span.start;
    for (const [index, text] of piece.text.split(',').entries()) {
      if (index > 0) parts.push([]);
      if (text !== '') parts.at(-1)?.push({...piece, text, span: {start, end: start + text.length}});
      start += text.length + 1;
    }
  }
  return parts.flatMap(pieces => {
    const span = {start: pieces[0]?.span.start ?? 0, end: pieces.at(-1)?.span.end ?? 0};
    const raw = word.raw.slice(span.start - word.span.start, span.end - word.span.start);
    return pieces.length === 0 ? [] : [{pieces, span, raw}];
  });
}

function isEnd(word: Word): boolean {
  return word.raw === '--';
}

/** A word that begins with `--`, unquoted, or is `-` and a letter; with what stands behind its `=`. */
function optionName(word: Word): {dashes: string; name: string; value?: Word} | undefined {
  const [first, ...others] = word.pieces;
  if (first?.is !== 'text' || first.quoted) return undefined;
  const long = /^(--)([^=]+)(=?)/.exec(first.text);
  const [, dashes, name, equals] = long ?? (others.length === 0 ? /^(-)([A-Za-z])$/.exec(first.text) : null) ?? [];
  if (dashes === undefined || name === undefined) return undefined;
  // `--x${y}` is no option's name, but is said to be an unknown one rather than taken as a word.
  if (equals !== '=') return {dashes, name};
  const start = first.span.start + dashes.length + name.length + 1;
  const text = first.text.slice(dashes.length + name.length + 1);
  const pieces: Piece[] = text === '' ? others : [{...first, text, span: {start, end: first.span.end}}, ...others];
  if (pieces.length === 0) pieces.push({is: 'text', text: '', quoted: true, span: {start, end: start}});
  const value = {pieces, span: {start, end: word.span.end}, raw: word.raw.slice(start - word.span.start)};
  return {dashes, name, value};
}

function checkValues(
  takes: Takes,
  option: OptionSyntax,
  dashes: string,
  value: Word | undefined,
  next: Word | undefined,
): Diagnostic | undefined {
  const typed = `${dashes}${option.name}`;
  if (takes === 'none') {
    if (value === undefined) return undefined;
    return errorAt('W2003', value.span, `\`${typed}\` takes no value`, `write \`${typed}\` alone`);
  }
  if (option.values.length > 0) return undefined;
  const one = takes === 'one' ? 'one word' : 'one word or more';
  const exception =
    next !== undefined && !isEnd(next) ? ` (a value that begins with \`-\` is written \`${typed}=…\`)` : '';
  const hint = `write \`${typed} …\` with ${one}${exception}`;
  const missing = takes === 'one' ? 'needs a value' : 'needs at least one value';
  return errorAt('W2002', option.nameSpan, `\`${typed}\` ${missing}`, hint);
}

/** Options of Weft's own that a command-line task does not have. */
const OF_SCRIPTS: ReadonlySet<string> = new Set(['with', 'in', 'out', 'value', 'reads', 'always', 'no-strict']);

function unknown(typed: string, span: OptionSyntax['span'], shape: MagicShape): Diagnostic {
  const names = Object.keys(shape.options);
  const name = typed.replace(/^-+/, '');
  const all = names.length === 0 ? `\`${shape.name}\` has no options` : `its options: ${names.map(dashed).join(' ')}`;
  // The short options of a task (`--id`) are near to many words.
  const task = shape.body === 'arguments';
  const near = name.length > (task ? 3 : 1) ? didYouMean(name, names, '--') : undefined;
  const own = OF_SCRIPTS.has(name)
    ? 'it is of `%%bash` and `%%python`; in the body below, `${x}` puts a value in'
    : "the task's own options stand in the body, below this line";
  const hint = task ? [near, own].filter(part => part !== undefined).join(' Or: ') : (near ?? all);
  return errorAt('W2001', span, `\`${shape.name}\` has no option \`${typed}\``, hint);
}

function stray(word: Word, last: OptionSyntax, shape: MagicShape): Diagnostic {
  const takes = shape.options[last.name] === 'none' ? 'takes no value' : 'takes one word';
  const sigil = shape.use === 'line' ? '%' : '%%';
  const hint = `${dashed(last.name)} ${takes}; other words come first: \`${sigil}${shape.name} ${word.raw} ${dashed(last.name)} …\``;
  return errorAt('W2004', word.span, `\`${word.raw}\` stands behind the options`, hint);
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
