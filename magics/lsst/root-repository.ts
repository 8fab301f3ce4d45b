import {existsSync, readFileSync} from 'node:fs';
import {join, relative} from 'node:path';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import {REPOSITORY_CFG, readRepositoryCfg, writeRepositoryCfg, type RepositoryParent} from './repository-cfg.js';

/** A root repository: where it lies, and the class of its mapper. */
export interface RootRepository {
  readonly path: string;
  readonly mapper: string;
  /** It has a `_mapper` file and no configuration: a rerun's configuration then holds it whole. */
  readonly nested: boolean;
}

/** Reads what a root repository is. The error is a phrase. */
export function readRoot(path: string): Result<RootRepository, string> {
  if (!existsSync(path)) return fail(`there is no directory \`${path}\``);
  const cfg = join(path, REPOSITORY_CFG);
  try {
    if (existsSync(cfg)) {
      const read = readRepositoryCfg(readFileSync(cfg, 'utf8'));
      return read.ok ? ok({path, mapper: read.value.mapper, nested: false}) : fail(`\`${cfg}\`: ${read.error}`);
    }
    const mapper = readFileSync(join(path, '_mapper'), 'utf8').trim();
    return mapper === '' ? fail(`\`${join(path, '_mapper')}\` names no mapper`) : ok({path, mapper, nested: true});
  } catch {
    return fail(`\`${path}\` is no repository: it has no \`_mapper\``);
  }
}

/** The directory of Weft's reruns of a root. */
export const rerunsOf = (root: string): string => join(root, 'rerun', 'weft');

/** The directory of a person's rerun. */
export const personsRerun = (root: string, name: string): string => join(root, 'rerun', name);

/**
 * The text of a fresh rerun's configuration: its parents in search order, the root last, all by relative paths, so that no process
 * needs to extend it and the root may move.
 */
export function freshRerunCfg(root: RootRepository, rerun: string, parents: readonly string[]): string {
  const entries: RepositoryParent[] = parents.map(parent => ({kind: 'path', path: relative(rerun, parent)}));
  const up = relative(rerun, root.path);
  entries.push(root.nested ? {kind: 'root', root: up} : {kind: 'path', path: up});
  return writeRepositoryCfg({mapper: root.mapper, parents: entries, root: null});
}
