import type {Completeness} from '../wire/notebook.js';
import {stripTypes} from './strip.js';

/** Whether a console should run a text of TypeScript now, or wait for more of it. */
export function isCompleteTypeScript(code: string): Completeness {
  const stripped = stripTypes(code);
  if (stripped.ok) return {status: 'complete'};
  const {message, at} = stripped.error;
  // What ends too early is said as an unexpected end, or as something wrong at the very end.
  const lines = code.trimEnd().split('\n');
  const atEnd = at !== undefined && at.line >= lines.length && /^\s*$/.test((lines.at(-1) ?? '').slice(at.column));
  if (atEnd || /Unterminated|found `EOF`|end of file/i.test(message))
    return {status: 'incomplete', indent: indentBehind(lines)};
  return {status: 'invalid'};
}

/** The blanks before the next line: those of the last one, and two more where it has opened something, or wants more. */
function indentBehind(lines: readonly string[]): string {
  const last = lines.at(-1) ?? '';
  const blanks = /^[ \t]*/.exec(last)?.[0] ?? '';
  const code = last.replace(/\s*(?:\/\/.*)?$/, '');
  return /(?:[[({=+*/&|?:-]|=>)$/.test(code) ? `${blanks}  ` : blanks;
}
