import {isOfIPython} from './python.js';
import {errorAt} from './diagnostic.js';
import type {Diagnostic, Parsed} from './diagnostic.js';
import {isHelp} from './lines.js';
import {readOptions} from './options.js';
import type {Span} from './source.js';
import {didYouMean} from './suggest.js';
import type {MagicLine, MagicShape} from './syntax.js';
import {lineWords} from './words.js';

/**
 * Reads one logical line of a cell, `%%name …`, `%name …`, `!command` or `name?`, by the shape of its magic. Where the shape is `raw`, the line is left to the magic,
 * but for the options that the shape has: they stand at its end, and `rest` ends before them.
 */
export function parseMagicLine(text: string, span: Span, shapes: readonly MagicShape[]): Parsed<MagicLine> {
  const line = text.slice(span.start, span.end);
  if (isHelp(line)) return {value: helpLine(line, span), diagnostics: []};
  const sigil = line.startsWith('%%') ? '%%' : line.startsWith('%') ? '%' : '!';
  if (sigil === '!') return commandLine(line, span);
  const name = /^[^\s\\]*/.exec(line.slice(sigil.length))?.[0] ?? '';
  const nameSpan = {start: span.start + sigil.length, end: span.start + sigil.length + name.length};
  const behind = line.slice(sigil.length + name.length);
  const start = nameSpan.end + (/^(?:[ \t]|\\\r?\n)*/.exec(behind)?.[0].length ?? 0);
  const rest = text.slice(start, span.end);
  const plain: MagicLine = {
    sigil,
    name,
    nameSpan,
    words: [],
    options: [],
    rest,
    restSpan: {start, end: span.end},
    span,
  };
  const shape = shapes.find(
    each => each.name === name && (each.use === 'both' || (each.use === 'cell') === (sigil === '%%')),
  );
  if (shape === undefined) return {value: plain, diagnostics: [unknownMagic(plain, shapes)]};
  const options = shape.raw === true ? optionsStart(rest, shape) : 0;
  const words = lineWords(rest.slice(options), start + options);
  const read = readOptions(words.value, shape);
  const diagnostics = [...words.diagnostics, ...read.diagnostics, ...blankBehindContinuation(line, span, shape)];
  if (shape.raw !== true) return {value: {...plain, ...read.value}, diagnostics};
  const restSpan = {start, end: start + options};
  return {value: {...plain, options: read.value.options, rest: rest.slice(0, options), restSpan}, diagnostics};
}

function helpLine(line: string, span: Span): MagicLine {
  const target = line.slice(0, line.lastIndexOf('?'));
  const targetSpan = {start: span.start, end: span.start + target.length};
  const mark = {start: targetSpan.end, end: targetSpan.end + 1};
  const pieces = [{is: 'text' as const, text: target, quoted: false, span: targetSpan}];
  const words = [{pieces, span: targetSpan, raw: target}];
  return {sigil: '%', name: 'help', nameSpan: mark, words, options: [], rest: target, restSpan: targetSpan, span};
}

function commandLine(line: string, span: Span): Parsed<MagicLine> {
  const nameSpan = {start: span.start, end: span.start + 1};
  const restSpan = {start: span.start + 1, end: span.end};
  const value: MagicLine = {
    sigil: '!',
    name: '!',
    nameSpan,
    words: [],
    options: [],
    rest: line.slice(1),
    restSpan,
    span,
  };
  if (line.slice(1).trim() !== '') return {value, diagnostics: []};
  const hint = 'write a command, as `!ls`; a line of TypeScript that begins with `!` is indented';
  return {value, diagnostics: [errorAt('W1009', nameSpan, 'there is no command behind the `!`', hint)]};
}

function unknownMagic({sigil, name, nameSpan, span}: MagicLine, shapes: readonly MagicShape[]): Diagnostic {
  const place = {start: span.start, end: nameSpan.end};
  if (name === '')
    return errorAt('W1002', place, `there is no name behind \`${sigil}\``, '`%lsmagic` lists the magics');
  const kind = sigil === '%%' ? 'cell' : 'line';
  if (shapes.some(shape => shape.name === name)) {
    const other = sigil === '%%' ? '%' : '%%';
    const message = `\`${name}\` is no ${kind} magic`;
    return errorAt('W1004', place, message, `write \`${other}${name}\``);
  }
  const fitting = shapes.filter(shape => shape.use === 'both' || shape.use === kind).map(shape => shape.name);
  const others = shapes.map(shape => shape.name);
  const near = didYouMean(name, fitting, sigil) ?? didYouMean(name, others, sigil === '%%' ? '%' : '%%');
  const hint = isOfIPython(name) ? `it is IPython's: below \`%%py\` it works` : (near ?? '`%lsmagic` lists the magics');
  return errorAt('W1003', place, `unknown magic \`${sigil}${name}\``, hint);
}

/**
 * Where the options of a line begin that its magic reads itself: at the first `--` that begins a word outside brackets, quotes
 * and `${}`. At the line's end, where there are none or the magic has no options.
 */
function optionsStart(rest: string, shape: MagicShape): number {
  if (Object.keys(shape.options).length === 0) return rest.length;
  let depth = 0;
  for (let at = 0; at < rest.length; at++) {
    const char = rest[at] ?? '';
    const begins = at === 0 || /\s/.test(rest[at - 1] ?? '');
    if (char === "'" || char === '"') {
      const close = rest.indexOf(char, at + 1);
      if (close === -1) return rest.length;
      at = close;
    } else if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    else if (char === '#' && begins && depth <= 0)
      at = rest.indexOf('\n', at) === -1 ? rest.length : rest.indexOf('\n', at);
    else if (depth <= 0 && begins && rest.startsWith('--', at)) return at;
  }
  return rest.length;
}

/** Blanks behind a last `\`: the line does not go on, though it looks so. */
function blankBehindContinuation(line: string, span: Span, shape: MagicShape): readonly Diagnostic[] {
  const found = /(?<!\\)(?:\\\\)*\\([ \t]+)$/.exec(line);
  if (found === null || shape.raw === true) return [];
  const start = span.end - (found[1]?.length ?? 0);
  return [
    errorAt(
      'W1105',
      {start, end: span.end},
      'blanks stand behind the `\\`, so that the line ends here',
      'remove the blanks',
    ),
  ];
}
