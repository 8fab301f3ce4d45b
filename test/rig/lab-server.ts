import {spawn, type ChildProcess} from 'node:child_process';
import {mkdirSync, openSync, readFileSync, writeFileSync} from 'node:fs';
import {get} from 'node:http';
import {dirname, join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {jupyterEnvironment} from './jupyter.js';

/** A JupyterLab on a free port of this machine. Disposing of it ends its kernels too. */
export interface LabServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly token: string;
  /** The folder that it shows. */
  readonly notebooks: string;
}

/** What JupyterLab would otherwise do by itself: ask about news, look for updates, save in between, draw only what is in sight. */
const settings: Readonly<Record<string, object>> = {
  'apputils-extension/notification': {fetchNews: 'false', checkForUpdates: false, doNotDisturbMode: true},
  'docmanager-extension/plugin': {autosave: false},
  'notebook-extension/tracker': {windowingMode: 'none'},
};

/** How JupyterLab is to look. */
export interface LabOptions {
  readonly theme?: 'JupyterLab Light' | 'JupyterLab Dark';
}

/**
 * Starts JupyterLab with all its state in `folder`, where {@link installKernel} has put the kernel, and waits until it
 * answers. The notebooks are in `folder/notebooks`.
 */
export async function startLab(python: string, folder: string, options: LabOptions = {}): Promise<LabServer> {
  const environment = jupyterEnvironment(folder);
  const notebooks = join(folder, 'notebooks');
  mkdirSync(notebooks, {recursive: true});
  const wanted = {...settings, 'apputils-extension/themes': {theme: options.theme ?? 'JupyterLab Light'}};
  for (const [plugin, value] of Object.entries(wanted)) {
    const file = join(folder, 'config', 'settings', '@jupyterlab', `${plugin}.jupyterlab-settings`);
    mkdirSync(dirname(file), {recursive: true});
    writeFileSync(file, JSON.stringify(value));
  }

  const logFile = join(folder, 'lab.log');
  const log = openSync(logFile, 'w', 0o600);
  const args = [
    ...['-m', 'jupyterlab', '--no-browser', '--expose-app-in-browser'],
    ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
    ...['--ServerApp.ip=127.0.0.1', '--ServerApp.port=0', `--ServerApp.root_dir=${notebooks}`],
    ...['--LabApp.news_url=None', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate'],
    '--LabApp.extension_manager=readonly',
  ];
  const child = spawn(python, args, {cwd: notebooks, env: environment, stdio: ['ignore', log, log]});
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = () => stopServer(child, ended);
  try {
    const info = await serverInfo(child, join(folder, 'runtime', `jpserver-${child.pid ?? 0}.json`));
    const origin = `http://127.0.0.1:${info.port}`;
    return {origin, token: info.token, notebooks, [Symbol.asyncDispose]: stop};
  } catch (error) {
    await stop();
    throw new Error(`JupyterLab did not start: ${readFileSync(logFile, 'utf8').slice(-2000)}`, {cause: error});
  }
}

/** The server writes where it listens into a file, and answers a little later. */
async function serverInfo(child: ChildProcess, file: string): Promise<{port: number; token: string}> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`);
    try {
      const info = JSON.parse(readFileSync(file, 'utf8')) as {port: number; token: string};
      if (await answers(`http://127.0.0.1:${info.port}/api/status?token=${info.token}`)) return info;
    } catch {
      // not yet there, or half written
    }
    await pause(50);
  }
  throw new Error('no answer in 60 s');
}

function answers(url: string): Promise<boolean> {
  return new Promise(resolve => {
    get(url, response => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}

/** TERM lets the server shut its kernels down. One that hangs is killed, and its kernels then end by themselves. */
async function stopServer(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(timer);
}
