import {spawn, spawnSync} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, openSync, readFileSync, symlinkSync} from 'node:fs';
import {arch, availableParallelism, cpus, homedir, loadavg, release, totalmem, type} from 'node:os';
import {delimiter, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fillStore} from './history-store.js';
import {joined, onStore, type Behaviour, type KernelResults, type Speed} from './kernel-results.js';
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
  /** Told all that is known, whenever more is: what comes later may fail. */
  readonly save: (results: KernelResults) => void;
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

/** How a script is run. */
export interface Script {
  readonly python: string;
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** How long what a script has written may be on its way when the script has ended, in milliseconds. */
const LATE_MS = 1000;

/**
 * Runs a script with a plan, and tells each line that it prints, as JSON. Over when the script has ended, whatever of it still lives and
 * has its output open. Its lines on standard error that begin with `bench: ` go on to this process's; where it fails the end of all is in
 * the error.
 */
export async function runScript(
  {python, path, env, cwd}: Script,
  plan: unknown,
  tell: (line: never) => void,
): Promise<void> {
  const said = join(cwd, 'script.err');
  const log = openSync(said, 'w');
  const child = spawn(python, [path], {cwd, env, stdio: ['pipe', 'pipe', log]});
  closeSync(log);
  const {stdin, stdout} = child;
  if (!stdin || !stdout) throw new Error('no pipes');
  stdin.on('error', () => undefined).end(JSON.stringify(plan));
  const lines = createInterface({input: stdout}).on('line', line => tell(JSON.parse(line) as never));
  const whole = new Promise(resolve => lines.once('close', resolve));
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  const late = new Promise(resolve => setTimeout(resolve, LATE_MS).unref());
  await Promise.race([whole, late]);
  stdout.destroy();
  const text = readFileSync(said, 'utf8');
  if (status !== 0) throw new Error(`${path} ended with ${String(status)}:\n${text.slice(-2000)}`);
  for (const line of text.split('\n')) if (line.startsWith('bench: ')) process.stderr.write(`${line}\n`);
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
  const versions = spawnSync(python, ['-c', VERSIONS], {env, encoding: 'utf8'}).stdout.trim();
  const before = loadavg()[0] ?? 0;
  const setting = (): readonly string[] => [
    `${cpus()[0]?.model ?? arch()}, ${availableParallelism()} cores, ${gigabytes(totalmem())}; ${type()} ${release()}; Node ${process.version}`,
    `${versions}; ${new Date().toISOString().slice(0, 10)}; ${rounds} rounds of ${cells} cells`,
    `load of the machine while it was measured: ${before.toFixed(1)} at first, ${(loadavg()[0] ?? 0).toFixed(1)} at last`,
  ];
  let results: KernelResults = {setting: setting(), lines, rounds, speed: {}, behaviour: {}};
  const add = (more: Partial<KernelResults>): void => {
    results = {...results, ...more, setting: setting()};
    options.save(results);
  };
  const script = (name: string): Script => ({python, path: join(root, 'bench', name), env, cwd: folder});
  await runScript(script('kernels.py'), plan, ({name, found}: {name: string; found: Speed}) =>
    add({speed: {...results.speed, [name]: joined(results.speed[name], found)}}),
  );
  if (!options.behaviour) return results;
  if (spawnSync(python, ['-c', 'import jupyter_kernel_test'], {env}).status !== 0) {
    say(`${python} has no jupyter_kernel_test: what kernels do is left out`);
    return results;
  }
  await runScript(script('kernel_behaviour.py'), {kernels: planned}, ({name, does}: {name: string; does: Behaviour}) =>
    add({behaviour: {...results.behaviour, [name]: does}}),
  );
  return results;
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
      // What a peer never answered has no time.
      theirs
        .filter(([, other]) => of(other).length > 0)
        .map(([their, other]) => ({
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
