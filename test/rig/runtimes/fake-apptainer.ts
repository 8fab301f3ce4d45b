import {existsSync, writeFileSync, writeSync} from 'node:fs';
import {basename, resolve} from 'node:path';
import {Fatal} from './apptainer-binds.js';
import {container, currentFolder, ownProcesses} from './apptainer-container.js';
import {actionFlags, globalFlags, readFlags, type Flags} from './apptainer-flags.js';
import {findImage, fromRegistry, type Found} from './apptainer-image.js';
import {listInstances, startInstance, stopInstance} from './apptainer-instance.js';
import {runPayload} from './apptainer-payload.js';
import {Speech} from './apptainer-speech.js';
import {seen} from './enter.js';
import {pflag, type Flag} from './pflag.js';
import {calledWith, logCall, readSite, sifText} from './site.js';
import {View} from './view.js';

const [self = 'apptainer', ...argv] = calledWith();
const program = basename(self);
const singularity = program === 'singularity';
const prefixes = singularity ? ['SINGULARITY'] : ['APPTAINER', 'SINGULARITY'];
const version = singularity ? '3.11.4' : '1.5.3+312-g917d665';
const site = readSite();
const caller = process.env as Readonly<Record<string, string>>;
logCall(program, argv);

const global = pflag(argv, globalFlags);
const given = new Set(global.values.map(([name]) => name));
const speech = new Speech(given.has('silent') ? 'silent' : given.has('quiet') ? 'quiet' : 'all');
const [command, ...words] = argv.slice(global.rest);

/** A command line that cannot be meant: 1. */
function usage(name: string, error: string): never {
  const more = `Run '${program} --help' for more detailed usage information.\n`;
  writeSync(2, `Error for command "${name}": ${error}\n\nUsage:\n  ${program} ${name} [options] …\n\n${more}`);
  process.exit(1);
}

function print(text: string): never {
  writeSync(1, text);
  process.exit(0);
}

try {
  if (global.error !== undefined) usage(program, global.error);
  if (given.has('version')) print(`${singularity ? 'singularity-ce' : program} version ${version}\n`);
  if (given.has('help') || command === undefined || command === 'help')
    print(`Usage:\n  ${program} [global options...]\n`);
  if (command === 'version') print(`${version}\n`);
  else if (command === 'exec' || command === 'run' || command === 'shell') await action(command);
  else if (command === 'instance') instance();
  else if (command === 'inspect') inspect();
  else if (command === 'pull') pull();
  else usage(program, `unknown command "${command}" for "${program}"`);
} catch (error) {
  if (!(error instanceof Fatal)) throw error;
  speech.fatal(error.message);
}

async function action(name: string): Promise<void> {
  const known = singularity ? actionFlags.filter(flag => flag.name !== 'cwd') : actionFlags;
  const {flags, rest, error} = readFlags(words, caller, prefixes, known);
  if (error !== undefined) usage(name, error);
  if (flags.on('help')) print(`Usage:\n  ${program} ${name} [options] <container> …\n`);
  const least = name === 'exec' ? 2 : 1;
  const [uri = '', ...payload] = words.slice(rest);
  if (words.length - rest < least) {
    usage(name, `requires at least ${least} arg(s), only received ${words.length - rest}`);
  }
  const cwd = currentFolder();
  const found = findImage(site, uri, cwd);
  refuse(flags, found);
  const made = container({flags, found, caller, cwd, site, speech, prefixes, action: name}, text => usage(name, text));
  const words2 = name === 'exec' ? payload : [...(found.image.entrypoint ?? ['/bin/sh']), ...payload];
  const [file = ''] = words2;
  const view = new View(found.image.tree, seen(made.mounts));
  const problem = view.execError(file, made.environment.get('PATH'), made.workdir);
  const helper = found.kind === 'sif' && !flags.on('unsquash') && !uri.startsWith('instance://');
  if (helper)
    speech.info(singularity ? 'squashfuse not setuid' : 'gocryptfs not found, will not be able to use gocryptfs');
  if (flags.on('unsquash') && found.kind === 'sif') speech.info('Converting SIF file to temporary sandbox...');
  if (problem === 'ENOENT' && !file.includes('/'))
    speech.fatal(`${JSON.stringify(file)}: executable file not found in $PATH`);
  if (problem === 'ENOENT') speech.fatal(`stat ${file}: no such file or directory`);
  if (problem !== undefined) speech.fatal('permission denied');
  if (flags.on('no-umask') || flags.on('compat')) process.umask(0o022);
  const bare = flags.on('no-init') || flags.on('compat');
  const processes = !ownProcesses(flags) ? 'shared' : bare ? 'bare' : 'shim';
  await runPayload(made, words2, {found, processes, helper});
}

/** What cannot be had on a machine as this one is. */
function refuse(flags: Flags, found: Found): void {
  for (const name of [
    'memory',
    'memory-swap',
    'memory-reservation',
    'cpus',
    'cpu-shares',
    'pids-limit',
    'cpuset-cpus',
  ]) {
    if (flags.value(name) === undefined) continue;
    throw new Fatal(
      'container creation failed: while applying cgroups config: cannot use systemd cgroups manager, systemd not running as init on this host',
    );
  }
  if (flags.on('net') && flags.value('network') !== 'none') {
    throw new Fatal('container creation failed: network requires root or --fakeroot, users need --network none');
  }
  if (flags.on('writable') && found.kind === 'sif') {
    throw new Fatal(`no SIF writable overlay partition found in ${found.path}`);
  }
  if (found.kind === 'sif' && !site.fuse && !flags.on('unsquash')) {
    const why = 'squashfuse_ll exited: fuse: failed to open /dev/fuse: Permission denied';
    throw new Fatal(`container creation failed: while mounting image: ${why}`);
  }
  const wayOut = flags.on('userns') || flags.on('no-privs') || flags.value('drop-caps') === 'all';
  if (site.rootWithoutResourceCapability && process.getuid?.() === 0 && !wayOut) {
    const sets = 'Requesting capability set 0x1ffffffffff while permitted capability set is 0x1fffeffffff';
    writeSync(2, `\u001b[91mERROR  : ${sets}\n\u001b[0m`);
    process.exit(1);
  }
}

function instance(): void {
  const [verb = '', ...more] = words;
  if (verb === 'start') {
    const {flags, rest, error} = readFlags(more, caller, prefixes);
    if (error !== undefined) usage('start', error);
    const [uri, name] = more.slice(rest);
    if (uri === undefined || name === undefined) {
      return usage('start', `requires at least 2 arg(s), only received ${more.length - rest}`);
    }
    const found = findImage(site, uri, currentFolder());
    refuse(flags, found);
    startInstance(found, name, speech);
    return;
  }
  const flags: readonly Flag[] = [
    {name: 'json', short: 'j', value: false},
    {name: 'all', short: 'a', value: false},
    {name: 'signal', short: 's', value: true},
    {name: 'timeout', short: 't', value: true},
  ];
  const {values, rest, error} = pflag(more, flags);
  if (error !== undefined) usage(verb, error);
  const on = (name: string) => values.some(([each]) => each === name);
  if (verb === 'list') listInstances(on('json'));
  else if (verb === 'stop') process.exit(stopInstance(more[rest], on('all'), speech));
  else usage('instance', `unknown command "${verb}" for "${program} instance"`);
}

function inspect(): void {
  const flags: readonly Flag[] = [
    {name: 'json', short: 'j', value: false},
    {name: 'environment', short: 'e', value: false},
    {name: 'labels', short: 'l', value: false},
  ];
  const {values, rest, error} = pflag(words, flags);
  if (error !== undefined) usage('inspect', error);
  const name = words[rest];
  if (name === undefined) return usage('inspect', 'accepts 1 arg(s), received 0');
  const {image} = findImage(site, name, currentFolder());
  const labels = {
    'org.label-schema.build-arch': 'amd64',
    'org.label-schema.build-date': 'Sunday_22_November_2026_18:48:58_UTC',
    'org.label-schema.schema-version': '1.0',
    'org.label-schema.usage.apptainer.version': version,
    'org.label-schema.usage.singularity.deffile.bootstrap': 'docker',
    'org.label-schema.usage.singularity.deffile.from': image.name,
  };
  const on = (flag: string) => values.some(([each]) => each === flag);
  const lines = Object.entries(image.env).map(([key, value]) => `export ${key}="\${${key}:-"${value}"}"\n`);
  if (on('json')) print(`${JSON.stringify({data: {attributes: {labels}}, type: 'container'}, null, '\t')}\n`);
  if (on('environment')) print(`=== /.singularity.d/env/10-docker2singularity.sh ===\n#!/bin/sh\n${lines.join('')}`);
  print(
    Object.entries(labels)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  );
}

function pull(): void {
  const {values, rest, error} = pflag(words, [
    {name: 'force', short: 'F', value: false},
    {name: 'disable-cache', value: false},
    {name: 'dir', value: true},
  ]);
  if (error !== undefined) usage('pull', error);
  const [first, second] = words.slice(rest);
  const uri = second ?? first;
  if (uri === undefined) return usage('pull', 'accepts between 1 and 2 arg(s), received 0');
  const reference = uri.replace(/^docker:\/\//, '');
  const usual = `${reference.split('/').at(-1)?.replace(':', '_') ?? ''}.sif`;
  const file = resolve(currentFolder(), second === undefined ? usual : (first ?? usual));
  if (existsSync(file) && !values.some(([name]) => name === 'force')) {
    throw new Fatal(`Image file already exists: ${JSON.stringify(file)} - will not overwrite`);
  }
  const image = fromRegistry(site, uri, reference);
  speech.info('Converting OCI blobs to SIF format');
  writeFileSync(file, sifText(image), {mode: 0o755});
  speech.info('Creating SIF file...');
}
