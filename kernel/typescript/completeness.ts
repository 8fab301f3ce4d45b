import type {Completeness} from '../wire/notebook.js';
import type {Position} from './positions.js';
import {stripTypes} from './strip.js';

/** Whether a console should run a text of TypeScript now, or wait for more of it. */
export function isCompleteTypeScript(code: string): Completeness {
  const stripped = stripTypes(code);
  if (stripped.ok) return {status: 'complete'};
  const {message, at} = stripped.error;
  // What ends too early is said as an unexpected end, or as something wrong at the very end.
  const lines = code.trimEnd().split('\n');
  const atEnd = at !== undefined && at.line >= lines.length && /^\s*$/.test((lines.at(-1) ?? '').slice(at.column - 1));
  const open = message.startsWith('Unterminated') && at !== undefined && goesOn(lines, at);
  if (atEnd || open || /found `EOF`|end of file/i.test(message))
    return {status: 'incomplete', indent: indentBehind(lines)};
  return {status: 'invalid'};
}

/** True for a template, a comment, and a string whose line is continued: what else has no end may not span lines. */
function goesOn(lines: readonly string[], at: Position): boolean {
  const text = (lines[at.line - 1] ?? '').slice(at.column - 1);
  return text.startsWith('`') || text.startsWith('/*') || (/^["']/.test(text) && lines.at(-1)?.endsWith('\\') === true);
}

/** The blanks before the next line: those of the last one, and two more where it has opened something, or wants more. */
function indentBehind(lines: readonly string[]): string {
  const last = lines.at(-1) ?? '';
  const blanks = /^[ \t]*/.exec(last)?.[0] ?? '';
  const code = last.replace(/\s*(?:\/\/.*)?$/, '');
  return /(?:[[({=+*/&|?:-]|=>)$/.test(code) ? `${blanks}  ` : blanks;
}
