import {mkdir, open, stat} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {fail, ok, type Result} from '../../graph/result.js';
import {absenceOf} from './absence.js';
import {apptainerRows} from './apptainer-faults.js';
import {clientEnvironment, pullEnvironment} from './client-environment.js';
import {csv} from './csv.js';
import {faultOf, lastLines} from './fault-table.js';
import {findDirectory, noImageAt} from './image-directory.js';
import {badReference, readImagePath, readReference} from './image-name.js';
import {isPathSyntax} from './reference.js';
import {unfitPath} from './unfit-path.js';
import type {ContainerProblem, FoundImage, Machine, Probing, Runtime} from './runtime.js';

/**
 * apptainer, or singularity, from which it comes: they take the same options. The `…BIND…` and `…ENV_…` variables of the kernel are not
 * handed on: they would change every task.
 * @param name also its program
 */
export function apptainerLike(name: 'apptainer' | 'singularity'): Runtime {
  const own = [...['APPTAINER', 'SINGULARITY'].flatMap(begin => [`${begin}_CACHEDIR`, `${begin}_TMPDIR`])];
  return {
    name,
    program: name,
    owns: isPathSyntax,
    async present(probing) {
      const command = {file: name, args: ['--version'], environment: clientEnvironment(probing, own)};
      const ran = await probing.run(command, {limit: 8000});
      const absent = absenceOf(name, ran);
      if (absent !== undefined) return fail(absent);
      // `apptainer version 1.3.4`, also where it is called singularity.
      const version = /^(\S+) version (\S+)/.exec(ran.stdout);
      return ran.code === 0 && version !== null
        ? ok({version: `${version[1] ?? name} ${version[2] ?? ''}`})
        : fail({
            is: 'other',
            message: `\`${name} --version\` says: ${(ran.stderr || ran.stdout).trim().slice(0, 500)}`,
            remedy: `see whether \`${name} --version\` works in a terminal`,
          });
    },
    async find(reference, probing) {
      const place = placeOf(reference, probing);
      if (!place.ok) return place;
      const {path, registry} = place.value;
      const {directory} = pulledTo(probing);
      // What fetches it does not make the directory.
      if (registry !== undefined) await mkdir(directory, {recursive: true}).catch(() => undefined);
      const remedy =
        registry === undefined
          ? `\`${name} pull ${path} docker://IMAGE\``
          : `\`${name} pull ${path} docker://${registry}\``;
      return findFile(name, path, remedy, probing);
    },
    pull(reference, machine) {
      const place = placeOf(reference, machine);
      if (!place.ok || place.value.registry === undefined) return undefined;
      const {path, registry} = place.value;
      return {
        file: name,
        args: ['pull', '--force', path, `docker://${registry}`],
        environment: pullEnvironment(machine, own),
      };
    },
    command({container: {image}, mounts, directory, argv, network}, machine) {
      if (!image.startsWith('/')) return fail(badReference(image));
      const unfit = unfitPath(
        [image, directory, ...mounts.flatMap(({source, target}) => [source, target])],
        /[\0\n\r]/,
      );
      if (unfit !== undefined) return fail(unfit);
      return ok({
        file: name,
        args: [
          // Lines of information would be the task's log.
          '-q',
          'exec',
          '--cleanenv',
          // Only it ends children that have made sessions of their own.
          '--pid',
          // Whatever a task may see is mounted by name. /tmp stays the machine's: the image's is read-only.
          '--no-home',
          '--no-mount',
          'home,cwd',
          ...(name === 'apptainer' ? ['--no-eval'] : []),
          ...(network === undefined ? [] : ['--net', '--network', network]),
          ...mounts.flatMap(({source, target, write}) => [
            '--mount',
            ['type=bind', csv(`source=${source}`), csv(`destination=${target}`), ...(write ? [] : ['ro'])].join(','),
          ]),
          '--pwd',
          directory,
          image,
          ...argv,
        ],
        environment: clientEnvironment(machine, own),
      });
    },
    // A file's image is mounted by a process in a group of its own, which no signal to the task's group reaches.
    stopOf: () => ({ask: [], remove: [], session: true}),
    fault(code, log) {
      const last = lastLines(log, 20);
      // A task of its own may exit with 255 too: only the word at the start of a line tells.
      const line =
        code === 255
          ? last.findLast(each => each.startsWith('FATAL:'))
          : code === 1
            ? last.findLast(each => /^(?:\x1b\[\d+m)?ERROR {2}: |^Error for command "exec": /.test(each))
            : undefined;
      return line === undefined ? undefined : faultOf(line.replaceAll(/\x1b\[[\d;]*m/g, ''), apptainerRows, name);
    },
  };
}

/** apptainer. */
export const apptainer = apptainerLike('apptainer');

/** Where images of registries are kept that Weft has had fetched. */
function pulledTo({environment}: Machine): {readonly directory: string} {
  const cache = environment['APPTAINER_CACHEDIR'] ?? environment['SINGULARITY_CACHEDIR'];
  return {directory: join(cache ?? join(environment['HOME'] ?? '/tmp', '.apptainer', 'cache'), 'weft')};
}

/** The file or the directory of an image: its own, or the one that an image of a registry is fetched to. */
function placeOf(
  reference: string,
  machine: Machine,
): Result<{readonly path: string; readonly registry?: string}, ContainerProblem> {
  if (isPathSyntax(reference)) {
    const path = readImagePath(reference);
    return path.ok ? ok({path: resolve(path.value)}) : path;
  }
  const registry = readReference(reference);
  if (!registry.ok) return registry;
  // A colon in its path would make it the name of a transport.
  const file = `${registry.value.replaceAll('/', '+').replaceAll(/[:@]/g, '_')}.sif`;
  return ok({path: join(pulledTo(machine).directory, file), registry: registry.value});
}

async function findFile(
  name: string,
  path: string,
  remedy: string,
  probing: Probing,
): Promise<Result<FoundImage, ContainerProblem>> {
  let is;
  try {
    is = await stat(path);
  } catch {
    return fail(noImageAt(path, remedy));
  }
  if (is.isDirectory()) return findDirectory(path, probing);
  const head = await headOf(path);
  if (!head.ok) return head;
  const text = head.value.toString('latin1');
  if (!text.includes('SIF_MAGIC') && !text.startsWith('hsqs'))
    return fail({
      is: 'reference',
      message: `${path} is no image that ${name} knows`,
      remedy: `make one: ${remedy}`,
    });
  const built = architectureOf(text);
  if (built !== undefined && built !== probing.architecture)
    return fail({
      is: 'architecture',
      message: `the image ${path} is for ${built}, and this machine is ${probing.architecture}`,
      remedy: 'take one that is built for this kind of machine',
    });
  const digest = await probing.digest(path);
  if (!digest.ok)
    return fail({is: 'denied', message: `${path} can’t be read: ${digest.error}`, remedy: 'have its mode changed'});
  return ok({
    image: path,
    identity: {file: digest.value},
    unknown: 'a file of an image does not say which digest it had in a registry',
  });
}

async function headOf(path: string): Promise<Result<Buffer, ContainerProblem>> {
  try {
    const file = await open(path);
    try {
      const {buffer, bytesRead} = await file.read(Buffer.alloc(64), 0, 64, 0);
      return ok(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    return fail({is: 'denied', message: `${path} can’t be read: ${String(error)}`, remedy: 'have its mode changed'});
  }
}

/** What a SIF is built for, from its header: apptainer/sif:pkg/sif/sif.go. Undefined where it does not say. */
function architectureOf(head: string): string | undefined {
  const code = head.startsWith('SIF_MAGIC', 32) ? head.slice(45, 47) : '';
  return {'01': '386', '02': 'amd64', '03': 'arm', '04': 'arm64', '05': 'ppc64', '06': 'ppc64le', '11': 's390x'}[code];
}
