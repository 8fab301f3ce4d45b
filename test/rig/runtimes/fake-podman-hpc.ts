import {spawnSync} from 'node:child_process';
import {accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {quoted} from './enter.js';
import {getopt} from './getopt.js';
import {divide, takeFlags} from './hpc-line.js';
import {sharedRun, type SharedRun} from './hpc-shared-run.js';
import {calledWith, environmentOf, home, logCall, readSite} from './site.js';

// Not podman-hpc itself but what plans for it: descriptor 8 gets a shell script that makes a shell podman. Only a shared run
// is a program of its own, this one.

if (process.argv[2] === 'shared-run') process.exit(await sharedRun(JSON.parse(process.argv[3] ?? '') as SharedRun));

const [shell = '', , ...argv] = calledWith();
const site = readSite();
const caller = environmentOf(shell);
logCall('podman-hpc', argv);

function end(status: number, problem = '', out = ''): never {
  writeSync(2, problem);
  writeSync(1, out);
  process.exit(status);
}

/** What click says of a line that cannot be meant. */
const refused = (error: string, command = ''): never =>
  end(2, `Usage: podman-hpc ${command}[options] …\nTry 'podman-hpc ${command}--help' for help.\n\nError: ${error}\n`);

const {given, rest, error} = getopt(argv, [
  {long: 'help', argument: 'none'},
  {long: 'additional-stores', argument: 'required'},
  {long: 'squash-dir', argument: 'required'},
  {long: 'update-conf', argument: 'none'},
  {long: 'log-level', argument: 'required'},
]);
if (error !== undefined) {
  const [name = ''] = (argv[rest] ?? '').split('=');
  refused(
    error.endsWith('requires an argument') ? `Option '${name}' requires an argument.` : `No such option: ${name}`,
  );
}
const option = (name: string) => given.filter(each => each.name === name).at(-1)?.value;
const [command, ...line] = argv.slice(rest);
if (command === undefined || given.some(({name}) => name === 'help')) {
  end(0, '', 'Manage pods, containers and images ... on HPC!\n\nUsage: podman-hpc [options] COMMAND [ARGS]...\n');
}

if (caller['USER'] === undefined) end(1, "Error: 'USER'... Exiting\n");
const podman = site.podman ?? which('podman');
const wrap = which('fuse-overlayfs-wrap');
if (site.podman === undefined && search('crun') === undefined) which('runc');
const uid = process.getuid?.() ?? 0;
const root = `/tmp/${uid}_hpc`;
const storage = option('squash-dir') ?? caller['SQUASH_DIR'] ?? `${caller['SCRATCH'] ?? '/tmp'}/storage`;
try {
  mkdirSync(storage);
} catch (problem) {
  if ((problem as NodeJS.ErrnoException).code !== 'EEXIST') {
    const what = `FileNotFoundError: [Errno 2] No such file or directory: '${storage}'`;
    end(1, `Traceback (most recent call last):\n  File "podman_hpc.py", in podhpc\n${what}\n`);
  }
}
mkdirSync(join(root, 'config', 'containers'), {recursive: true});

const common = site.hpcDefaultArgs ?? [
  ...['--root', `${root}/storage`, '--runroot', root, '--storage-opt', `mount_program=${wrap}`],
  ...['--cgroup-manager', 'cgroupfs'],
];
const forRun = site.hpcRunArgs ?? [
  ...['--storage-opt', 'ignore_chown_errors=true', '--storage-opt', `additionalimagestore=${storage}`],
  ...['--hooks-dir', join(home, 'hooks.d'), '--env', `PODMANHPC_MODULES_DIR=${join(home, 'modules.d')}`],
  ...['--annotation', 'podman_hpc.hook_tool=true', '--security-opt', 'seccomp=unconfined'],
];
const level = ['--log-level', option('log-level') ?? 'fatal'];

/** What podman-hpc puts between podman's subcommand and the user's words. */
function extensions(subcommand: string, flags: ReadonlySet<string>): readonly string[] {
  if (subcommand !== 'run') return [...common, ...level];
  const modules = [...flags].flatMap(flag => {
    const module = site.hpcModules[flag];
    return module === undefined ? [] : [...module.args, '-e', `${module.env}=1`];
  });
  return [...common, ...forRun, ...modules, ...level];
}

const environment = {...caller, XDG_CONFIG_HOME: join(root, 'config')};
delete (environment as Record<string, string | undefined>)['XDG_RUNTIME_DIR'];
const own = (words: readonly string[], stdio: 'ignore' | 'inherit' | 'pipe' = 'ignore') =>
  spawnSync(podman, words, {
    env: environment,
    stdio: stdio === 'pipe' ? ['ignore', 'pipe', 'inherit'] : stdio,
    encoding: 'utf8',
  });

function become(words: readonly string[]): void {
  const entries = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  writeSync(8, `exec ${['/usr/bin/env', '-i', '--', ...entries, ...words].map(quoted).join(' ')}\n`);
}

/** Squashes an image into the shared store, or takes it out; whatever happens, the exit code is 0. */
function squash(image: string | undefined, remove: boolean): void {
  if (image === undefined) return refused("Missing argument 'IMAGE'.", `${command ?? ''} `);
  const file = join(storage, `${encodeURIComponent(image)}.squash`);
  if (own(['image', ...extensions('image', new Set()), 'exists', image]).status !== 0) {
    writeSync(2, `ERROR:root:Image ${image} not found\n`);
  } else if (remove) rmSync(file, {force: true});
  else writeFileSync(file, '');
}

const modules = Object.keys(site.hpcModules);
const takes = command === 'run' || command === 'shared-run' ? [...modules, 'help'] : ['help'];
const {flags, words, valued} = takeFlags(line, takes);
const shared = command === 'run' && [...flags].some(flag => site.hpcModules[flag]?.shared === true);
if (valued !== undefined) refused(`Option '${valued}' does not take a value.`, `${command} `);
else if (command === 'infohpc') {
  const settings = {podman_bin: podman, graph_root: `${root}/storage`, run_root: root, squash_dir: storage};
  const lines = Object.entries(settings).map(([name, value]) => `${name} (default): ${value}\n`);
  end(0, '', `Podman-HPC Version: 1.1.4\n${lines.join('')}`);
} else if (command === 'migrate' || command === 'rmsqi') squash(words[0], command === 'rmsqi');
else if (command === 'pull') {
  const image = words.at(-1) ?? '';
  if (own(['pull', ...words.slice(0, -1), ...common, image], 'inherit').status === 0) {
    writeSync(1, `INFO: Migrating image to ${storage}\n`);
    squash(image, false);
  } else writeSync(2, 'Pull failed.\n');
} else if (flags.has('help')) {
  const {stdout} = own([command, '--help'], 'pipe');
  end(0, '', `${stdout.replaceAll('podman', 'podman-hpc')}\n`);
} else if (shared || command === 'shared-run') {
  const {options, shared: forExec, image, command: payload} = divide(words);
  if (image === undefined) end(1, 'Traceback (most recent call last):\nIndexError: tuple index out of range\n');
  const name = `uid-${uid}-pid-${parentOf(shell)}`;
  const [run, other] = [extensions('run', flags), extensions('exec', flags)];
  const ranks = ['SLURM_*', 'PALS_*', 'PMI_*'].flatMap(pattern => ['-e', pattern]);
  const plan: SharedRun = {
    run: [podman, 'run', '--rm', '-d', '--name', name, ...options, ...run, image, 'sleep', 'infinity'],
    exists: [podman, 'container', ...other, 'exists', name],
    exec: [podman, 'exec', ...other, ...ranks, ...forExec, name, ...payload],
    kill: [podman, 'kill', ...other, name],
    rm: [podman, 'rm', ...other, name],
  };
  become([process.execPath, process.argv[1] ?? '', 'shared-run', JSON.stringify(plan)]);
} else become([podman, command, ...extensions(command, flags), ...words]);

function parentOf(pid: string): string {
  return (
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[1] ?? ''
  );
}

function search(name: string): string | undefined {
  return (caller['PATH'] ?? '')
    .split(':')
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function which(name: string): string {
  return search(name) ?? end(1, `Error: No ${name} binary found in PATH... Exiting\n`);
}
