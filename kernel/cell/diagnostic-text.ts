import {styleText} from 'node:util';
import type {Diagnostic} from './diagnostic.js';
import {lineEnd, positionAt} from './source.js';

/** What the rendering of diagnostics must know of their cell. */
export interface DiagnosticContext {
  /** The execution count of the cell; undefined for one that was not counted. */
  readonly count: number | undefined;
  /** The text of the cell, which the spans are of. */
  readonly text: string;
  /** Colours for a terminal (ANSI escapes). Off unless it is true. */
  readonly colour?: boolean;
}

/** Lines are cut to about this width, around the place that matters. */
const WIDEST = 120;
const WORD = {error: '', warning: 'warning: ', info: 'note: '} as const;
const COLOUR = {error: 'red', warning: 'yellow', info: 'cyan'} as const;

/**
 * Diagnostics as text, in the order of their places:
 *
 * ```
 * cell [7]:2:8  W2007  unknown task `makeCoaddTmpExp`
 *   %%lsst makeCoaddTmpExp --from skymap
 *          ~~~~~~~~~~~~~~~  did you mean `makeCoaddTempExp`?
 * ```
 *
 * Lines and columns count from 1, columns in code points. Of a span over several lines the first is shown. Tabs are shown as blanks, other
 * control characters as dots. No newline at the end.
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], context: DiagnosticContext): string {
  return [...diagnostics]
    .sort((a, b) => a.span.start - b.span.start)
    .map(diagnostic => formatDiagnostic(diagnostic, context))
    .join('\n');
}

function formatDiagnostic(diagnostic: Diagnostic, {count, text, colour = false}: DiagnosticContext): string {
  const {code, severity, message, hint} = diagnostic;
  const paint = (style: Parameters<typeof styleText>[0], plain: string): string =>
    colour ? styleText(style, plain, {validateStream: false}) : plain;
  const start = Math.max(0, Math.min(diagnostic.span.start, text.length));
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const end = Math.max(lineStart, lineEnd(text, lineStart));
  const {line, column} = positionAt(text, start);
  const from = Math.min(start, end);
  const cut = cutLine(
    shown(text.slice(lineStart, from), 0),
    text.slice(from, Math.max(from, Math.min(diagnostic.span.end, end))),
    text.slice(Math.max(from, Math.min(diagnostic.span.end, end)), end),
  );
  const head = `cell [${count ?? ' '}]:${line}:${column}  ${paint(COLOUR[severity], code)}  ${WORD[severity]}${paint('bold', clean(message))}`;
  const marks = `${' '.repeat(width(cut.before))}${paint(COLOUR[severity], '~'.repeat(Math.max(1, width(cut.marked))))}`;
  const lines = [
    head,
    `  ${cut.before}${cut.marked}${cut.after}`.trimEnd(),
    `  ${marks}${hint === undefined ? '' : `  ${clean(hint)}`}`,
  ];
  return lines.join('\n');
}

/** The three parts of a line, as they are shown, cut where the line is too wide. */
function cutLine(before: string, rawMarked: string, rawAfter: string): {before: string; marked: string; after: string} {
  let marked = shown(rawMarked, width(before));
  let after = shown(rawAfter, width(before) + width(marked));
  if (width(before) + width(marked) + width(after) <= WIDEST) return {before, marked, after};
  const head = Array.from(before);
  if (head.length > 40) before = `…${head.slice(-39).join('')}`;
  const body = Array.from(marked);
  if (body.length > 60) marked = `${body.slice(0, 59).join('')}…`;
  const room = WIDEST - width(before) - width(marked);
  const tail = Array.from(after);
  if (tail.length > room) after = `${tail.slice(0, Math.max(0, room - 1)).join('')}…`;
  return {before, marked, after};
}

/** Text as it may be shown, when it begins in a column: tabs reach to the next multiple of 4. */
function shown(text: string, column: number): string {
  let result = '';
  for (const char of text) result += char === '\t' ? ' '.repeat(4 - ((column + width(result)) % 4)) : clean(char);
  return result;
}

/** Control characters could move the cursor of a terminal. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '·');
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60\u3000-\u303e]/u;
const NONE = /[\p{Mn}\p{Me}\u200b-\u200d\ufe00-\ufe0f]/u;

/** How many columns of a terminal a text takes, near enough: combining marks none, East Asian letters and emoji two. */
function width(text: string): number {
  let columns = 0;
  for (const char of text) columns += NONE.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return columns;
}
