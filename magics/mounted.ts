import type {Mount} from '../kernel/graph/container.js';
import type {MagicContext} from '../kernel/session/magic.js';

const isInside = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(outer === '/' ? '/' : `${outer}/`);

/** The innermost mount through which a container sees a path; of two with one target the first counts. Paths are absolute and normal. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts)
    if (isInside(path, mount.target) && (found === undefined || mount.target.length > found.target.length))
      found = mount;
  return found;
}

/** The mounts that every task of a cell in a container has: the person's, and the notebook's directory. */
export const mountsOf = ({settings, directory}: Pick<MagicContext, 'settings' | 'directory'>): readonly Mount[] => [
  ...settings.mounts,
  {source: directory, target: directory, write: false},
];

/** The path of the host that a container sees under a path of its own; undefined: it is the image's. */
export function hostPathOf(path: string, mounts: readonly Mount[]): string | undefined {
  const mount = mountOf(path, mounts);
  return mount === undefined ? undefined : mount.source + path.slice(mount.target.length);
}
