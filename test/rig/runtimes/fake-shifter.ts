import {readFileSync, writeSync} from 'node:fs';
import {enter, quoted, seen, type Mount} from './enter.js';
import {getopt, type Option} from './getopt.js';
import {callersEnvironment, parseEnv, parseEnvFile} from './shifter-environment.js';
import {findImage, parseImage, type ImageRequest} from './shifter-image.js';
import {mountVolumes, parseVolumes, type Outcome} from './shifter-volume.js';
import {calledWith, environmentOf, isThere, logCall, readSite} from './site.js';
import {View} from './view.js';

// Not shifter itself but what plans for it: descriptor 8 gets a shell script that makes a shell the command.

const [shell = '', program = 'shifter', ...argv] = calledWith();
const site = readSite();
logCall('shifter', argv);

const options: readonly Option[] = [
  {long: 'help', short: 'h', argument: 'none'},
  {long: 'volume', short: 'V', argument: 'required'},
  {long: 'verbose', short: 'v', argument: 'none'},
  {long: 'image', short: 'i', argument: 'required'},
  {long: 'entrypoint', argument: 'optional'},
  {long: 'workdir', short: 'w', argument: 'optional'},
  {long: 'env', short: 'e', argument: 'required'},
  {long: 'env-file', argument: 'required'},
  {long: 'clearenv', short: 'E', argument: 'none'},
  {long: 'module', short: 'm', argument: 'required'},
];

const usage = `Usage:
shifter [-h|--help] [-v|--verbose] [-i|--image=<imageType>:<imageTag>] [-V|--volume=/path/to/bind:/mnt/in/image[:<flags>[,...]]
    [-w|--workdir[=/path]] [-e|--env=<var>=<value>] [--env-file=/env/file] [-E|--clearenv] [--entrypoint[=command]]
    [-m|--module=<moduleName>[,...]] [-- /command/to/exec/in/shifter [args...]]
`;

function fail(error: string, withUsage = false): never {
  writeSync(2, error);
  if (withUsage) writeSync(1, usage);
  process.exit(1);
}

function must<T>(outcome: Outcome<T>, withUsage = false): T {
  return outcome.ok ? outcome.value : fail(outcome.error, withUsage);
}

const caller = environmentOf(shell);
const {given, rest, error} = getopt(argv, options, 'n');
let request: {readonly image: ImageRequest; readonly text: string} | undefined;
let volumes = caller['SHIFTER_VOLUME'] ?? '';
let ownVolumes = false;
let workdir: string | undefined;
let entrypoint: {readonly path: string | undefined} | undefined;
let clear = false;
const set: (readonly [string, string])[] = [];
const envFiles: string[] = [];

const askFor = (text: string): void => {
  const image = parseImage(text);
  if (image === undefined) {
    return fail(
      'Incorrect format for image identifier: need "image_type:image_desc", e.g., docker:ubuntu:14.04\n',
      true,
    );
  }
  request = {image, text};
};

if (caller['SHIFTER_IMAGETYPE'] !== undefined && caller['SHIFTER_IMAGE'] !== undefined) {
  askFor(`${caller['SHIFTER_IMAGETYPE']}:${caller['SHIFTER_IMAGE']}`);
} else if (caller['SHIFTER_IMAGEREQUEST'] !== undefined) askFor(caller['SHIFTER_IMAGEREQUEST']);

for (const {name, value = ''} of given) {
  if (name === 'help') {
    writeSync(1, usage);
    process.exit(0);
  } else if (name === 'image') askFor(value);
  else if (name === 'volume') {
    volumes = ownVolumes ? `${volumes};${value}` : value;
    ownVolumes = true;
  } else if (name === 'env') set.push(must(parseEnv(value), true));
  else if (name === 'env-file') envFiles.push(value);
  else if (name === 'clearenv') clear = true;
  else if (name === 'entrypoint') entrypoint = {path: value === '' ? undefined : value};
  else if (name === 'workdir') workdir = value === '' ? undefined : value;
  else if (name === 'module') {
    for (const module of value.split(',')) {
      if (module === '' || module === 'none' || site.shifterModules.includes(module)) continue;
      fail(`Unknown shifter module: ${module}\n`, true);
    }
  }
}
if (error !== undefined) fail(`${program}: ${error}\nMissing an argument!\n`, true);
if (request === undefined) fail('No image specified, or specified incorrectly!\n', true);

const asked = must(parseVolumes(volumes), true);
const image = findImage(site, request.image);
if ('error' in image) fail(image.error, image.usage);
if (!isThere(image)) fail('FAILED to find requested image.\n');

if (noNewPrivileges('self') && !noNewPrivileges('1')) fail('Not running with root privileges, will fail.\n');
if (process.getuid?.() === 0 && !site.allowRoot) fail('Failed to lookup username or attempted to run as root.\n\n');

let words = argv.slice(rest);
let shift = rest;
if (words.length === 0 && entrypoint === undefined) words = ['/bin/sh'];
if (entrypoint !== undefined) {
  const own = entrypoint.path === undefined ? image.entrypoint : [entrypoint.path];
  if (own === undefined) fail('Image does not have a defined entrypoint.\n');
  words = [...own, ...words];
}
if (words.length > argv.length - rest) shift = -1;

const siteMounts = site.siteMounts.map(({from, to}) => ({kind: 'bind' as const, from, to}));
const base: readonly Mount[] = [
  ...['/dev', '/proc', '/sys', ...(site.hostTmp ? ['/tmp'] : [])].map(path => ({
    kind: 'bind' as const,
    from: path,
    to: path,
  })),
  ...(site.hostTmp ? [] : [{kind: 'tmpfs' as const, to: '/tmp'}]),
  ...siteMounts,
];
const mounts = must(mountVolumes(image.tree, image.tree === '/' ? siteMounts : base, asked));
const view = new View(image.tree, seen(mounts));

const wanted = workdir ?? image.workdir ?? currentFolder();
const inside = view.directory(wanted)?.inside;
if (inside === undefined) writeSync(2, `Failed to switch to working dir: ${wanted}, staying in /\n`);

const environment = clear ? new Map<string, string>() : callersEnvironment(caller);
for (const [name, value] of Object.entries(image.env)) environment.set(name, value);
for (const name of envFiles) {
  const place = view.resolve(name.startsWith('/') ? name : `${inside ?? '/'}/${name}`);
  for (const [key, value] of must(parseEnvFile(place?.host ?? '', name))) environment.set(key, value);
}
for (const [name, value] of [...set, ...Object.entries(site.siteEnv)]) environment.set(name, value);
environment.set('SHIFTER_IMAGEREQUEST', request.text);
environment.set('SHIFTER_IMAGE', image.id);

const [command = ''] = words;
const problem = view.execError(command, environment.get('PATH'), inside ?? '/');
if (problem !== undefined) {
  writeSync(2, `${program}: ${command}: ${problem === 'ENOENT' ? 'No such file or directory' : 'Permission denied'}\n`);
  process.exit(127);
}

const prefix = enter({
  tree: image.tree,
  mounts,
  writable: 'no',
  workdir: inside ?? '/',
  environment,
  resetSignals: true,
});
// The command's own words never pass through here if they stand on the command line: the shell has them.
const own = shift < 0 ? words : [];
const before = [...prefix, ...own].map(quoted).join(' ');
const after = shift < 0 ? '' : ' "$@"';
writeSync(8, `umask 022\nshift ${Math.max(shift, 0)}\nexec ${before}${after}\n`);

/** Whether setuid does nothing, as inside a container of shifter's own. */
function noNewPrivileges(pid: string): boolean {
  return /^NoNewPrivs:\s*1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return fail('Failed to determine current working directory: : No such file or directory\n');
  }
}
