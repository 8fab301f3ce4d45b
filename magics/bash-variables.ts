import {canonicalJson} from '../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';

/** What the task's environment is made of, and bash's own (LANGUAGE 4). */
const OF_TASK = /^(?:PATH|HOME|IFS|PWD|UID|EUID|PPID|SHELLOPTS|TMPDIR|LANG|LC_.*|BASH.*|WEFT_.*|__proto__)$/;

/** Variables that bash sets by itself, so that what is assigned to them is lost or becomes another value (Bash Reference Manual, 5.2). */
const SET_BY_BASH =
  /^(?:_|DIRSTACK|EPOCHREALTIME|EPOCHSECONDS|FUNCNAME|GROUPS|HISTCMD|LINENO|OLDPWD|OPTIND|PIPESTATUS|RANDOM|SECONDS|SRANDOM)$/;

/** Variables by which bash works otherwise as soon as they have a value (the same). */
const CHANGES_BASH = /^(?:CDPATH|EXECIGNORE|FUNCNEST|GLOBIGNORE|POSIXLY_CORRECT|TMOUT)$/;

/** Why a name can't be a variable of a bash script; undefined if it can. */
export function whyNoBashName(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'is no name of a bash variable';
  if (OF_TASK.test(name)) return 'is a variable of bash, or of the task, itself';
  if (SET_BY_BASH.test(name)) return 'is a variable that bash sets by itself';
  if (CHANGES_BASH.test(name)) return 'is a variable by which bash works otherwise';
  return undefined;
}

/** A text as one word of bash, whatever is in it but NUL. */
export const bashQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A value as a script sees it: strings as they are, anything else as canonical JSON. */
export const bashText = (value: JsonValue): string => (typeof value === 'string' ? value : canonicalJson(value));

/** Assignments of a script's variables, in the order of their names. */
export const bashPreamble = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => `${name}=${bashQuote(text)}\n`)
    .join('');

/** Variables that a script names (`$NAME`, `${NAME…}`) and neither sets, reads nor loops over: an estimate by eye, for a warning. */
export function unsetNames(script: string): ReadonlySet<string> {
  const text = script.replace(/'[^']*'/g, "''").replace(/(^|\s)#.*$/gm, '$1');
  const named = new Set(
    Array.from(
      text.matchAll(/(?<!\\)\$\{?([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_]*\s*:?[-=?+])/g),
      match => match[1] ?? '',
    ),
  );
  const set =
    /(?:^|[\s;&|(){])(?:(?:export|local|declare|readonly|typeset)\s+(?:-\w+\s+)*)?([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]*\])?\+?=/gm;
  for (const match of text.matchAll(set)) named.delete(match[1] ?? '');
  for (const match of text.matchAll(/\b(?:for|select)\s+([A-Za-z_]\w*)\b/g)) named.delete(match[1] ?? '');
  for (const match of text.matchAll(/\b(?:read|mapfile|readarray|printf\s+-v|getopts\s+\S+)((?:\s+[-\w]+)+)/g))
    for (const word of (match[1] ?? '').split(/\s+/)) named.delete(word);
  return named;
}
