import {lineEnd, nextLine} from './source.js';
import type {Span} from './source.js';
import {Tokens} from './tokens.js';

/** A line of a TypeScript cell that is none of TypeScript: `%name …`, `!command`, `name?`, or a `%%` line where none may stand. */
export interface FoundLine {
  readonly is: 'magic' | 'command' | 'help' | 'cell magic';
  /** Without its last line end; continuation lines are in it. */
  readonly span: Span;
}

const HELP = /^(?:%{1,2}[\p{L}_][\w-]*|[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\[[^\]\r\n]*\])*)\?[ \t]*$/u;

/** True for a line that is exactly `name?`, `warps[HSC-R]?`, `%status?` or `%%lsst?`. */
export function isHelp(line: string): boolean {
  return HELP.test(line);
}

/**
 * Where a magic line that begins at `start` ends: before its line end, or that of the last line which a trailing `\` adds.
 * An escaped `\\` at the end adds none.
 */
export function logicalLineEnd(text: string, start: number): number {
  let from = start;
  for (;;) {
    const end = lineEnd(text, from);
    const next = nextLine(text, from);
    const slashes = end - text.slice(from, end).replace(/\\+$/, '').length - from;
    if (slashes % 2 === 0 || next === text.length) return end;
    from = next;
  }
}

/**
 * The lines of a TypeScript cell, from `from` on, that are magics, commands or questions: those that begin in column 1, outside
 * brackets, strings, templates and comments, where the token before is no operator, comma or `=>`. A `%%` line is
 * found inside brackets too: no TypeScript looks so.
 */
export function findLines(text: string, from = 0): readonly FoundLine[] {
  const found: FoundLine[] = [];
  const tokens = new Tokens(text, from);
  let fresh = true;
  for (;;) {
    const start = tokens.at;
    const is = fresh ? kindAt(tokens) : undefined;
    fresh = false;
    if (is !== undefined) {
      const end = is === 'help' ? lineEnd(text, start) : logicalLineEnd(text, start);
      found.push({is, span: {start, end}});
      tokens.resume(end);
    }
    const first = tokens.next();
    if (first === undefined) return found;
    // Comments, strings and templates may end in a newline of theirs without beginning a line of code.
    fresh = first === '\n';
  }
}

function kindAt(tokens: Tokens): FoundLine['is'] | undefined {
  const {text, at} = tokens;
  const plain = tokens.depth === 0 && tokens.after !== 'operator';
  const first = text[at] ?? '';
  if (plain && /[%\p{ID_Start}$_]/u.test(first) && isHelp(text.slice(at, lineEnd(text, at)))) return 'help';
  if (first === '%' && text[at + 1] === '%') return 'cell magic';
  if (!plain) return undefined;
  if (first === '!') return 'command';
  return first === '%' && /[\p{L}_]/u.test(text[at + 1] ?? '') ? 'magic' : undefined;
}
