import {parseExpressionAt} from 'acorn';
import {errorAt} from './diagnostic.js';
import type {Diagnostic} from './diagnostic.js';
import {closingBrace} from './tokens.js';

/** `${expression}` as it was found in a text. */
export interface FoundExpression {
  /** What is between the braces, as typed. */
  readonly code: string;
  /** The offset behind the `}`; the text's end where there is none. */
  readonly end: number;
  readonly diagnostic?: Diagnostic;
}

const BLANKS = /(?:\s|\/\/[^\r\n]*|\/\*[^]*?\*\/)*/y;

/**
 * Reads the `${expression}` that begins at `start` in `text`. Its end is the `}` that JavaScript says (acorn, ECMA-262 Expression), so that braces in
 * strings, templates and regular expressions are no end. Where it is no JavaScript, the matching brace is guessed.
 * `offset` is added to the diagnostic's span.
 */
export function readExpression(text: string, start: number, offset: number): FoundExpression {
  // A line that is continued is one line to JavaScript too.
  const source = text.slice(start).replace(/\\(\r?\n)/g, (_, newline: string) => ` ${newline}`);
  const from = start + offset;
  let wrong = {at: 2, message: 'nothing stands in it'};
  try {
    const node = parseExpressionAt(source, 2, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowAwaitOutsideFunction: true,
      preserveParens: true,
    });
    const end = behindBlanks(source, node.end);
    if (source[end] === '}') return {code: source.slice(2, end), end: start + end + 1};
    wrong = {at: end, message: 'unexpected text'};
  } catch (error) {
    if (error instanceof SyntaxError && 'pos' in error && typeof error.pos === 'number') {
      wrong = {at: error.pos, message: error.message.replace(/ \(\d+:\d+\)$/, '').toLowerCase()};
    } else {
      wrong = {at: 2, message: 'it cannot be read'};
    }
  }
  const close = closingBrace(source, 2);
  if (close === undefined) {
    const span = {start: from, end: from + 2};
    return {
      code: source.slice(2),
      end: text.length,
      diagnostic: errorAt('W1102', span, 'this `${` is never closed', 'add the `}` (for a plain `$` write `$$`)'),
    };
  }
  const code = source.slice(2, close);
  if (code.trim() === '') {
    const span = {start: from, end: from + close + 1};
    const hint = 'put a JavaScript expression into the braces';
    return {code, end: start + close + 1, diagnostic: errorAt('W1103', span, '`${}` is empty', hint)};
  }
  const at = Math.min(wrong.at, close);
  const span = {start: from + at, end: from + Math.min(at + 1, close + 1)};
  const message = `no JavaScript expression: ${wrong.message}`;
  const hint = 'the braces hold one JavaScript expression, without types';
  return {code, end: start + close + 1, diagnostic: errorAt('W1103', span, message, hint)};
}

function behindBlanks(text: string, at: number): number {
  BLANKS.lastIndex = at;
  return at + (BLANKS.exec(text)?.[0].length ?? 0);
}
