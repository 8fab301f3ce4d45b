import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, symlinkSync} from 'node:fs';
import {arch, availableParallelism, cpus, homedir, loadavg, release, totalmem, type} from 'node:os';
import {delimiter, join} from 'node:path';
import {fillStore} from './history-store.js';
import {onStore, type Behaviour, type KernelResults, type Speed} from './kernel-results.js';
import {root} from './notebook.js';
import {median, type Pair} from './pair.js';

/** How kernels are compared. */
export interface KernelOptions {
  readonly rounds: number;
  /** Cells of one kernel in one round, and lines that one of them prints. */
  readonly cells: number;
  readonly lines: number;
  /** Checkpoints of the store beside which Weft is measured once more; 0: it is not. */
  readonly checkpoints: number;
  /** Names of the kernelspecs that Weft is compared with. */
  readonly peers: readonly string[];
  /** Whether it is tried what they do, which takes minutes. */
  readonly behaviour: boolean;
  /** Where everything is made. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

interface Planned {
  readonly name: string;
  readonly spec: string;
  readonly directory: string;
  readonly python: boolean;
}

/** Where this user's kernelspecs lie, as jupyter_core finds them. */
const userData = (env: NodeJS.ProcessEnv): string =>
  env['JUPYTER_DATA_DIR'] ?? join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'jupyter');

/** Runs a script beside this file with a plan, and reads what it prints. */
function run<T>(python: string, script: string, plan: unknown, env: NodeJS.ProcessEnv, cwd: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [join(root, 'bench', script)], {cwd, env, stdio: ['pipe', 'pipe', 'pipe']});
    const chunks = {stdout: [] as Buffer[], stderr: [] as Buffer[]};
    child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
    child.once('error', reject);
    child.once('close', status => {
      if (status === 0) resolve(JSON.parse(Buffer.concat(chunks.stdout).toString()) as T);
      else reject(new Error(`${script}: ${Buffer.concat(chunks.stderr).toString().slice(-2000)}`));
    });
    child.stdin.end(JSON.stringify(plan));
  });
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(0)} GB`;

/** Compares Weft with the peers that are there. Undefined where Python has no client of Jupyter. */
export async function compareKernels(options: KernelOptions): Promise<KernelResults | undefined> {
  const {rounds, cells, lines, checkpoints, folder, say} = options;
  const python = process.env['WEFT_TEST_PYTHON'] ?? 'python3';
  if (spawnSync(python, ['-c', 'import jupyter_client']).status !== 0) {
    say(`kernels: left out, ${python} has no jupyter_client; set WEFT_TEST_PYTHON`);
    return undefined;
  }
  // What kernels write below HOME stays out of the user's; whose own kernelspecs are found all the same.
  const data = join(folder, 'data');
  const env = {
    ...process.env,
    HOME: folder,
    IPYTHONDIR: join(folder, 'ipython'),
    JUPYTER_DATA_DIR: data,
    JUPYTER_PATH: [process.env['JUPYTER_PATH'] ?? [], userData(process.env)].flat().join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const installed = spawnSync(process.execPath, [join(root, 'install.js')], {env, encoding: 'utf8'});
  if (installed.status !== 0) throw new Error(installed.stderr);
  const listed = spawnSync(python, ['-m', 'jupyter_client.kernelspecapp', 'list', '--json'], {env, encoding: 'utf8'});
  if (listed.status !== 0) throw new Error(listed.stderr);
  const {kernelspecs} = JSON.parse(listed.stdout) as {kernelspecs: Record<string, {spec: {language: string}}>};

  const planned = ['weft', ...options.peers].flatMap((name): Planned[] => {
    const found = kernelspecs[name];
    if (found === undefined) {
      say(
        `${name}: left out, there is no such kernelspec; jupyter kernelspec list has ${Object.keys(kernelspecs).join(', ')}`,
      );
      return [];
    }
    return [{name, spec: name, directory: room(folder, name), python: found.spec.language === 'python'}];
  });
  const big: Planned[] = [];
  if (checkpoints > 0) {
    const directory = room(folder, 'store');
    await fillStore(join(directory, '.weft'), checkpoints);
    big.push({name: onStore(checkpoints), spec: 'weft', directory, python: false});
  }
  const plan = {rounds, cells, lines, kernels: [...planned, ...big]};
  const before = loadavg()[0] ?? 0;
  const speed = await run<Record<string, Speed>>(python, 'kernels.py', plan, env, folder);
  const after = loadavg()[0] ?? 0;
  const versions = spawnSync(python, ['-c', VERSIONS], {env, encoding: 'utf8'}).stdout.trim();
  const hasSuite = spawnSync(python, ['-c', 'import jupyter_kernel_test'], {env}).status === 0;
  if (options.behaviour && !hasSuite) say(`${python} has no jupyter_kernel_test: what kernels do is left out`);
  const behaviour =
    options.behaviour && hasSuite
      ? await run<Record<string, Behaviour>>(python, 'kernel_behaviour.py', {kernels: planned}, env, folder)
      : {};
  const setting = [
    `${cpus()[0]?.model ?? arch()}, ${availableParallelism()} cores, ${gigabytes(totalmem())}; ${type()} ${release()}; Node ${process.version}`,
    `${versions}; ${new Date().toISOString().slice(0, 10)}; ${rounds} rounds of ${cells} cells`,
    `load of the machine while it was measured: ${before.toFixed(1)} to ${after.toFixed(1)}`,
  ];
  return {setting, lines, rounds, speed, behaviour};
}

/** Versions of what Python has, a line. */
const VERSIONS = [
  'import importlib.metadata as found, platform',
  'def of(name):',
  '    try: return f", {name} {found.version(name)}"',
  '    except found.PackageNotFoundError: return ""',
  'print("Python " + platform.python_version() + "".join(map(of, ["jupyter_client", "jupyter_kernel_test", "ipykernel"])))',
].join('\n');

/** A directory for one kernel. tslab looks there for the types of Node. */
function room(folder: string, name: string): string {
  const directory = join(folder, 'kernels', name);
  mkdirSync(directory, {recursive: true});
  const modules = join(directory, 'node_modules');
  if (!existsSync(modules)) symlinkSync(join(root, 'node_modules'), modules);
  return directory;
}

/** Weft against each other kernel, for the table on the terminal. */
export function kernelPairs({speed, lines}: KernelResults): readonly Pair[] {
  const ours = Object.entries(speed).filter(([name]) => name.startsWith('weft'));
  const theirs = Object.entries(speed).filter(([name]) => !name.startsWith('weft'));
  const pair = (name: string, of: (one: Speed) => readonly number[]): readonly Pair[] =>
    ours.flatMap(([our, one]) =>
      theirs.map(([their, other]) => ({
        name: our === 'weft' ? name : `${name}, big store`,
        ours: median(of(one)),
        theirs: median(of(other)),
        unit: 'ms',
        against: their,
        smallerIsBetter: true,
      })),
    );
  return [
    ...pair('start to kernel_info_reply', one => one.startMs),
    ...pair('start, CPU', one => one.startCpuMs),
    ...pair('`1` to its reply, p50', one => one.cellMs),
    ...pair('`1`, CPU', one => one.cellCpuMs),
    ...pair(`${lines} lines until idle`, one => one.linesMs),
  ];
}
