import {errorAt, warningAt} from './diagnostic.js';
import type {Diagnostic, Parsed} from './diagnostic.js';
import {findLines, isHelp, logicalLineEnd} from './lines.js';
import {parseMagicLine} from './magic-line.js';
import {lineEnd, nextLine} from './source.js';
import type {Span} from './source.js';
import type {CellSyntax, MagicLine, MagicShape} from './syntax.js';

/**
 * Reads a cell: a stack of `%%` lines with its body, or TypeScript with its line magics. `shapes` are the magics there are. Never throws; all that is
 * wrong is said at once, with spans of the text as it was given, CRLF or not. `body` is the cell's own text: where it may have CRLF, it still has.
 * A question (`name?`) stands among the lines as `%help`, with `name` as its word.
 */
export function parseCell(text: string, shapes: readonly MagicShape[]): Parsed<CellSyntax> {
  const start = firstLine(text);
  if (start === undefined) return {value: {is: 'empty'}, diagnostics: []};
  const first = text.slice(start, lineEnd(text, start));
  return first.startsWith('%%') && !isHelp(first) ? parseStack(text, start, shapes) : parseTypeScript(text, shapes);
}

/** Where the first line begins that is not blank. */
function firstLine(text: string): number | undefined {
  // A byte order mark is no text.
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    if (text.slice(at, lineEnd(text, at)).trim() !== '') return at;
    at = nextLine(text, at);
  }
  return undefined;
}

function parseStack(text: string, start: number, shapes: readonly MagicShape[]): Parsed<CellSyntax> {
  const stack: MagicLine[] = [];
  const diagnostics: Diagnostic[] = [];
  let at = start;
  while (text.startsWith('%%', at)) {
    const end = logicalLineEnd(text, at);
    const line = parseMagicLine(text, {start: at, end}, shapes);
    stack.push(line.value);
    diagnostics.push(...line.diagnostics);
    at = nextLine(text, end);
  }
  for (const [index, line] of stack.entries()) {
    const above = stack[index - 1];
    if (above === undefined) continue;
    const shape = cellShape(shapes, above.name);
    if (shape === undefined || shape.body === 'inner') continue;
    const span = {start: line.span.start, end: line.nameSpan.end};
    const message = `\`%%${line.name}\` cannot stand below \`%%${above.name}\``;
    const outer = cellShape(shapes, line.name)?.body === 'inner';
    const hint = outer ? `write the \`%%${line.name}\` line first` : 'put it into a cell of its own';
    diagnostics.push(errorAt('W1005', span, message, hint));
  }
  const bodySpan = {start: at, end: text.length};
  const body = text.slice(at);
  const inner = stack.at(-1);
  const shape = inner === undefined ? undefined : cellShape(shapes, inner.name);
  if (inner !== undefined && shape !== undefined) diagnostics.push(...checkBody(text, bodySpan, inner, shape, shapes));
  return {value: {is: 'magic', stack, body, bodySpan}, diagnostics};
}

function checkBody(
  text: string,
  bodySpan: Span,
  inner: MagicLine,
  shape: MagicShape,
  shapes: readonly MagicShape[],
): readonly Diagnostic[] {
  const head = {start: inner.span.start, end: inner.nameSpan.end};
  const blank = text.slice(bodySpan.start).trim() === '';
  if (shape.body === 'script' && blank) {
    return [errorAt('W1007', head, `\`%%${shape.name}\` has an empty script`, 'write the script below this line')];
  }
  const found: Diagnostic[] = [];
  for (const span of cellMagicLines(text, bodySpan.start)) {
    const name = /^%%([\w-]+)/.exec(text.slice(span.start, span.end))?.[1];
    const known = name !== undefined && cellShape(shapes, name) !== undefined;
    if (shape.body !== 'script') found.push(misplaced(span, known ? name : undefined));
    else if (known) {
      const hint = `for a task put \`%%${name}\` into a cell of its own`;
      found.push(warningAt('W1011', span, `\`%%${name}\` is part of the script`, hint));
    }
  }
  if (shape.body === 'none' && !blank && found.length === 0) {
    const start = bodySpan.start + (firstLine(text.slice(bodySpan.start)) ?? 0);
    const span = {start, end: lineEnd(text, start)};
    return [errorAt('W1006', span, `\`%%${shape.name}\` has no body`, 'put this into a cell of its own')];
  }
  return found;
}

/** The heads of the lines, from `from` on, that begin with `%%`: blanks stand between them and the stack, or other text. */
function cellMagicLines(text: string, from: number): readonly Span[] {
  const found: Span[] = [];
  for (let at = from; at < text.length; at = nextLine(text, at)) {
    const head = /^%%[^\s]*/.exec(text.slice(at, lineEnd(text, at)))?.[0];
    if (head !== undefined) found.push({start: at, end: at + head.length});
  }
  return found;
}

function misplaced(span: Span, name: string | undefined): Diagnostic {
  const what = name === undefined ? 'a `%%` line' : `\`%%${name}\``;
  const hint = 'the `%%` lines of a cell are its first lines, without blank ones between them';
  return errorAt('W1001', span, `${what} behind other text`, hint);
}

/**
 * Reads the line magics of TypeScript text, which is a cell or the part of one from `from` on (the body of `%%foreach`).
 * That TypeScript itself is read elsewhere.
 */
export function parseTypeScript(text: string, shapes: readonly MagicShape[], from = 0): Parsed<CellSyntax> {
  const lines: MagicLine[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const {is, span} of findLines(text, from)) {
    if (is === 'cell magic') {
      const head = /^%%[^\s]*/.exec(text.slice(span.start, span.end))?.[0] ?? '';
      const known = cellShape(shapes, head.slice(2)) !== undefined;
      diagnostics.push(
        misplaced({start: span.start, end: span.start + head.length}, known ? head.slice(2) : undefined),
      );
      continue;
    }
    const line = parseMagicLine(text, span, shapes);
    lines.push(line.value);
    diagnostics.push(...line.diagnostics);
  }
  const start = firstLine(text.slice(from));
  const indented =
    start === undefined
      ? null
      : /^([ \t]+)(%%?[\p{L}_][\w-]*)/u.exec(text.slice(from + start, lineEnd(text, from + start)));
  if (start !== undefined && indented !== null) {
    const [, blanks = '', head = ''] = indented;
    const span = {start: from + start + blanks.length, end: from + start + blanks.length + head.length};
    diagnostics.push(errorAt('W1008', span, `\`${head}\` is indented`, 'remove the blanks before it'));
  }
  return {value: {is: 'typescript', lines}, diagnostics};
}

function cellShape(shapes: readonly MagicShape[], name: string): MagicShape | undefined {
  return shapes.find(shape => shape.name === name && shape.use !== 'line');
}
