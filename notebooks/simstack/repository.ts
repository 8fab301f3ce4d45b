import {existsSync, mkdirSync, readFileSync, realpathSync, statSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import type {RepositoryCfg, RepositoryParent} from '../../magics/lsst/repository-cfg.js';
import {readRepositoryCfg, REPOSITORY_CFG, writeRepositoryCfg} from '../../magics/lsst/repository-cfg.js';
import {writeFileAtomic} from './file.js';
import {PythonError} from './python.js';

/** The class that the mapper of the camera is defined in, as the butler writes it. */
const MAPPER = 'lsst.obs.hsc.hscMapper.HscMapper';

/** A repository that was found: its directory and the directories of its parents, in search order. */
interface Repository {
  readonly path: string;
  readonly parents: readonly string[];
}

/** An absolute path without symbolic links, also where its end does not exist yet. */
function canonical(path: string): string {
  const absolute = resolve(path);
  return existsSync(absolute) ? realpathSync(absolute) : absolute;
}

/** The mapper class that a repository is read by, or null. A rerun has it in its configuration or in that of its parents. */
export function mapperOf(path: string): string | null {
  const cfg = join(path, REPOSITORY_CFG);
  if (existsSync(cfg)) {
    const parsed = readRepositoryCfg(readFileSync(cfg, 'utf8'));
    return parsed.ok ? (parsed.value.mapper.split('.').at(-1) ?? null) : null;
  }
  const mapper = join(path, '_mapper');
  if (existsSync(mapper)) return readFileSync(mapper, 'utf8').trim().split('.').at(-1) ?? null;
  const parent = join(path, '_parent');
  return existsSync(parent) ? mapperOf(realpathSync(parent)) : null;
}

/** The configuration of a repository, or null where it has no file (a root of version 1, or a new directory). */
function readCfg(path: string): RepositoryCfg | null {
  const file = join(path, REPOSITORY_CFG);
  if (!existsSync(file)) return null;
  const parsed = readRepositoryCfg(readFileSync(file, 'utf8'));
  if (!parsed.ok) throw new PythonError('yaml.constructor.ConstructorError', `${file}: ${parsed.error}`);
  return parsed.value;
}

/** The directory of a parent, seen from its child. */
function parentPath(child: string, parent: RepositoryParent): string {
  return canonical(resolve(child, parent.kind === 'path' ? parent.path : parent.root));
}

/** A repository with its parents; a directory without data is an error of the butler. */
function load(path: string): Repository {
  const cfg = readCfg(path);
  if (cfg !== null) return {path, parents: cfg.parents.map(parent => parentPath(path, parent))};
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new PythonError('RuntimeError', `Could not get cfg for repo at ${path}.`);
  }
  return {path, parents: []};
}

/** Repositories depth first: each before its parents, the parents in their order, each once. */
function depthFirst(start: readonly string[]): readonly string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    if (found.includes(path)) return;
    found.push(path);
    for (const parent of load(path).parents) visit(parent);
  };
  for (const path of start) visit(path);
  return found;
}

/** How a repository stands in the configuration of its child: relative, or nested whole for a root without one. */
function asParent(output: string, input: string, fresh: boolean): RepositoryParent {
  if (readCfg(input) !== null) return {kind: 'path', path: relative(output, input)};
  return {kind: 'root', root: fresh ? input : relative(output, input)};
}

/**
 * Opens the output repository on its input, and makes or extends its configuration as the butler does: a new
 * one gets the input as its parent, with an absolute path if that is a root of version 1; an existing one may only get
 * the root appended. Gives the search order: the output, its parents depth first, the root last.
 * Source: `lsst/daf_persistence@18.1.0:python/lsst/daf/persistence/butler.py`, `_addParents` and
 * `_setAndVerifyParentsLists`.
 */
export function openRepositories(inputPath: string, outputPath: string | null): readonly string[] {
  const input = canonical(inputPath);
  if (outputPath === null || canonical(outputPath) === input) return rootLast(depthFirst([input]));
  load(input);
  const output = canonical(outputPath);
  const existing = readCfg(output);
  if (existing === null) {
    mkdirSync(output, {recursive: true});
    const real = canonical(output);
    writeCfg(real, {mapper: MAPPER, parents: [asParent(real, input, true)], root: null});
    return rootLast(depthFirst([real]));
  }
  const parents = existing.parents.map(parent => parentPath(output, parent));
  if (!parents.includes(input)) {
    if (readCfg(input) !== null || existing.parents.some(parent => parent.kind === 'root')) {
      const shown = (paths: readonly string[]): string => `[${paths.map(path => `'${path}'`).join(', ')}]`;
      throw new PythonError(
        'RuntimeError',
        `Inputs of this Butler:${shown([input])} do not match parents of existing writable cfg:${shown(parents)} ` +
          `(ParentMismatch exception: The beginning of the passed-in parents list: ${shown([input])} does not match ` +
          `the existing parents list in this RepositoryCfg: ${shown(parents)}`,
      );
    }
    writeCfg(output, {...existing, parents: [...existing.parents, asParent(output, input, false)]});
  }
  return rootLast(depthFirst([output]));
}

function writeCfg(path: string, cfg: RepositoryCfg): void {
  writeFileAtomic(join(path, REPOSITORY_CFG), writeRepositoryCfg(cfg));
}

/** The same repositories with those that have no parents of their own at the end. */
function rootLast(paths: readonly string[]): readonly string[] {
  const isRoot = (path: string): boolean => existsSync(join(path, '_mapper')) && readCfg(path) === null;
  return [...paths.filter(path => !isRoot(path)), ...paths.filter(isRoot)];
}
