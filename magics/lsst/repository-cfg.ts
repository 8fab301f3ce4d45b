import type {Result} from '../../kernel/graph/result.js';
import {fail, ok} from '../../kernel/graph/result.js';

/** A parent in a repositoryCfg.yaml: the path of another repository, or a root without such a file, nested whole. */
export type RepositoryParent =
  {readonly kind: 'path'; readonly path: string} | {readonly kind: 'root'; readonly root: string};

/** What a repositoryCfg.yaml of a Gen2 butler says. Paths are relative to the repository or absolute, as written. */
export interface RepositoryCfg {
  /** The dotted name of the mapper's class, for example `lsst.obs.hsc.HscMapper`. */
  readonly mapper: string;
  /** In search order; the root comes last. */
  readonly parents: readonly RepositoryParent[];
  /** Where the repository is; null means the directory that holds the file. */
  readonly root: string | null;
}

/** The name of the file in the repository's directory. */
export const REPOSITORY_CFG = 'repositoryCfg.yaml';

/** A YAML scalar: plain where that is safe, quoted where not. */
function scalar(text: string): string {
  const plain =
    /^[A-Za-z0-9_./][A-Za-z0-9_./+@%=,~^ -]*$/.test(text) && !/ $|^(null|true|false|yes|no|on|off)$/i.test(text);
  return plain && !/^[\d.]+$/.test(text.replace(/^\.+$/, '')) ? text : `'${text.replaceAll("'", "''")}'`;
}

/**
 * The text of a repositoryCfg.yaml, byte for byte as the butler's own YAML dumper lays it out.
 * Source: `lsst/daf_persistence@18.1.0:python/lsst/daf/persistence/repositoryCfg.py`.
 */
export function writeRepositoryCfg(cfg: RepositoryCfg): string {
  const nested = cfg.parents.some(parent => parent.kind === 'root');
  const lines = [
    '!RepositoryCfg_v1',
    `_mapper: ${nested ? '&id001 ' : ''}!!python/name:${cfg.mapper} ''`,
    '_mapperArgs: {}',
    cfg.parents.length === 0 ? '_parents: []' : '_parents:',
  ];
  for (const parent of cfg.parents) {
    if (parent.kind === 'path') {
      lines.push(`- ${scalar(parent.path)}`);
    } else {
      lines.push('- !RepositoryCfg_v1', '  _mapper: *id001', '  _mapperArgs: {}', '  _parents: []', '  _policy: null');
      lines.push(`  _root: ${scalar(parent.root)}`, '  dirty: true');
    }
  }
  lines.push('_policy: null', `_root: ${cfg.root === null ? 'null' : scalar(cfg.root)}`, 'dirty: true', '');
  return lines.join('\n');
}

/** The text of a scalar without its quotes; null for YAML's null. */
function unquote(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === 'null' || trimmed === '~' || trimmed === '') return null;
  if (/^'.*'$/.test(trimmed)) return trimmed.slice(1, -1).replaceAll("''", "'");
  if (/^".*"$/.test(trimmed)) return trimmed.slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
  return trimmed;
}

/**
 * Reads the text of a repositoryCfg.yaml: the layout that the butler writes, with comments and any indent.
 * The error is a phrase with the number of the line. Only the fields of `RepositoryCfg` are kept.
 */
export function readRepositoryCfg(text: string): Result<RepositoryCfg, string> {
  let mapper: string | undefined;
  let root: string | null = null;
  const parents: RepositoryParent[] = [];
  let inParents = false;
  let nestedAt = -1;
  const lines = text.split(/\r?\n/);
  if (!lines.some(line => /^(---\s*)?!RepositoryCfg_v1\b/.test(line)))
    return fail('line 1: this is not a RepositoryCfg_v1');
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/(^|\s)#.*$/, '').trimEnd();
    if (line === '' || /^(---|\.\.\.)?\s*(!RepositoryCfg_v1)?$/.test(line)) continue;
    const indent = line.length - line.trimStart().length;
    const item = /^\s*- *(.*)$/.exec(line);
    if (item !== null && inParents) {
      const value = item[1] ?? '';
      nestedAt = -1;
      if (value.startsWith('!RepositoryCfg_v1')) {
        nestedAt = parents.length;
        parents.push({kind: 'root', root: ''});
      } else {
        const path = unquote(value);
        if (path === null) return fail(`line ${index + 1}: a parent is empty`);
        parents.push({kind: 'path', path});
      }
      continue;
    }
    const pair = /^\s*([A-Za-z_]+):\s*(.*)$/.exec(line);
    if (pair === null) return fail(`line ${index + 1}: \`${line.trim()}\` is not a field`);
    const [key, value] = [pair[1] ?? '', pair[2] ?? ''];
    if (indent > 0 && nestedAt >= 0) {
      if (key === '_root') parents[nestedAt] = {kind: 'root', root: unquote(value) ?? ''};
      continue;
    }
    nestedAt = -1;
    inParents = key === '_parents';
    if (key === '_mapper') mapper = mapperName(value);
    if (key === '_root') root = unquote(value);
    if (key === '_parents' && value !== '' && value !== '[]') {
      const list = /^\[(.*)\]$/.exec(value);
      if (list === null) return fail(`line ${index + 1}: \`_parents\` is not a list`);
      for (const part of (list[1] ?? '').split(',')) parents.push({kind: 'path', path: unquote(part) ?? ''});
    }
  }
  if (mapper === undefined) return fail('the file names no mapper');
  return ok({mapper, parents, root});
}

/** The class in `&id001 !!python/name:lsst.obs.hsc.HscMapper ''`, or in a plain string. */
function mapperName(value: string): string {
  const tagged = /!!python\/name:(\S+)/.exec(value);
  return tagged?.[1] ?? unquote(value.replace(/^&\S+\s*/, '')) ?? '';
}
