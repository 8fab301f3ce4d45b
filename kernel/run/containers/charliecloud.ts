import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {stat} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {fail, ok, type Result} from '../../graph/result.js';
import type {Mount} from '../../graph/container.js';
import {absenceOf} from './absence.js';
import {clientEnvironment} from './client-environment.js';
import {faultOf, lastLines, type FaultRow} from './fault-table.js';
import {findDirectory, noImageAt} from './image-directory.js';
import {badReference, readImagePath} from './image-name.js';
import {isInside} from './mounts.js';
import {isPathSyntax} from './reference.js';
import {unfitPath} from './unfit-path.js';
import type {ContainerProblem, Runtime} from './runtime.js';

/** What ch-run prints, and what it means (hpc/charliecloud:bin/ch_core.c, bin/ch_misc.c). */
const rows: readonly FaultRow[] = [
  [
    /can't bind: destination not found: (.+?)(?: \(|$)|can't mkdir: (.+?):/m,
    'mount',
    'the image has no directory to mount at: $1',
    'make it in the directory of the image',
  ],
  [
    /can't bind: source not found: (.+?)(?: \(|$)/m,
    'mount',
    '$1 is to be mounted in the container, but is not there',
    'make it, or mount something else with `%mount`',
  ],
  [
    /can't cd to (.+?):/,
    'mount',
    'the directory $1 of the task is not in the container',
    'have the directory of the store mounted with `%mount`',
  ],
  [/can't (?:stat|open image):? (.+?):/, 'image', 'there is no image at $1 any more', 'unpack it again'],
  [
    /can't execve\(2\): (.+?): Exec format error/,
    'architecture',
    'the image is for other machines than this one',
    'take an image that is built for this kind of machine',
  ],
  [
    /can't execve\(2\): (.+?):/,
    'image',
    'the image has no `$1` that can be run, which Weft needs',
    'take an image with `bash` and `/usr/bin/env`',
  ],
  [
    /can't (?:init|unshare|clone).*(?:Operation not permitted|No space left|user)/i,
    'denied',
    'no user namespace can be made here',
    'have user namespaces allowed; in a container, use `%container none`',
  ],
];

/** How a directory is made of an image. */
const UNPACK = 'unpack it: `ch-image pull IMAGE` and `ch-convert IMAGE DIRECTORY`';

/** Directories of every image that ch-run fills by itself. */
const FILLED = ['/dev', '/proc', '/sys', '/tmp'];

/**
 * charliecloud: an image is a directory. What is read-only elsewhere may be written here, since it mounts nothing read-only, and a limit of
 * memory is for others to keep.
 */
export const charliecloud: Runtime = {
  name: 'ch',
  program: 'ch-run',
  owns: reference => isPathSyntax(reference) && !/\.(sif|simg|img)$/i.test(reference),
  async present(probing) {
    const command = {file: 'ch-run', args: ['--version'], environment: clientEnvironment(probing, [])};
    const ran = await probing.run(command, {limit: 8000});
    const absent = absenceOf('ch-run', ran);
    if (absent !== undefined) return fail(absent);
    // Some versions say it on standard error.
    const version = /^\d+\.\S*/m.exec(`${ran.stdout}\n${ran.stderr}`)?.[0];
    return version === undefined
      ? fail({
          is: 'other',
          message: `\`ch-run --version\` says: ${(ran.stderr || ran.stdout).trim().slice(0, 500)}`,
          remedy: 'see whether `ch-run --version` works in a terminal',
        })
      : ok({version: `charliecloud ${version}`});
  },
  async find(reference, probing) {
    const read = readImagePath(reference);
    if (!read.ok) return read;
    if (!isPathSyntax(reference))
      return fail({
        is: 'reference',
        message: `charliecloud runs directories, and ${JSON.stringify(reference)} is none`,
        remedy: `${UNPACK}, and name the directory: \`ch:/path/of/it\``,
      });
    const path = resolve(read.value);
    const is = await stat(path).catch(() => undefined);
    if (is === undefined) return fail(noImageAt(path, UNPACK));
    if (is.isDirectory()) return findDirectory(path, probing);
    return fail({is: 'reference', message: `${path} is no directory`, remedy: UNPACK});
  },
  pull: () => undefined,
  prepare({container: {image}, mounts}) {
    if (!existsSync(image)) return fail(noImageAt(image, UNPACK));
    // ch-run mounts only at what is there, and the image is read-only to it.
    const made = makeInImage(image, join(image, 'ch', 'environment'), path => writeFileSync(path, '', {flag: 'a'}));
    if (!made.ok) return made;
    for (const mount of mounts) {
      if (isShown(mount.target, mounts)) continue;
      const place = makeInImage(image, join(image, mount.target), path => mkdirSync(path, {recursive: true}));
      if (!place.ok) return place;
    }
    return ok(undefined);
  },
  command({container: {image}, mounts, directory, argv, network}, machine) {
    if (!image.startsWith('/')) return fail(badReference(image));
    if (network !== undefined)
      return fail({
        is: 'option',
        message: 'charliecloud can’t take the network away',
        remedy: 'leave it out, or take another runtime',
      });
    const unfit =
      unfitPath([image, directory], /\0/) ??
      unfitPath(
        mounts.flatMap(({source, target}) => [source, target]),
        /[\0:]/,
      );
    if (unfit !== undefined) return fail(unfit);
    return ok({
      file: 'ch-run',
      args: [
        '--unset-env=*',
        '--set-env=PATH=/usr/local/bin:/usr/bin:/bin',
        // The image's own, which `ch/environment` in it holds.
        '--set-env',
        ...mounts.flatMap(({source, target}) => ['-b', `${source}:${target}`]),
        '-c',
        directory,
        image,
        '--',
        ...argv,
      ],
      environment: clientEnvironment(machine, []),
    });
  },
  stopOf: () => ({ask: [], remove: [], session: true}),
  fault(code, log) {
    if (code !== 1 && code !== 64) return undefined;
    const line = lastLines(log, 10).findLast(each =>
      code === 1 ? /^ch-run\[\d+\]: error: /.test(each) : /^ch-run: (?:unrecognized|invalid) option/.test(each),
    );
    return line === undefined ? undefined : faultOf(line, rows, 'ch-run');
  },
};

/** Whether a place is in what is mounted around it: nothing in the image is seen there. */
const isShown = (target: string, mounts: readonly Mount[]): boolean =>
  [...FILLED, ...mounts.map(mount => mount.target).filter(outer => outer !== target)].some(outer =>
    isInside(target, outer),
  );

function makeInImage(image: string, path: string, make: (path: string) => void): Result<void, ContainerProblem> {
  if (existsSync(path)) return ok(undefined);
  try {
    mkdirSync(join(path, '..'), {recursive: true});
    make(path);
    return ok(undefined);
  } catch {
    return fail({
      is: 'mount',
      message: `the image in ${image} lacks ${path.slice(image.length)}, and is not yours to change`,
      remedy: `have it made: \`mkdir -p ${path}\``,
    });
  }
}
