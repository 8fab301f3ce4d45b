import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import type {CompletionContext} from '../../kernel/session/completer.js';
import {readRegistry} from '../lsst/registry-file.js';

/** A data id that was seen somewhere. */
export type SeenId = Readonly<Record<string, JsonValue>>;

/** A registry that is bigger is not read while a person types, in bytes. */
const LARGEST_REGISTRY = 40_000_000;
/** So many reruns and files of configuration are looked at. */
const MOST_RERUNS = 200;
const MOST_FIELDS = 5000;

/** Columns that are of the registry, and no keys. */
const NO_KEYS = /^(?:id|.*_id)$/;

/** The root repository that a line means: its `--repo`, else that of `%repo`. */
export function rootOf(
  options: ReadonlyMap<string, readonly string[]>,
  context: CompletionContext,
): string | undefined {
  const typed = options.get('repo')?.at(-1);
  return typed === undefined ? context.settings.repo : resolve(context.directory, typed);
}

/** The data ids of the raw images of a root. Nothing where there are none, or too many to read at once. */
export function idsOfRoot(root: string): readonly SeenId[] {
  const path = join(root, 'registry.sqlite3');
  const size = statSync(path, {throwIfNoEntry: false})?.size ?? 0;
  if (size === 0 || size > LARGEST_REGISTRY) return [];
  try {
    const rows = readRegistry(path).get('raw') ?? [];
    return rows.map(row =>
      Object.fromEntries(Object.entries(row).filter(([key, value]) => value !== null && !NO_KEYS.test(key))),
    );
  } catch {
    return [];
  }
}

/** Names of persons' reruns in a root. */
export function rerunsOf(root: string): readonly string[] {
  const found: string[] = [];
  const visit = (path: string, depth: number): void => {
    for (const name of directoriesIn(join(root, 'rerun', path))) {
      if (found.length >= MOST_RERUNS || name.startsWith('.') || (path === '' && name === 'weft')) continue;
      const below = path === '' ? name : `${path}/${name}`;
      const files = ['repositoryCfg.yaml', '_parent', '_mapper', 'config'];
      if (files.some(file => exists(join(root, 'rerun', below, file)))) found.push(below);
      else if (depth < 2) visit(below, depth + 1);
    }
  };
  visit('', 0);
  return found.sort();
}

/** Fields of a task's configuration with their values, as the files say that runs in this root have left: `config/<task>.py`. */
export function configFields(root: string, task: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const reruns = [
    ...directoriesIn(join(root, 'rerun', 'weft'))
      .filter(name => name.startsWith(`${task}-`))
      .map(name => `weft/${name}`),
    ...rerunsOf(root),
  ];
  for (const rerun of reruns.slice(0, MOST_RERUNS)) {
    let text: string;
    try {
      text = readFileSync(join(root, 'rerun', rerun, 'config', `${task}.py`), 'utf8');
    } catch {
      continue;
    }
    for (const [, name = '', value = ''] of text.matchAll(/^config\.([\w.[\]'"-]+)[ \t]*=[ \t]*(.*)$/gm)) {
      if (fields.size < MOST_FIELDS) fields.set(name, value.trim());
    }
    // All runs of a task have the same fields.
    if (fields.size > 0) return fields;
  }
  return fields;
}

function directoriesIn(path: string): readonly string[] {
  try {
    return readdirSync(path, {withFileTypes: true})
      .filter(entry => entry.isDirectory() || entry.isSymbolicLink())
      .map(entry => entry.name);
  } catch {
    return [];
  }
}

const exists = (path: string): boolean => statSync(path, {throwIfNoEntry: false}) !== undefined;
