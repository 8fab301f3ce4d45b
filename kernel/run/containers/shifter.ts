import {statSync} from 'node:fs';
import {fail, ok, type Result} from '../../graph/result.js';
import type {Mount} from '../../graph/container.js';
import type {Command} from '../command.js';
import {absenceOf} from './absence.js';
import {clientEnvironment} from './client-environment.js';
import {faultOf, lastLines, problemOf, type FaultRow} from './fault-table.js';
import {badReference, readReference} from './image-name.js';
import {isInside} from './mounts.js';
import type {ContainerProblem, Machine, Runtime} from './runtime.js';

/** What shifter and its gateway print, and what it means (NERSC/shifter:src/shifter.c, src/shifter_core.c). */
const rows: readonly FaultRow[] = [
  [
    /FAILED to (?:find requested|lookup docker|lookup) ?image|FAILED to lookup/,
    'image',
    'the image is not there any more',
    'run the cell with `%container` again, which fetches the very same one',
  ],
  [/FAILED permission denied to image/, 'denied', 'the image is not for you', 'ask who pulled it to let you use it'],
  [
    /failed to contact the image gateway/,
    'down',
    'the image gateway of shifter does not answer',
    'wait a moment, or name the image by its id: `shifter:id:…`',
  ],
  [
    /attempted to run as root/,
    'denied',
    'shifter does not start anything for root',
    'run the kernel as a user of your own',
  ],
  [
    /Not running with root privileges/,
    'nested',
    'this kernel runs in a container, in which shifter can start no other',
    'run the tasks in the kernel’s own container with `%container none`, or run the kernel outside',
  ],
  [
    /failed to lstat (\S+)/,
    'mount',
    '$1 can’t be mounted: shifter shows only what its site mounts',
    'move it to where the site mounts: below your home directory, or $SCRATCH',
  ],
  [
    /"from" location is not directory: (\S+)/,
    'mount',
    '$1 can’t be mounted: shifter mounts directories only',
    'mount the directory that it lies in',
  ],
  [
    /FAILED to find mount point (\S+)/,
    'mount',
    'the image has no directory $1 to mount at',
    'mount at one that the image has, or right below `/`',
  ],
  [
    /(?:Invalid Volume Map: |BIND MOUNT FAILED from )(.*)/,
    'mount',
    'shifter refuses a mount: $1',
    'mount it elsewhere with `%mount SOURCE TARGET`',
  ],
  [
    /shifter: (.+): (?:No such file or directory|Permission denied)$/m,
    'image',
    'the image has no `$1` that can be run, which Weft needs',
    'take an image with `bash` and `/usr/bin/env`',
  ],
  [
    /FAILED to setup image|FAILED to parse|Failed to (?:setgroups|drop privileges|determine current)/i,
    'other',
    'shifter could not set the image up',
    'see whether `shifter --image=… true` works in a terminal',
  ],
];

/** To look an image up, in milliseconds: one call to the gateway. */
const LOOKUP_LIMIT = 30_000;

/** shifter, of NERSC. It runs an image by its id: `id:` and 64 digits, for which nobody is asked. */
export const shifter: Runtime = {
  name: 'shifter',
  program: 'shifter',
  owns: reference => /^(id|custom):/.test(reference),
  async present(probing) {
    const ran = await probing.run(client(probing, 'shifter', ['--help']), {limit: 8000});
    const absent = absenceOf('shifter', ran);
    if (absent !== undefined) return fail(absent);
    // It has no option that says its version.
    if (/usage:/i.test(ran.stdout)) return ok({version: 'shifter'});
    return fail(problemOf(ran.stderr, rows) ?? otherAnswer(ran.stderr + ran.stdout));
  },
  async find(reference, probing) {
    const id = /^id:([0-9a-f]{64})$/.exec(reference)?.[1];
    const unknown = 'shifter keeps an id of its own, not the registry’s digest';
    // Nothing is looked up for an id: whether it is there shows at the start of a task.
    if (id !== undefined) return ok({image: `id:${id}`, identity: {engine: 'shifter', id}, unknown});
    const named = gatewayName(reference);
    if (!named.ok) return named;
    const ran = await probing.run(client(probing, 'shifterimg', ['lookup', named.value]), {limit: LOOKUP_LIMIT});
    const absent = absenceOf('shifterimg', ran);
    if (absent !== undefined) return fail(absent);
    const found = /^([0-9a-f]{64})$/m.exec(ran.stdout)?.[1];
    if (ran.code === 0 && found !== undefined)
      return ok({image: `id:${found}`, identity: {engine: 'shifter', id: found}, unknown});
    // It says so on its standard output.
    const said = problemOf(ran.stdout + ran.stderr, rows);
    if (said !== undefined) return fail(said);
    if ((ran.stdout + ran.stderr).trim() !== '') return fail(otherAnswer(ran.stderr + ran.stdout));
    return fail({
      is: 'image',
      message: `shifter has no image \`${named.value}\``,
      remedy: `\`shifterimg pull ${named.value}\``,
    });
  },
  pull(reference, machine) {
    const named = gatewayName(reference);
    return named.ok && !reference.startsWith('id:') ? client(machine, 'shifterimg', ['pull', named.value]) : undefined;
  },
  prepare({mounts}, machine) {
    for (const {source} of volumesOf(mounts, machine))
      if (statSync(source, {throwIfNoEntry: false})?.isDirectory() === false)
        return fail({
          is: 'mount',
          message: `${source} can’t be mounted: shifter mounts directories only`,
          remedy: 'mount the directory that it lies in',
        });
    return ok(undefined);
  },
  command(run, machine) {
    const {container, mounts, directory, argv, network} = run;
    if (!/^id:[0-9a-f]{64}$/.test(container.image)) return fail(badReference(container.image));
    if (network !== undefined) return fail(cannot('take the network away'));
    const volumes = volumesOf(mounts, machine);
    for (const mount of volumes) {
      const problem = refusal(mount, siteOf(machine));
      if (problem !== undefined) return fail(problem);
    }
    return ok(
      client(machine, 'shifter', [
        `--image=${container.image}`,
        ...volumes.map(({source, target, write}) => `--volume=${source}:${target}${write ? '' : ':ro'}`),
        `--workdir=${directory}`,
        '--',
        ...argv,
      ]),
    );
  },
  stopOf: () => ({ask: [], remove: [], session: true}),
  fault(code, log) {
    if (code !== 1 && code !== 127) return undefined;
    // Of what is its own, the usage may follow on standard output.
    const line = lastLines(log, 40).findLast(each =>
      code === 127
        ? /^(?:\S*\/)?shifter: .+: (?:No such file or directory|Permission denied)$/.test(each)
        : /^(?:FAILED |Failed to (?:lookup username|setgroups|drop privileges|determine current)|Not running with root|shifter_realpath: failed|Invalid Volume Map: |BIND MOUNT FAILED)/.test(
            each,
          ),
    );
    return line === undefined ? undefined : faultOf(line, rows, 'shifter');
  },
};

/** Only this much: shifter hands the environment of its client on to the container. */
const client = (machine: Machine, file: string, args: readonly string[]): Command => ({
  file,
  args,
  environment: clientEnvironment(machine, []),
});

/** `docker:NAME:TAG`, as the gateway is asked. */
function gatewayName(reference: string): Result<string, ContainerProblem> {
  // An id has all its digits, and `local:` would run whatever lies in a directory.
  if (/^(?:id|local):/.test(reference))
    return fail({...badReference(reference), remedy: 'write `id:` and all 64 digits that `shifterimg lookup` gives'});
  const [, type = 'docker', name = reference] = /^(docker|custom):(?!\/\/)(.*)$/s.exec(reference) ?? [];
  const read = readReference(name);
  if (!read.ok) return read;
  const tagged = /[:@][^/]*$/.test(read.value) ? read.value : `${read.value}:latest`;
  return ok(`${type}:${tagged}`);
}

/** Where the site shows the machine's own directories in every container, at the same paths. */
function siteOf({environment}: Machine): readonly string[] {
  const told = environment['WEFT_SHIFTER_SITE'];
  const usual = ['HOME', 'SCRATCH', 'PSCRATCH', 'CFS'].map(name => environment[name] ?? '');
  const all = told === undefined ? [...usual, '/global', '/pscratch', '/tmp'] : told.split(':');
  return all.filter(path => path.startsWith('/')).map(path => (path === '/' ? path : path.replace(/\/+$/, '')));
}

/** The mounts that the site does not make by itself. What is read only may be written where the site mounts it. */
const volumesOf = (mounts: readonly Mount[], machine: Machine): readonly Mount[] => {
  const site = siteOf(machine);
  return mounts.filter(({source, target}) => source !== target || !site.some(path => isInside(source, path)));
};

/** What shifter would say of a mount only after its start (NERSC/shifter:src/VolumeMap.c). */
function refusal({source, target}: Mount, site: readonly string[]): ContainerProblem | undefined {
  const because = (why: string, remedy: string): ContainerProblem => ({
    is: 'mount',
    message: `${source} can’t be mounted at ${target}: ${why}`,
    remedy,
  });
  const odd = [source, target].find(path => /[\s:;"]|\.\./.test(path));
  if (odd !== undefined)
    return because('shifter takes no path with a blank, `:`, `;`, `"` or `..`', 'give the directory another name');
  if (!site.some(path => isInside(source, path)))
    return because(
      'shifter shows only what its site mounts',
      `move it to where the site mounts (${site.join(', ')}), or name its place in WEFT_SHIFTER_SITE (\`:\` between) if the site does mount it`,
    );
  const kept = ['/etc', '/var', '/opt/udiImage'].some(begin => target.startsWith(begin));
  if ((kept && !isInside(target, '/var/tmp')) || ['/', '/opt', '/tmp'].includes(target))
    return because('shifter keeps that place for itself', 'mount it elsewhere with `%mount SOURCE TARGET`');
  return undefined;
}

const cannot = (what: string): ContainerProblem => ({
  is: 'option',
  message: `shifter can’t ${what}`,
  remedy: 'leave it out, or take another runtime',
});

const otherAnswer = (text: string): ContainerProblem => ({
  is: 'other',
  message: `\`shifter\` says: ${text.trim().split('\n')[0]?.slice(0, 500) ?? ''}`,
  remedy: 'see whether `shifterimg images` works in a terminal',
});
