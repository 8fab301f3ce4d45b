import {parseCell, parseTypeScript} from './cell.js';
import type {Span} from './source.js';
import type {MagicLine, MagicShape, Word} from './syntax.js';
import {closingBrace} from './tokens.js';
import {bodyWords, lineWords, literalText} from './words.js';

/** What stands at a place of a magic line or of a body, as far as it is typed. Offsets are UTF-16, in the cell. */
export interface MagicPlace {
  readonly shape: MagicShape;
  /** Positional words of the line that are complete, quotes undone; an expression is as it was typed. */
  readonly words: readonly string[];
  /** The options that are complete, with their words. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** A word of the line, the name of an option, a value of one, or a word of the body behind others. */
  readonly at:
    | {readonly is: 'word'}
    | {readonly is: 'option name'}
    | {readonly is: 'value'; readonly option: string}
    | {readonly is: 'body'; readonly words: readonly string[]};
  /** What is typed of the word, without its quote, and where that begins. */
  readonly text: string;
  readonly start: number;
  /** The quote that is open. */
  readonly quote: '' | '"' | "'";
}

/** Where in a cell a cursor stands. */
export type Place =
  /** In TypeScript, or in an expression of a magic. `code` is TypeScript only; `start` is where it begins in the cell. */
  | {readonly is: 'typescript'; readonly code: string; readonly start: number}
  /** Behind the `%` or `%%` at `start`, in the name. */
  | {readonly is: 'magic name'; readonly start: number}
  | {readonly is: 'magic'; readonly place: MagicPlace}
  /** In the list of a `%%foreach`: a name of the scope may be meant. */
  | {readonly is: 'list'; readonly start: number}
  /** In a script, a comment, or where nothing can be said. */
  | {readonly is: 'other'};

/** Finds out what a cursor stands in, however broken the cell is. Never throws. */
export function placeAt(text: string, at: number, shapes: readonly MagicShape[]): Place {
  const cursor = Math.max(0, Math.min(at, text.length));
  const lineStart = text.lastIndexOf('\n', cursor - 1) + 1;
  if (/^%{1,2}[\p{L}_\w-]*$/u.test(text.slice(lineStart, cursor))) return {is: 'magic name', start: lineStart};
  const {value: syntax} = parseCell(text, shapes);
  if (syntax.is === 'empty') return {is: 'typescript', code: text, start: 0};
  if (syntax.is === 'typescript') {
    const line = syntax.lines.find(({span}) => cursor > span.start && cursor <= span.end);
    if (line !== undefined && line.name !== 'help') return inLine(text, line, cursor, shapes);
    return {
      is: 'typescript',
      code: typeScriptOf(
        text,
        syntax.lines.filter(each => each !== line),
      ),
      start: 0,
    };
  }
  const line = syntax.stack.find(({span}) => cursor >= span.start && cursor <= span.end);
  if (line !== undefined) return inLine(text, line, cursor, shapes);
  const inner = syntax.stack.at(-1);
  const {start} = syntax.bodySpan;
  if (inner === undefined || cursor < start) return {is: 'other'};
  if (inner.name === 'foreach') {
    const {value} = parseTypeScript(text, shapes, start);
    const lines = value.is === 'typescript' ? value.lines : [];
    const own = lines.find(({span}) => cursor > span.start && cursor <= span.end);
    if (own !== undefined && own.name !== 'help') return inLine(text, own, cursor, shapes);
    return {is: 'typescript', code: typeScriptOf(blanked(text, {start: 0, end: start}), lines), start: 0};
  }
  return inBody(text, start, cursor, inner, shapes);
}

/** The text with a statement of nothing, and blanks, in place of each line that is no TypeScript: all other places stay. */
export function typeScriptOf(text: string, lines: readonly {readonly span: Span}[]): string {
  return lines.reduce((code, {span}) => blanked(code, span), text);
}

function blanked(text: string, {start, end}: Span): string {
  const blank = text.slice(start, end).replace(/[^\n]/g, ' ');
  // Without the semicolon a line behind a magic could go on with the one before it.
  return text.slice(0, start) + blank.replace(/^ /, ';') + text.slice(end);
}

/** The expression of a `${` that is open at the cursor. */
function expressionAt(text: string, from: number, cursor: number): Place | undefined {
  const open = text.lastIndexOf('${', cursor - 1);
  if (open < from || open + 2 > cursor) return undefined;
  if (closingBrace(text.slice(0, cursor), open + 2) !== undefined) return undefined;
  const close = closingBrace(text, open + 2) ?? cursor;
  return {is: 'typescript', code: text.slice(open + 2, Math.max(close, cursor)), start: open + 2};
}

function inLine(text: string, line: MagicLine, cursor: number, shapes: readonly MagicShape[]): Place {
  if (cursor <= line.nameSpan.end && line.sigil !== '!') return {is: 'magic name', start: line.span.start};
  const cell = line.sigil === '%%';
  const shape = shapes.find(
    ({name, use}) => name === line.name && (use === 'both' || line.sigil === '!' || (use === 'cell') === cell),
  );
  if (shape === undefined) return {is: 'other'};
  const expression = expressionAt(text, line.span.start, cursor);
  if (expression !== undefined) return expression;
  const typed = text.slice(line.nameSpan.end, cursor);
  if (shape.name === 'foreach') {
    const name = /(?:\bin |[[,] ?)([\p{ID_Start}$_][\p{ID_Continue}$]*)?$/u.exec(typed);
    if (name !== null) return {is: 'list', start: cursor - (name[1]?.length ?? 0)};
  }
  const words = lineWords(typed, line.nameSpan.end).value;
  const last = openWord(words, text, cursor);
  const before = last === undefined ? words : words.slice(0, -1);
  const read = readWords(before, shape);
  const typedWord = wordAt(last, cursor);
  const place = {shape, words: read.words, options: read.options, ...typedWord};
  const equals = /^(--?)([\w-]+)=([^]*)$/.exec(last?.raw ?? '');
  if (equals !== null && last !== undefined && Object.hasOwn(shape.options, equals[2] ?? '')) {
    const [, , option = '', value = ''] = equals;
    const start = cursor - value.length;
    return {is: 'magic', place: {...place, at: {is: 'value', option}, text: value, start}};
  }
  if (typedWord.quote === '' && /^-/.test(typedWord.text) && read.open?.required !== true)
    return {is: 'magic', place: {...place, at: {is: 'option name'}}};
  if (read.open !== undefined) return {is: 'magic', place: {...place, at: {is: 'value', option: read.open.name}}};
  return {is: 'magic', place: {...place, at: {is: 'word'}}};
}

function inBody(text: string, start: number, cursor: number, inner: MagicLine, shapes: readonly MagicShape[]): Place {
  const shape = shapes.find(({name, use}) => name === inner.name && use !== 'line');
  if (shape?.body !== 'arguments') return {is: 'other'};
  const expression = expressionAt(text, start, cursor);
  if (expression !== undefined) return expression;
  const words = bodyWords(text.slice(start, cursor), start).value;
  const last = openWord(words, text, cursor);
  const before = (last === undefined ? words : words.slice(0, -1)).map(plain);
  const line = readWords(inner.words, shape);
  const options = new Map(inner.options.map(({name, values}) => [name, values.map(plain)]));
  const place = {shape, words: line.words, options, at: {is: 'body', words: before} as const};
  return {is: 'magic', place: {...place, ...wordAt(last, cursor)}};
}

/** The last word, if the cursor is still in it. */
function openWord(words: readonly Word[], text: string, cursor: number): Word | undefined {
  const last = words.at(-1);
  if (last === undefined || last.span.end < cursor) return undefined;
  // A comment may end here, or a blank that is part of nothing.
  return /\s/.test(text[cursor - 1] ?? '') && !/^["']/.test(last.raw) ? undefined : last;
}

function wordAt(word: Word | undefined, cursor: number): Pick<MagicPlace, 'text' | 'start' | 'quote'> {
  if (word === undefined) return {text: '', start: cursor, quote: ''};
  const first = word.raw[0];
  const quote = first === '"' || first === "'" ? first : '';
  const open = quote !== '' && !word.raw.slice(1).includes(quote);
  if (open) return {text: word.raw.slice(1), start: word.span.start + 1, quote};
  return {text: word.raw, start: word.span.start, quote: ''};
}

const plain = (word: Word): string => literalText(word) ?? word.raw;

/** Sorts words by the option table. `open` is the option whose values go on; `required`: it has none yet. */
function readWords(
  words: readonly Word[],
  shape: MagicShape,
): {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly open?: {readonly name: string; readonly required: boolean};
} {
  const positional: string[] = [];
  const options = new Map<string, string[]>();
  let open: string | undefined;
  for (const word of words) {
    const name = /^(?:--([^=]+)|-([A-Za-z]))(=)?/.exec(word.raw);
    if (name !== null && word.raw !== '--') {
      const option = name[1] ?? name[2] ?? '';
      const values = options.get(option) ?? [];
      options.set(option, values);
      const takes = Object.hasOwn(shape.options, option) ? shape.options[option] : undefined;
      if (name[3] !== undefined) values.push(plain(word).slice(name[0].length));
      open = takes === 'many' || (takes === 'one' && name[3] === undefined) ? option : undefined;
      if (open !== undefined) options.set(open, values);
    } else if (open === undefined || word.raw === '--') {
      if (word.raw !== '--') positional.push(plain(word));
      open = undefined;
    } else {
      options.get(open)?.push(plain(word));
      if (shape.options[open] === 'one') open = undefined;
    }
  }
  if (open === undefined) return {words: positional, options};
  return {words: positional, options, open: {name: open, required: options.get(open)?.length === 0}};
}
