#!/usr/bin/env node
// Installs, checks and removes Weft's kernelspec. Plain JavaScript without dependencies; needs no Python.
// Only default imports of old modules and no top-level await, so that an old Node gets as far as saying that it is too old.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import util from 'node:util';
import {argvIn, placesOf, readKernelIn} from './kernel-in.js';

const usage = `usage: node install.js [WHERE] [--name NAME] [--display-name TEXT] [--tutorial [--into DIR]]
       node install.js --kernel-in RUNTIME:IMAGE [--mount DIR]... [WHERE] [--name NAME] [--display-name TEXT]
       node install.js --check [WHERE] [--name NAME]
       node install.js --uninstall [WHERE] [--name NAME]

Installs the npm packages if they are missing, builds, and writes a Jupyter kernelspec.

WHERE
  --user             for you alone: JUPYTER_DATA_DIR, else XDG_DATA_HOME/jupyter, else ~/.local/share/jupyter (the default)
  --sys-prefix       for the Python environment that is active: VIRTUAL_ENV, else CONDA_PREFIX
  --prefix DIR       DIR/share/jupyter
--name NAME          the kernelspec's folder (weft; with --kernel-in weft-RUNTIME)
--display-name TEXT  what JupyterLab calls the kernel (Weft; with --kernel-in Weft in IMAGE)
--kernel-in RUNTIME:IMAGE
                     the kernel itself runs in a container of shifter, apptainer, singularity, docker, podman, podman-hpc or ch
--mount DIR          shows DIR in that container, besides your home, this folder and Jupyter's folder of connections
--tutorial           afterwards runs the tutorial without a browser, in a copy
--into DIR           where that copy goes (~/weft-tutorial)
--check              prints versions and paths, and what was found of Slurm and containers; writes nothing
--uninstall          removes the kernelspec
-h, --help           prints this

Exit: 0 done, 1 something is missing or failed, 2 a wrong option; with --tutorial, what \`weft run\` says.`;

const root = stable(path.dirname(fileURLToPath(import.meta.url)));
const pkg = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
const inRoot = (...names) => path.join(root, ...names);
const kernelFile = inRoot('dist', 'kernel.js');
// The pool as in the first line of dist/weft.js. With source maps an internal error names the sources; that costs a start about 10 ms.
const nodeFlags = ['--v8-pool-size=1', '--enable-source-maps'];

/** What the person can mend: printed without a stack. */
class Problem extends Error {
  constructor(message, exit = 1) {
    super(message);
    this.exit = exit;
  }
}

/** The folder as the shell names it: a link to a home directory stays when the file system behind it moves. */
function stable(folder) {
  const script = path.resolve(process.env.PWD || '.', process.argv[1] || '.');
  const named = path.dirname(script);
  return fs.existsSync(script) && fs.realpathSync(named) === fs.realpathSync(folder) ? named : folder;
}

const isFile = file => fs.existsSync(file) && fs.statSync(file).isFile();

/** Where `name` is on PATH, links not resolved. */
function onPath(name, accept = () => true) {
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    const file = path.join(folder, name);
    if (path.isAbsolute(folder) && isFile(file) && accept(file)) return file;
  }
  return undefined;
}

/** This very Node, by the name that an upgrade keeps: /usr/bin/node rather than the versioned folder behind it. */
function nodePath() {
  const real = fs.realpathSync(process.execPath);
  // Version managers make a folder for each shell; it goes when the shell ends.
  const passing = file => [os.tmpdir(), '/tmp', '/run'].some(folder => file.startsWith(`${folder}/`));
  return onPath('node', file => !passing(file) && fs.realpathSync(file) === real) || process.execPath;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [needMajor, needMinor] = pkg.engines.node.match(/\d+/g).map(Number);
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new Problem(`Weft needs Node ${needMajor}.${needMinor} or newer. This is ${process.version}, ${process.execPath}.
With a newer one in ~/node, for example: ~/node/bin/node install.js`);
}

function parse(args) {
  const text = {type: 'string'};
  const flag = {type: 'boolean'};
  let values;
  try {
    ({values} = util.parseArgs({
      args,
      options: {
        ...{user: flag, 'sys-prefix': flag, prefix: text, name: text, 'display-name': text},
        ...{'kernel-in': text, mount: {...text, multiple: true}},
        ...{check: flag, uninstall: flag, tutorial: flag, into: text, help: {...flag, short: 'h'}},
      },
    }));
  } catch (error) {
    throw new Problem(`${error.message}\n\n${usage}`, 2);
  }
  const atMostOne = (...names) => {
    const given = names.filter(name => values[name] !== undefined);
    if (given.length > 1) throw new Problem(`--${given.join(' and --')} exclude each other`, 2);
  };
  atMostOne('user', 'sys-prefix', 'prefix');
  atMostOne('check', 'uninstall', 'tutorial', 'kernel-in');
  if (values.into !== undefined && !values.tutorial) throw new Problem('--into needs --tutorial', 2);
  if (values.mount !== undefined && values['kernel-in'] === undefined)
    throw new Problem('--mount needs --kernel-in', 2);
  for (const name of ['prefix', 'into', 'name', 'display-name', 'mount']) {
    if ([values[name]].flat().includes('')) throw new Problem(`--${name} must not be empty`, 2);
  }
  const around = values['kernel-in'] === undefined ? undefined : readKernelIn(values['kernel-in']);
  if (typeof around === 'string') throw new Problem(around, 2);
  if (around !== undefined && around.runtime === 'shifter' && values.mount !== undefined) {
    throw new Problem('--mount: which places shifter shows is for the site to say', 2);
  }
  const usual = around === undefined ? 'weft' : `weft-${around.runtime}`;
  const name = values.name === undefined ? usual : values.name;
  // What Jupyter takes as a kernel's name; it looks names up in lower case.
  if (!/^[a-z0-9._-]+$/.test(name)) throw new Problem(`--name ${name}: only a-z, 0-9, dot, dash and underscore`, 2);
  return {...values, name, around, folder: path.join(dataFolder(values), 'kernels', name)};
}

/** Jupyter's data folder, as jupyter_core/paths.py finds it. */
function dataFolder(options) {
  if (options.prefix !== undefined) return path.resolve(options.prefix, 'share', 'jupyter');
  if (options['sys-prefix']) {
    const prefix = process.env.VIRTUAL_ENV || process.env.CONDA_PREFIX;
    if (!prefix) throw new Problem('--sys-prefix: no Python environment is active (VIRTUAL_ENV or CONDA_PREFIX)', 2);
    return path.join(prefix, 'share', 'jupyter');
  }
  if (process.env.JUPYTER_DATA_DIR) return path.resolve(process.env.JUPYTER_DATA_DIR);
  if (process.env.XDG_DATA_HOME) return path.join(process.env.XDG_DATA_HOME, 'jupyter');
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Jupyter');
  return path.join(os.homedir(), '.local', 'share', 'jupyter');
}

/** Runs a program in a group of its own, so that a time-out or Ctrl-C ends what it started too. */
function run(file, args, {timeout = 0, quiet = false} = {}) {
  return new Promise(resolve => {
    const child = childProcess.spawn(file, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    const output = [];
    const end = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const timer = timeout > 0 ? setTimeout(end, timeout) : undefined;
    process.once('SIGINT', end);
    const done = code => {
      clearTimeout(timer);
      process.removeListener('SIGINT', end);
      resolve({code, output: Buffer.concat(output).toString()});
    };
    if (quiet) for (const stream of [child.stdout, child.stderr]) stream.on('data', data => output.push(data));
    child.once('error', error => done(error.code));
    child.once('close', done);
  });
}

/** A native package is loaded in a process of its own: a wrong binary can end the process that loads it. */
async function load(code) {
  const {code: exit, output} = await run(process.execPath, ['-p', `JSON.stringify((() => {${code}})())`], {
    timeout: 20_000,
    quiet: true,
  });
  const lines = output.trim().split('\n');
  if (exit === 0) return {ok: true, value: JSON.parse(lines[lines.length - 1])};
  return {ok: false, why: lines.find(line => /error/i.test(line)) || `node ended with ${exit}`};
}

const loadZeromq = () =>
  load(`const {version} = require('zeromq');
    return {package: require('zeromq/package.json').version, version, binary: Object.keys(require.cache).find(file => file.endsWith('.node'))}`);
const loadSqlite = () =>
  load(`const Database = require('better-sqlite3');
    return {package: require('better-sqlite3/package.json').version, ...new Database(':memory:').prepare('select sqlite_version() as version').get()}`);

const needSqlite =
  'optional: only the search in the history needs it. To compile it (python3, make, g++): npm rebuild better-sqlite3';

async function installPackages() {
  const wanted = Object.keys({...pkg.dependencies, ...(isFile(inRoot('build.js')) ? pkg.devDependencies : {})});
  if (wanted.every(name => fs.existsSync(inRoot('node_modules', name, 'package.json')))) return;
  console.log('npm packages: npm ci');
  const {code} = await run('npm', ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund']);
  if (code === 'ENOENT') throw new Problem('npm is not on PATH; it comes with Node');
  if (code !== 0) throw new Problem('npm ci failed; its messages are above');
  if ((await loadSqlite()).ok) return;
  console.log('better-sqlite3: compiling, at most 5 minutes (optional, Ctrl-C leaves it out)');
  await run('npm', ['rebuild', 'better-sqlite3'], {timeout: 300_000, quiet: true});
}

async function build() {
  if (!isFile(inRoot('build.js'))) return; // a published package brings dist/
  const {code} = await run(process.execPath, [inRoot('build.js')]);
  if (code !== 0) throw new Problem('the build failed; its messages are above');
}

/** The kernelspec in a folder: undefined if there is none. */
function installed(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'kernel.json'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    return {}; // broken: not one of ours
  }
}

const isOurs = spec => spec.metadata !== undefined && spec.metadata.weft !== undefined;

function refuseForeign(folder, verb) {
  const spec = installed(folder);
  if (spec === undefined || isOurs(spec)) return;
  throw new Problem(`${folder} holds another kernel, not ${verb}; choose another --name`);
}

/** kernel.json as JEP 105 has it: a version of three numbers, metadata of objects. */
function kernelspec(options) {
  const {around} = options;
  return {
    argv: around ? argvAround(options) : [nodePath(), ...nodeFlags, kernelFile, '{connection_file}'],
    display_name: options['display-name'] || (around ? `Weft in ${around.image}` : 'Weft'),
    language: 'typescript',
    interrupt_mode: 'message',
    kernel_protocol_version: '5.5.0',
    metadata: {weft: {version: pkg.version, ...(around ? {container: `${around.runtime}:${around.image}`} : {})}},
  };
}

/** Where Jupyter puts connection files. */
const connections = () => path.resolve(process.env.JUPYTER_RUNTIME_DIR || path.join(dataFolder({}), 'runtime'));

/** The words that start the kernel in a container. What it needs there is shown at its own path. */
function argvAround({name, around, mount = []}) {
  const home = os.homedir();
  const places = placesOf([home, root, connections(), ...mount.map(folder => path.resolve(folder))]);
  if (typeof places === 'string') throw new Problem(places);
  const absent = places.find(place => !fs.existsSync(place));
  if (absent !== undefined) throw new Problem(`${absent} is to be shown in the container, but it is not there`);
  return argvIn({
    ...{...around, name, program: onPath(around.program) || around.program, places, home},
    ...{uid: process.getuid(), gid: process.getgid(), node: nodePath(), dist: inRoot('dist')},
    rootless: (process.env.DOCKER_HOST || '').startsWith('unix:///run/user/'),
  });
}

/** What a person has to see to before a kernel starts in a container. */
function adviseAround({around, mount}) {
  if (onPath(around.program) === undefined) console.log(`not on PATH here: ${around.program}`);
  if (around.runtime === 'shifter') {
    console.log(`shifter shows what your site mounts; ${os.homedir()} and ${root} must be among it`);
  } else if (around.runtime === 'ch') {
    console.log('ch-run shows places only where the image has a directory of that path');
  }
  if (around.runtime !== 'shifter') console.log(`notebooks must lie in ${[os.homedir(), ...(mount || [])].join(', ')}`);
}

function write(file, text) {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, text);
  fs.renameSync(draft, file);
}

async function install(options) {
  refuseForeign(options.folder, 'replaced');
  await installPackages();
  await build();
  if (!isFile(kernelFile)) throw new Problem(`${kernelFile} is missing`);
  const zeromq = await loadZeromq();
  if (!zeromq.ok) throw new Problem(`zeromq does not load: ${zeromq.why}`);
  if (options.around) fs.mkdirSync(connections(), {recursive: true, mode: 0o700}); // as Jupyter does; it must be there to be shown
  const spec = kernelspec(options);
  fs.mkdirSync(options.folder, {recursive: true});
  fs.copyFileSync(inRoot('dist', 'logo.svg'), path.join(options.folder, 'logo-svg.svg'));
  write(path.join(options.folder, 'kernel.json'), `${JSON.stringify(spec, null, 2)}\n`);
  const sqlite = await loadSqlite();
  console.log(`zeromq: ${zeromq.value.package}, ${zeromq.value.binary}`);
  console.log(`better-sqlite3: ${sqlite.ok ? sqlite.value.package : `not there (${needSqlite})`}`);
  console.log(`installed: ${options.folder}`);
  if (options.around) adviseAround(options);
}

function uninstall(options) {
  refuseForeign(options.folder, 'removed');
  if (installed(options.folder) === undefined) {
    console.log(`nothing to remove: ${options.folder}`);
    return;
  }
  for (const name of ['kernel.json', 'logo-svg.svg']) fs.rmSync(path.join(options.folder, name), {force: true});
  if (fs.readdirSync(options.folder).length === 0) fs.rmdirSync(options.folder);
  console.log(`removed: ${options.folder}`);
}

/** What the kernelspec says, and whether it would start. */
function describe(folder) {
  const spec = installed(folder);
  if (spec === undefined) return {ok: false, text: `not installed in ${folder}`};
  if (!isOurs(spec)) return {ok: false, text: `${folder} holds another kernel`};
  const {container} = spec.metadata.weft;
  // The last word is the connection file; what is shown in a container stands before a colon.
  const words = spec.argv.slice(0, -1).map(word => word.replace(/^--(?:volume|bind)=([^:]*).*$/, '$1'));
  const gone = words.filter(word => path.isAbsolute(word) && !fs.existsSync(word));
  if (gone.length > 0) return {ok: false, text: `${folder} names ${gone.join(', ')}, which is gone; install again`};
  return {ok: true, text: `${folder}${container ? `, in ${container}` : ''}: ${spec.argv.join(' ')}`};
}

async function version(name) {
  const file = onPath(name);
  if (file === undefined) return undefined;
  const {output} = await run(file, ['--version'], {timeout: 5_000, quiet: true});
  return `${(output.match(/\d+(\.\d+)+/) || ['version not known'])[0]}, ${file}`;
}

async function check(options) {
  const runtimes = ['shifter', 'apptainer', 'singularity', 'podman-hpc', 'podman', 'docker', 'ch-run'];
  const [zeromq, sqlite, bash, slurm, ...containers] = await Promise.all([
    loadZeromq(),
    loadSqlite(),
    ...['bash', 'sbatch', ...runtimes].map(version),
  ]);
  const spec = describe(options.folder);
  const there = runtimes.flatMap((name, i) => (containers[i] === undefined ? [] : [`${name} ${containers[i]}`]));
  const built = isFile(kernelFile);
  const bashOk = bash !== undefined && Number(bash.split('.')[0]) >= 4;
  const lines = [
    ['weft', true, `${pkg.version}, ${root}`],
    ['node', true, `${process.versions.node}, ${nodePath()}`],
    [
      'system',
      true,
      `${os.type()} ${os.release()} ${os.arch()}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    ],
    ['built', built, built ? kernelFile : `${kernelFile} is missing: node install.js`],
    ['kernelspec', spec.ok, spec.text],
    [
      'zeromq',
      zeromq.ok,
      zeromq.ok ? `${zeromq.value.package} (libzmq ${zeromq.value.version}), ${zeromq.value.binary}` : zeromq.why,
    ],
    [
      'better-sqlite3',
      true,
      sqlite.ok ? `${sqlite.value.package} (SQLite ${sqlite.value.version})` : `not there (${needSqlite})`,
    ],
    [
      'bash',
      bashOk,
      bash === undefined ? 'not on PATH; tasks need it' : `${bash}${bashOk ? '' : ' is too old: tasks need bash 4'}`,
    ],
    ['jupyter', true, onPath('jupyter') || 'not on PATH (`weft run` does not need it)'],
    ['slurm', true, slurm || 'not on PATH'],
    ['containers', true, there.join('; ') || 'none on PATH'],
  ];
  for (const [name, ok, text] of lines) console.log(`${ok ? ' ' : '!'} ${name.padEnd(15)} ${text}`);
  return lines.every(([, ok]) => ok) ? 0 : 1;
}

/** Runs the tutorial in a copy. A copy that is there already is kept: it may have the person's changes, and its tasks are cached. */
function tutorial(options) {
  const source = inRoot('notebooks', 'tutorial.ipynb');
  if (!isFile(source)) throw new Problem(`${source} is missing`);
  const folder = path.resolve(options.into || path.join(os.homedir(), 'weft-tutorial'));
  const copy = path.join(folder, 'tutorial.ipynb');
  const executed = path.join(folder, 'tutorial.executed.ipynb');
  fs.mkdirSync(folder, {recursive: true});
  if (!isFile(copy)) {
    const notebook = JSON.parse(fs.readFileSync(source, 'utf8'));
    const {display_name, language} = kernelspec(options);
    notebook.metadata.kernelspec = {name: options.name, display_name, language};
    write(copy, `${JSON.stringify(notebook, null, 1)}\n`);
  }
  console.log(`tutorial: ${copy}`);
  process.on('SIGINT', () => {}); // Ctrl-C reaches weft as well, which settles and says how it ended
  const {status, signal} = childProcess.spawnSync(
    process.execPath,
    [inRoot('dist', 'weft.js'), 'run', copy, '-o', executed],
    {stdio: 'inherit'},
  );
  if (isFile(executed)) console.log(`executed notebook: ${executed}`);
  return status === null ? 128 + (os.constants.signals[signal] || 0) : status;
}

async function main() {
  checkNode();
  const options = parse(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (options.check) return check(options);
  if (options.uninstall) {
    uninstall(options);
    return 0;
  }
  await install(options);
  if (options.tutorial) return tutorial(options);
  console.log(
    `now: jupyter lab, and choose "${kernelspec(options).display_name}"${options.around ? '' : `; or: ${inRoot('dist', 'weft.js')} run NOTEBOOK`}`,
  );
  return 0;
}

main().then(
  exit => {
    process.exitCode = exit;
  },
  error => {
    console.error(error instanceof Problem ? `install: ${error.message}` : error);
    process.exitCode = error instanceof Problem ? error.exit : 1;
  },
);
