import {existsSync, lstatSync, readdirSync, readlinkSync, statSync} from 'node:fs';
import {isAbsolute, join} from 'node:path';
import {quoteWord} from '../kernel/cell/words.js';
import {STORE_MARK} from '../kernel/fingerprint/directory-tree.js';
import type {Digest} from '../kernel/fingerprint/fingerprint.js';
import {isOwnFile} from '../kernel/graph/own-files.js';
import type {Result} from '../kernel/graph/result.js';
import {isUndecoded} from './attempt-files.js';
import {literalHint, readGlob, relativeGlob, type Glob} from './glob.js';

/** A file that `--in` names: how it is called in the recipe, and where it lies now. */
export interface InputFile {
  /** Relative to the notebook, with `/`; or as it was given, where it is absolute or begins with `..`. */
  readonly name: string;
  readonly path: string;
  readonly digest: Digest;
  /** True: linked into the task's directory under its name. */
  readonly linked: boolean;
}

/** Files below `root` (relative names, with `/`) that a glob matches; a directory that it matches counts with all its files. Sorted. */
export function matchGlob(root: string, glob: Glob): readonly string[] {
  if (glob.literal) return filesBelow(root, glob.text);
  // As in a shell, a leading dot is matched by a dot only.
  const hidden = /(^|[/{,])(?!\.\.?(\/|$))\./.test(glob.text);
  const found = new Set<string>();
  // A link that leads back up would be followed for ever below `**`, which has no depth.
  const walk = (directory: string, level: number, above: readonly string[]): void => {
    for (const entry of list(join(root, directory))) {
      const name = directory === '' ? entry : `${directory}/${entry}`;
      if (entry.startsWith('.') && !hidden) continue;
      if (glob.expression.test(name)) for (const file of filesBelow(root, name)) found.add(file);
      else if (level < glob.depth) {
        const place = placeOf(join(root, name));
        if (place !== undefined && !(glob.depth === Infinity && above.includes(place)))
          walk(name, level + 1, [...above, place]);
      }
    }
  };
  const base = placeOf(join(root, glob.base));
  walk(glob.base, glob.base === '' ? 1 : glob.base.split('/').length + 1, base === undefined ? [] : [base]);
  return [...found].sort();
}

/**
 * The file itself, or all files of a directory, also behind links; none if it is not there. Weft's own are left out, and a store in it.
 * @param above the directories that it lies in, as the file system numbers them: a link back to one of these leads nowhere
 */
export function filesBelow(root: string, name: string, above: readonly string[] = []): readonly string[] {
  const path = join(root, name);
  let stat;
  try {
    stat = statSync(path);
  } catch {
    try {
      // A dangling link is there, though what it names is not.
      lstatSync(path);
      return [name];
    } catch {
      return isUndecoded(path) ? [name] : [];
    }
  }
  if (!stat.isDirectory()) return [name];
  const place = `${stat.dev}:${stat.ino}`;
  if (above.includes(place)) return [];
  const entries = list(path);
  if (above.length > 0 && entries.includes(STORE_MARK)) return [];
  return entries
    .filter(entry => entry !== '.weft' && !isOwnFile(entry))
    .flatMap(entry => filesBelow(root, name === '.' || name === '' ? entry : `${name}/${entry}`, [...above, place]))
    .sort();
}

/** Expands the patterns of `--in` and takes the digest of each file. A problem names its pattern. */
export async function inputFiles(
  directory: string,
  patterns: readonly string[],
  allowEmpty: boolean,
  digest: (path: string) => Promise<Result<Digest, string>>,
): Promise<{
  readonly files: readonly InputFile[];
  readonly problems: readonly {readonly pattern: string; readonly message: string; readonly hint?: string}[];
}> {
  const problems: {pattern: string; message: string; hint?: string}[] = [];
  const files = new Map<string, InputFile>();
  for (const pattern of patterns) {
    const {text} = readGlob(pattern);
    const absolute = isAbsolute(text);
    const root = absolute ? '/' : directory;
    const glob = relativeGlob(absolute ? pattern.replace(/^\/+/, '') : pattern);
    const outside = absolute || /^\.\.(\/|$)/.test(glob.text);
    // An empty name would be the directory itself.
    const names = text.trim() === '' ? [] : matchGlob(root, glob);
    if (names.length === 0 && (!allowEmpty || text === '')) {
      const hint = literalHint(glob) ?? asLiteral(root, glob) ?? backwards(glob);
      problems.push({pattern, message: missing(text, root, glob), ...(hint === undefined ? {} : {hint})});
    }
    for (const found of names) {
      const path = join(root, found);
      const name = absolute ? path : found;
      const digested = await digest(path);
      if (!digested.ok) problems.push({pattern, ...unreadable(path, name, digested.error)});
      else files.set(name, {name, path, digest: digested.value, linked: !outside});
    }
  }
  return {files: [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), problems};
}

function missing(text: string, root: string, glob: Glob): string {
  if (text.trim() === '') return 'an empty name is no input';
  if (!glob.literal) return `\`${text}\` matches no file`;
  return placeOf(join(root, glob.text)) !== undefined
    ? `the directory \`${text}\` has no file in it`
    : `there is no file \`${text}\``;
}

/** What to say where a file has the name that was meant as no glob. */
const asLiteral = (root: string, glob: Glob): string | undefined =>
  glob.literal || lstatSync(join(root, glob.text), {throwIfNoEntry: false}) === undefined
    ? undefined
    : `a file of just this name is there: quote it, \`'${glob.text.replaceAll("'", "'\\''")}'\``;

function unreadable(path: string, name: string, message: string): {readonly message: string; readonly hint: string} {
  if (isUndecoded(path)) return {message: `the name of \`${name}\` is no UTF-8`, hint: 'give it another name'};
  const stats = lstatSync(path, {throwIfNoEntry: false});
  if (stats?.isSymbolicLink() === true && !existsSync(path))
    return {
      message: `\`${name}\` is a link to \`${readlinkSync(path)}\`, which is not there`,
      hint: 'mend or remove the link, or name the files that are meant one by one',
    };
  return {message, hint: `see who may read it: \`!ls -l ${quoteWord(name)}\``};
}

const backwards = ({never}: Glob): string | undefined =>
  never === undefined ? undefined : `\`${never}\` matches nothing: it runs backwards`;

function list(path: string): readonly string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

/** A directory as the file system numbers it; undefined: it is none. */
function placeOf(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? `${stat.dev}:${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}
