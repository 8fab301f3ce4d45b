import {statSync} from 'node:fs';
import {homedir} from 'node:os';
import {dirname} from 'node:path';
import type {Mount} from '../kernel/graph/container.js';

/** Directories that hold an image's own system, or everybody's files: never mounted whole. */
const SYSTEM: ReadonlySet<string> = new Set([
  ...['/', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib32', '/lib64', '/media', '/mnt', '/opt', '/proc'],
  ...['/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/var', '/var/tmp', '/var/lib', '/var/run'],
  ...[
    '/usr/bin',
    '/usr/lib',
    '/usr/lib64',
    '/usr/local',
    '/usr/local/bin',
    '/usr/local/lib',
    '/usr/sbin',
    '/usr/share',
  ],
]);

/** True for a directory that is never mounted whole, nor searched for links. */
export const isSystem = (directory: string): boolean => SYSTEM.has(directory) || directory === homedir();

/** Below these an image has files of its own beside any. */
const OF_IMAGES = /^\/(?:bin|etc|lib|lib32|lib64|sbin|usr)(?:\/|$)/;

/** Nothing in these is a file that could be mounted. */
const KERNEL = /^\/(?:dev|proc|sys)(?:\/|$)/;

/**
 * Read-only mounts by which a container sees files and directories of the host, at their own paths. Of a file it is the directory
 * that is mounted, as thousands of raw images lie in a few, and as some runtimes mount nothing else; of a system directory, or one that
 * is a person's whole home, only the file.
 * @param places absolute and normal; what is not there is left out
 */
export function readOnly(places: Iterable<string>): readonly Mount[] {
  const sources = new Set<string>();
  const parents = new Set<string>();
  for (const place of places) {
    const parent = dirname(place);
    if (sources.has(place) || parents.has(parent) || KERNEL.test(place)) continue;
    const stats = statSync(place, {throwIfNoEntry: false});
    if (stats === undefined) continue;
    if (stats.isDirectory()) {
      if (!isSystem(place)) sources.add(place);
    } else if (isSystem(parent) || OF_IMAGES.test(parent)) sources.add(place);
    else {
      sources.add(parent);
      parents.add(parent);
    }
  }
  return [...sources].sort().map(source => ({source, target: source, write: false}));
}
