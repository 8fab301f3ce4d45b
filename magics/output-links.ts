import {
  copyFileSync,
  linkSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {OWN} from '../kernel/graph/own-files.js';

/** A symbolic link that a task has left, and the file or directory that it leads to in the end; undefined: nowhere. */
export interface OutputLink {
  readonly name: string;
  readonly target: string | undefined;
}

/** A chain of links may be this long, as in Linux. */
const HOPS = 40;

/** Where links of a task's directory lead, while all is there that it works with. */
export const outputLinks = (directory: string, names: readonly string[]): readonly OutputLink[] =>
  names.map(name => ({name, target: realPath(join(directory, name))}));

/** Why an output that is a link to nowhere is no file. */
export const deadLink = (directory: string, name: string): string =>
  `it is a link to \`${readlinkSync(join(directory, name))}\`, which is not there`;

/**
 * Before all is removed that is no output: a link whose file would go with it becomes that file. Of a directory that is said, as it may be large.
 * Throws what the disk says.
 */
export function saveTargets(
  directory: string,
  links: readonly OutputLink[],
  outputs: ReadonlySet<string>,
): string | undefined {
  const top = links.length === 0 ? '' : realpathSync(directory);
  for (const {name, target} of links) {
    const inside = target === undefined || !outputs.has(name) ? undefined : below(top, target);
    if (target === undefined || inside === undefined || isKept(inside, outputs)) continue;
    if (statSync(target).isDirectory())
      return inside.startsWith(OWN)
        ? `\`${name}\` is a link to a directory for what is temporary, which is removed: move that there instead`
        : `\`${name}\` is a link to the directory \`${inside}\`, which no \`--out\` names: add \`--out ${inside}\``;
    replace(join(directory, name), path => {
      try {
        linkSync(target, path);
      } catch {
        copyFileSync(target, path);
      }
    });
  }
  return undefined;
}

/** After that: a link that went by way of something that does not stay leads straight to its end. Throws what the disk says. */
export function straightenLinks(directory: string, links: readonly OutputLink[]): void {
  const top = links.length === 0 ? '' : realpathSync(directory);
  for (const {name, target} of links) {
    const path = join(top, name);
    if (target === undefined || lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() !== true) continue;
    if (stays([top, directory], path, HOPS)) continue;
    const text = below(top, target) === undefined ? target : relative(dirname(path), target) || '.';
    replace(path, instead => symlinkSync(text, instead));
  }
}

/** Puts another file in the place of a link, in one step: the kernel may end before it has published. */
function replace(path: string, make: (path: string) => void): void {
  const temporary = `${path}.weft-link`;
  rmSync(temporary, {force: true});
  make(temporary);
  renameSync(temporary, path);
}

/**
 * Whether all of a path's way through a task's directory is there when that is published.
 * @param tops what the directory is called: its real path, and the one that the task was given
 */
function stays(tops: readonly [real: string, given: string], path: string, hops: number): boolean {
  const [top, given] = tops;
  const inside = below(top, path) ?? below(given, path);
  if (inside === undefined) return true;
  const parts = inside.split('/');
  if (inside.startsWith(OWN)) return false;
  for (let count = 1; count <= parts.length && inside !== ''; count++) {
    const at = join(top, ...parts.slice(0, count));
    const stat = lstatSync(at, {throwIfNoEntry: false});
    if (stat === undefined) return false;
    if (stat.isSymbolicLink())
      return hops > 0 && stays(tops, resolve(dirname(at), readlinkSync(at), ...parts.slice(count)), hops - 1);
  }
  return true;
}

/** The name of a path from a directory; undefined where it is not in it. */
function below(top: string, path: string): string | undefined {
  if (path === top) return '';
  return path.startsWith(`${top}/`) ? path.slice(top.length + 1) : undefined;
}

const isKept = (inside: string, outputs: ReadonlySet<string>): boolean =>
  inside === '' || outputs.has(inside) || [...outputs].some(name => name.startsWith(`${inside}/`));

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
