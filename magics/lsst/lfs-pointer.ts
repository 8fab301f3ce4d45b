import {closeSync, existsSync, openSync, readSync, statSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import type {Span} from '../../kernel/cell/source.js';
import type {Problem} from '../../kernel/session/magic.js';
import type {LsstCall, ArgumentWord} from './lsst-call.js';

/** The first bytes of what git leaves in the place of a large file that was not fetched (github/git-lfs:docs/spec.md). */
const SIGN = 'version https://git-lfs';

/** A pointer has less than this, in bytes: larger files are not opened. */
const MOST = 1024;

/** True for a file that is there, and only says where git-lfs has the real one. */
export function isPointer(path: string): boolean {
  const size = sizeOf(path);
  if (size === undefined || size < SIGN.length || size >= MOST) return false;
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(SIGN.length);
      readSync(file, bytes, 0, bytes.length, 0);
      return bytes.toString('latin1') === SIGN;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

/**
 * What is wrong with files that a task is to put into the root: those of a data package that was cloned without git-lfs.
 * One problem for each word of the body, with the command that fetches the files.
 */
export function pointerProblems(call: LsstCall, words: readonly ArgumentWord[], directory: string): readonly Problem[] {
  const files = words
    .filter(({text}) => !text.includes('/weft:'))
    .map(({text, span}) => ({path: resolve(directory, text), span: span ?? call.bodySpan}))
    .filter(({path}) => sizeOf(path) !== undefined)
    .map(file => ({...file, pointer: isPointer(file.path)}));
  const pointers = files.filter(({pointer}) => pointer);
  const groups = new Map<string, {readonly span: Span | undefined; readonly paths: string[]}>();
  for (const {span, path} of pointers) {
    const key = `${span?.start ?? ''}`;
    const group = groups.get(key) ?? {span, paths: []};
    group.paths.push(path);
    groups.set(key, group);
  }
  const what = /^ingest(?!Calibs|Curated|Reference|Ext)/.test(call.task) ? 'raw' : 'file';
  return [...groups.values()].map(({span, paths}): Problem => {
    const [only] = paths;
    const total = files.filter(file => file.span?.start === span?.start).length;
    return {
      code: 'W5014',
      severity: 'error',
      message:
        total === 1
          ? `the ${what} \`${only ?? ''}\` is a git-lfs pointer, not an image`
          : `${paths.length} of ${total} ${what}s are git-lfs pointers, not images`,
      hint: `fetch the images: \`git -C ${quoted(treeOf(paths))} lfs pull\``,
      ...(span === undefined ? {} : {span}),
    };
  });
}

/** Bytes of a plain file; undefined for anything else. */
function sizeOf(path: string): number | undefined {
  const stats = statSync(path, {throwIfNoEntry: false});
  return stats?.isFile() === true ? stats.size : undefined;
}

/** The git work tree in which the files lie; else the directory that they share. */
function treeOf(paths: readonly string[]): string {
  const [first = '/', ...more] = paths.map(dirname);
  let shared = first;
  while (shared !== '/' && !more.every(each => `${each}/`.startsWith(`${shared}/`))) shared = dirname(shared);
  for (let tree = shared; tree !== '/'; tree = dirname(tree)) if (existsSync(join(tree, '.git'))) return tree;
  return shared;
}

const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
