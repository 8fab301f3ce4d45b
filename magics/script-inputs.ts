import {lstatSync, readdirSync, statSync} from 'node:fs';
import {isAbsolute, join, normalize, posix, relative, sep} from 'node:path';
import {STORE_MARK} from '../kernel/fingerprint/directory-tree.js';
import type {Digest} from '../kernel/fingerprint/fingerprint.js';
import type {Result} from '../kernel/graph/result.js';

/** A file that `--in` names: how it is called in the recipe, and where it lies now. */
export interface InputFile {
  /** Relative to the notebook, with `/`; or as it was given, where it is absolute or begins with `..`. */
  readonly name: string;
  readonly path: string;
  readonly digest: Digest;
  /** True: linked into the task's directory under its name. */
  readonly linked: boolean;
}

/** A regular expression for a glob: `*` and `?` stay in a directory, `**` does not, `[…]` is a set, `{a,b}` are alternatives. */
export function globPattern(glob: string): RegExp {
  let source = '';
  let depth = 0;
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i] ?? '';
    if (character === '*' && glob[i + 1] === '*') {
      i += 1;
      if (glob[i + 1] === '/') {
        i += 1;
        source += '(?:[^/]+/)*';
      } else source += '.*';
    } else if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[' && glob.indexOf(']', i + 2) > 0) {
      const end = glob.indexOf(']', i + 2);
      const inner = glob.slice(i + 1, end);
      source += `[${inner.startsWith('!') ? `^${inner.slice(1)}` : inner}]`.replaceAll('\\', '\\\\');
      i = end;
    } else if (character === '{' && glob.includes('}', i)) {
      depth += 1;
      source += '(?:';
    } else if (character === '}' && depth > 0) {
      depth -= 1;
      source += ')';
    } else if (character === ',' && depth > 0) source += '|';
    else source += character.replace(/[.+^$()|\\[\]{}]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 'u');
}

/** True where a text has a sign that a glob reads as more than itself. */
export const isGlob = (text: string): boolean => /[*?[{]/.test(text);

/** Files below `root` (relative names, with `/`) that a glob matches; a directory that it matches counts with all its files. Sorted. */
export function matchGlob(root: string, glob: string): readonly string[] {
  const clean = posix.normalize(glob).replace(/\/$/, '');
  if (!isGlob(clean)) return filesBelow(root, clean);
  const fixed = clean.split('/');
  const first = fixed.findIndex(isGlob);
  const base = fixed.slice(0, first).join('/');
  const pattern = globPattern(clean);
  const depth = clean.includes('**') ? Infinity : fixed.length;
  const found = new Set<string>();
  const walk = (directory: string, level: number): void => {
    for (const entry of list(join(root, directory))) {
      const name = directory === '' ? entry : `${directory}/${entry}`;
      // As in a shell, a leading dot is matched by a dot only.
      if (entry.startsWith('.') && !fixed.some(part => part.startsWith('.'))) continue;
      if (pattern.test(name)) for (const file of filesBelow(root, name)) found.add(file);
      else if (level < depth && isDirectory(join(root, name))) walk(name, level + 1);
    }
  };
  walk(base, first + 1);
  return [...found].sort();
}

/** The file itself, or all files of a directory; none if it is not there. Weft's own are left out, and a store in it. */
export function filesBelow(root: string, name: string, inner = false): readonly string[] {
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
      return [];
    }
  }
  if (!stat.isDirectory()) return [name];
  const entries = list(path);
  if (inner && entries.includes(STORE_MARK)) return [];
  return entries
    .filter(entry => !entry.startsWith('.weft'))
    .flatMap(entry => filesBelow(root, name === '.' || name === '' ? entry : `${name}/${entry}`, true))
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
  readonly problems: readonly {readonly pattern: string; readonly message: string}[];
}> {
  const problems: {pattern: string; message: string}[] = [];
  const files = new Map<string, InputFile>();
  for (const pattern of patterns) {
    const outside = isAbsolute(pattern) || normalize(pattern).startsWith('..');
    const root = isAbsolute(pattern) ? '/' : directory;
    const asked = isAbsolute(pattern) ? relative('/', pattern) : normalize(pattern).split(sep).join('/');
    const names = matchGlob(root, asked);
    if (names.length === 0 && !allowEmpty)
      problems.push({
        pattern,
        message:
          pattern.trim() === ''
            ? 'an empty name is no input'
            : isGlob(pattern)
              ? `\`${pattern}\` matches no file`
              : isDirectory(join(root, asked))
                ? `the directory \`${pattern}\` has no file in it`
                : `there is no file \`${pattern}\``,
      });
    for (const found of names) {
      const path = join(root, found);
      const name = isAbsolute(pattern) ? path : found;
      const digested = await digest(path);
      if (!digested.ok) problems.push({pattern, message: digested.error});
      else files.set(name, {name, path, digest: digested.value, linked: !outside});
    }
  }
  return {files: [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), problems};
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
