import {Fatal} from './apptainer-binds.js';
import {csvRecord} from './pflag.js';

/** Reads one `--env`, as pflag reads a map: with one `=` whole, else as CSV. A text is what is wrong with it. */
export function parseEnvFlag(text: string): readonly (readonly [string, string])[] | string {
  const count = text.split('=').length - 1;
  let pairs: readonly string[] = [];
  if (count === 1) pairs = [text.replaceAll(/^"+|"+$/g, '')];
  else if (count > 1) {
    const record = csvRecord(text);
    if ('error' in record) return `parse error on line 1: ${record.error}`;
    pairs = record.fields;
  }
  const entries: (readonly [string, string])[] = [];
  for (const pair of count === 0 ? [text] : pairs) {
    const at = pair.indexOf('=');
    if (at < 0) return `${pair} must be formatted as key=value`;
    entries.push([pair.slice(0, at), pair.slice(at + 1)]);
  }
  return entries;
}

/**
 * Reads an env-file: a shell script of which nothing is run. Quotes go; in double quotes `\` before `\ " $` and a backtick goes
 * too; `$…` and backticks stay for later. A word that a shell would run is {@link Fatal}.
 */
export function parseEnvFile(text: string, name: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  const fail = (why: string): never => {
    throw new Fatal(`While processing environment file ${name}: ${why}`);
  };
  let at = 0;
  let exporting = false;
  while (at < text.length) {
    const here = text.slice(at);
    const blank = /^(?:[ \t\r]|\\\n)+/.exec(here) ?? /^#[^\n]*/.exec(here);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    if (here.startsWith('\n') || here.startsWith(';')) {
      exporting = false;
      at++;
      continue;
    }
    const assigned = /^([A-Za-z_]\w*)=/.exec(here);
    if (assigned === null) {
      const [word = ''] = /^[^ \t\n;]+/.exec(here) ?? [];
      if (word === 'export') exporting = true;
      else if (!exporting) fail(`could not execute "${word}": execution is disabled`);
      at += word.length;
      continue;
    }
    const {value, length} = word(here.slice(assigned[0].length), fail);
    entries.set(assigned[1] ?? '', value);
    at += assigned[0].length + length;
  }
  return entries;
}

/** Reads one word of a shell from the beginning of a text. */
function word(text: string, fail: (why: string) => never): {value: string; length: number} {
  let value = '';
  let at = 0;
  while (at < text.length && !/[ \t\n;]/.test(text[at] ?? '')) {
    const here = text.slice(at);
    const single = /^'([^']*)'/.exec(here);
    const double = /^"((?:[^"\\]|\\[^])*)"/.exec(here);
    const command = /^\$\([^)]*\)|^`[^`]*`/.exec(here);
    const escaped = /^\\[^]/.exec(here);
    if (single !== null) value += single[1] ?? '';
    else if (double !== null) value += (double[1] ?? '').replaceAll(/\\([\\"$`])/g, '$1').replaceAll('\\\n', '');
    else if (here.startsWith("'") || here.startsWith('"')) fail(`reached EOF without closing quote ${here[0] ?? ''}`);
    else value += (command ?? escaped)?.[0] ?? here[0] ?? '';
    at += (single ?? double ?? command ?? escaped)?.[0].length ?? 1;
  }
  return {value, length: at};
}

/** The text between the double quotes in which a value is evaluated: only its own double quotes are escaped. */
export const forEvaluation = (value: string): string => value.replaceAll('"', String.raw`\"`);

/** Whether a shell makes something else of a value. */
export const changesInShell = (value: string): boolean => /[$`\\]/.test(value);

/** What a variable must be called to get into a container. */
export const validName = /^[A-Za-z_]\w*$/;

const systemPath = ['/bin', '/usr/bin', '/sbin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];

/** The image's PATH with the system's directories after it. */
export function completePath(path: string | undefined): string {
  const own = (path ?? '').split(':').filter(each => each !== '');
  return [...own, ...systemPath.filter(each => !own.includes(each))].join(':');
}

/** What stays of the caller's environment. */
export function callersPart(environment: Readonly<Record<string, string>>, clean: boolean): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (!validName.test(name) || /^(APPTAINER|SINGULARITY)(ENV)?_|^(PATH|LD_LIBRARY_PATH)$/.test(name)) continue;
    if (!clean || /^(TERM|(http|https|ftp|no|all)_proxy)$/i.test(name)) kept.set(name, value);
  }
  if (clean) kept.set('LANG', 'C');
  return kept;
}
