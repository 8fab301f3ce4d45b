import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {childProcess, type Ended} from './child-process.js';
import type {Component} from './component.js';
import {root} from './sources.js';

/** A Python that has some modules: WEFT_TEST_PYTHON, else python3 on PATH. Its value is the interpreter. */
export function pythonWith(...modules: readonly string[]): Component<string> {
  const python = process.env['WEFT_TEST_PYTHON'] ?? 'python3';
  const name = `Python with ${modules.join(', ')}`;
  const code = `import importlib.util, sys; print(*[m for m in sys.argv[1:] if importlib.util.find_spec(m) is None])`;
  const {status, stdout, error} = spawnSync(python, ['-c', code, ...modules], {encoding: 'utf8', timeout: 20_000});
  if (error !== undefined || status !== 0) return {name, found: {ok: false, why: `${python} does not run`}};
  const absent = stdout.trim();
  if (absent !== '') return {name, found: {ok: false, why: `${python} has no ${absent}; set WEFT_TEST_PYTHON`}};
  return {name, found: {ok: true, value: python}};
}

/** Debian's Chromium, or the browser of WEFT_TEST_CHROMIUM. Its value is the program. */
export function chromium(): Component<string> {
  const program = process.env['WEFT_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
  const name = 'Chromium';
  return existsSync(program)
    ? {name, found: {ok: true, value: program}}
    : {name, found: {ok: false, why: `no ${program}; set WEFT_TEST_CHROMIUM`}};
}

/** A file of test/fixtures/jupyter. */
export const fixture = (name: string): string => join(root, 'test', 'fixtures', 'jupyter', name);

/** Settings and state of Jupyter in a folder of the test's own: nothing of the user's is read or written. */
export function jupyterEnvironment(folder: string): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: folder,
    IPYTHONDIR: join(folder, 'ipython'),
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    JUPYTER_DATA_DIR: join(folder, 'data'),
    JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
    JUPYTERLAB_SETTINGS_DIR: join(folder, 'config', 'settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(folder, 'config', 'workspaces'),
  };
  for (const name of ['JUPYTER_PATH', 'JUPYTER_TOKEN', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME']) {
    Reflect.deleteProperty(environment, name);
  }
  return environment;
}

/** Installs the kernel as a person does, for {@link jupyterEnvironment} of the same folder. */
export function installKernel(folder: string): void {
  const {status, stderr} = spawnSync(process.execPath, [join(root, 'install.js')], {
    env: jupyterEnvironment(folder),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`install.js ended with ${status ?? 'a signal'}: ${stderr}`);
}

/** Runs a Python script to its end; the test's own process goes on meanwhile. */
export function runPython(python: string, args: readonly string[], folder: string, input = ''): Promise<Ended> {
  return childProcess(python, args, {cwd: folder, env: jupyterEnvironment(folder)}, input);
}

/** What test/fixtures/jupyter/execute.py prints. */
export interface Executed {
  readonly info: {readonly protocol_version: string; readonly language_info: {readonly name: string}};
  readonly cells: readonly {
    readonly reply: {readonly status: string; readonly execution_count: number};
    readonly outputs: readonly {readonly type: string; readonly content: Readonly<Record<string, unknown>>}[];
  }[];
  /** From the start of the kernel to its first answer. */
  readonly readySec: number;
  /** Whether the kernel was still there after a shutdown_request. */
  readonly alive: boolean;
}

/** Runs cells on an installed kernel with jupyter_client. */
export async function executeCells(
  python: string,
  folder: string,
  cells: readonly string[],
  kernel = 'weft',
): Promise<Executed> {
  const {status, stdout, stderr} = await runPython(
    python,
    [fixture('execute.py'), kernel],
    folder,
    JSON.stringify(cells),
  );
  if (status !== 0) throw new Error(`execute.py ended with ${status ?? 'a signal'}:\n${stderr}`);
  return JSON.parse(stdout) as Executed;
}

/** A notebook, as a file holds it, with only code cells. */
export function notebookOf(cells: readonly string[], kernel = 'weft', language = 'typescript'): string {
  return JSON.stringify({
    cells: cells.map((source, i) => ({
      cell_type: 'code',
      execution_count: null,
      id: `cell-${i + 1}`,
      metadata: {},
      outputs: [],
      source,
    })),
    metadata: {kernelspec: {name: kernel, display_name: kernel, language}, language_info: {name: language}},
    nbformat: 4,
    nbformat_minor: 5,
  });
}
