import {createHash} from 'node:crypto';
import type {Json} from './model.js';

/** JSON with sorted keys. */
export const stable = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** The hash that scripts write of what they see. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A value as a script's variable has it. */
export const textOf = (value: Json): string => (typeof value === 'string' ? value : stable(value));
/** The files below a directory in the order in which scripts look at them: by name, level by level. */
export function walk(name: string, files: Readonly<Record<string, string>>): readonly string[] {
  const below = new Map<string, Record<string, string>>();
  const here = new Map<string, string>();
  for (const [path, text] of Object.entries(files)) {
    const [first = '', ...rest] = path.split('/');
    if (rest.length === 0) here.set(first, text);
    else below.set(first, {...below.get(first), [rest.join('/')]: text});
  }
  return [...new Set([...here.keys(), ...below.keys()])].sort().flatMap(entry => {
    if (entry.startsWith('.')) return [];
    const inner = below.get(entry);
    return inner === undefined
      ? [`${name}/${entry}=${(here.get(entry) ?? '').replace(/\n+$/, '')}`]
      : walk(`${name}/${entry}`, inner);
  });
}

/** The files that patterns of `--in` name: a file, a directory with all below it, or `DIR/*.EXT`. */
export function matched(patterns: readonly string[], files: Readonly<Record<string, string>>): Record<string, string> {
  const taken = Object.entries(files).filter(([name]) =>
    patterns.some(pattern => {
      const star = /^(.*)\/\*(\.\w+)?$/.exec(pattern);
      if (star === null) return name === pattern || name.startsWith(`${pattern}/`);
      const [, directory = '', ending = ''] = star;
      const [first = '', ...rest] = name.startsWith(`${directory}/`) ? name.slice(directory.length + 1).split('/') : [];
      // A directory that a glob matches counts with all its files.
      return first !== '' && !first.startsWith('.') && (rest.length > 0 ? ending === '' : first.endsWith(ending));
    }),
  );
  return Object.fromEntries(taken);
}
