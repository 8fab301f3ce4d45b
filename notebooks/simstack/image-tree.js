// What is in the simulated stack's image: programs of this machine with their libraries, a small /etc, and the stack.
import {execFileSync, spawnSync} from 'node:child_process';
import {accessSync, constants, existsSync, readdirSync, realpathSync, statSync} from 'node:fs';
import {delimiter, dirname, join} from 'node:path';

/** Where the stack's own programs are in the image; a stack that was installed on the host looks here too. */
export const HOME = 'opt/lsst/software/simstack';
/** Where the stack is in the image, as in LSST's own images. */
export const STACK = 'opt/lsst/software/stack';

/** What every image has in its environment. */
export const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

const words = text => text.trim().split(/\s+/);

/** Without these there is no image. */
const NEEDED = words(`
  node bash sed grep awk find xargs tar gzip diff cmp
  basename cat chmod chown cp cut date dd dirname du echo env expr false head id install ln ls md5sum mkdir mkfifo mktemp mv
  nproc paste printenv printf pwd readlink realpath rm rmdir seq sha256sum sleep sort split stat sync tail tee test timeout touch
  tr true truncate tty uname uniq wc whoami
`);

/** With these it is more comfortable to be in. */
const WELCOME = words(
  'sh [ arch chgrp comm df flock fold getent hostname join kill nl nohup od ps setsid sha1sum shuf tac which yes',
);

function findProgram(name) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return realpathSync(path);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The shared libraries of some programs, as the paths by which the programs ask for them. */
function libraries(programs) {
  // A script or a static program is no error to us, but one to ldd.
  const {stdout, error} = spawnSync('ldd', programs, {encoding: 'utf8', env: {...process.env, LC_ALL: 'C'}});
  if (error !== undefined) throw new Error(`ldd can't be run: ${error.message}`);
  const found = new Set();
  for (const line of stdout.split('\n')) {
    const missing = /^\s+(\S+) => not found/.exec(line);
    if (missing !== null) throw new Error(`this machine has no ${missing[1]}, which a program needs`);
    const path = /^\s+(?:\S+ => )?(\/\S+) \(0x/.exec(line)?.[1];
    if (path !== undefined) found.add(path);
  }
  return [...found];
}

/** What a kernel loads that runs in the image, its checkout mounted: the C library is in parts, and Node does not load all of them. */
const nativePackages = directory =>
  readdirSync(directory, {recursive: true})
    .filter(name => name.endsWith('.node'))
    .map(name => join(directory, name));

const text = content => ({mode: 0o644, content: Buffer.from(content)});

const ETC = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'etc/os-release':
    'ID=simstack\nNAME="Simulated stack"\nPRETTY_NAME="Simulated LSST stack, for Weft\'s tutorial and tests"\n',
  'etc/hosts': '127.0.0.1 localhost\n',
  'etc/resolv.conf': '',
  // Where charliecloud's `ch-run --set-env` without an argument looks.
  'ch/environment': Object.entries(ENVIRONMENT)
    .map(([name, value]) => `${name}=${value}\n`)
    .join(''),
};

/** The first ones are links into usr, as in Debian 12; an engine mounts something at each of the others, or a person does. */
const MERGED = ['bin', 'lib', 'lib32', 'lib64', 'libx32', 'sbin'];
const EMPTY = words('data dev home mnt proc root run scratch srv sys usr/local/bin var/tmp');

/** A path of this machine as one of the image's, where /lib and its like are links. */
const merged = path => (MERGED.includes(path.split('/')[1]) ? `usr${path}` : path.slice(1));

/**
 * Every entry of the image, a Map from path to entry (see image-tar.js), parents
 * included and before what is in them. ROOT is Weft's directory, with the
 * simulated stack built in its dist/. SCRATCH is an empty directory for files that live until the image is written.
 */
export function imageTree(root, scratch) {
  const tree = new Map();
  const add = (path, entry) => {
    for (let up = dirname(path); up !== '.' && !tree.has(up); up = dirname(up)) tree.set(up, {mode: 0o755});
    tree.set(path, entry);
  };
  const addFiles = (from, to) => {
    for (const name of readdirSync(from, {recursive: true})) {
      const path = join(from, name);
      const status = statSync(path);
      if (status.isFile()) add(join(to, name), {mode: status.mode & 0o100 ? 0o755 : 0o644, source: path});
    }
  };

  for (const name of EMPTY) add(name, {mode: 0o755});
  for (const name of ['tmp', 'var/tmp']) add(name, {mode: 0o1777});
  for (const name of MERGED) {
    add(`usr/${name}`, {mode: 0o755});
    add(name, {link: `usr/${name}`});
  }
  for (const [name, content] of Object.entries(ETC)) add(name, text(content));

  const programs = new Map([['node', realpathSync(process.execPath)]]);
  for (const name of [...NEEDED, ...WELCOME]) {
    const path = programs.get(name) ?? findProgram(name);
    if (path !== undefined) programs.set(name, path);
    else if (NEEDED.includes(name)) throw new Error(`this machine has no ${name} for the image`);
  }
  for (const [name, path] of programs) add(`usr/bin/${name}`, {mode: 0o755, source: path});
  if (!programs.has('sh')) add('usr/bin/sh', {link: 'bash'});
  const loaders = [...new Set(programs.values()), ...nativePackages(join(root, 'node_modules/@oxc-transform'))];
  for (const path of libraries(loaders)) add(merged(path), {mode: 0o755, source: path});

  // C.UTF-8 is a directory of the C library, not a part of it.
  for (const name of ['C.utf8', 'C.UTF-8']) {
    const locale = `/usr/lib/locale/${name}`;
    if (existsSync(locale)) addFiles(locale, locale.slice(1));
  }

  const program = `/${HOME}/dist/simstack.js`;
  add(program.slice(1), {mode: 0o755, source: join(root, 'dist/simstack.js')});
  add(`${HOME}/package.json`, text('{"type": "module"}\n'));
  addFiles(join(root, 'node_modules/node-sqlite3-wasm'), `${HOME}/node_modules/node-sqlite3-wasm`);
  const install = ['install', join(scratch, 'stack'), '--program', program, '--node', '/usr/bin/node'];
  execFileSync(process.execPath, [join(root, 'dist/simstack.js'), ...install]);
  addFiles(join(scratch, 'stack'), STACK);
  return new Map([...tree].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}
