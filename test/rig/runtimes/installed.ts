import {spawn, spawnSync, type ChildProcess} from 'node:child_process';
import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll} from 'vitest';
import type {Component} from '../component.js';
import {childProcess, type Ended} from '../child-process.js';
import {scratch} from '../scratch.js';
import {installFakes, type Fakes, type ImageWanted} from './fakes.js';
import type {Site} from './site.js';
import {programTree} from './tree.js';

/** Mount namespaces, which every fake container needs: as root with CAP_SYS_ADMIN, or as a plain user by user namespaces. */
export const mountNamespaces: Component<true> = (() => {
  const map = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const {status, stderr} = spawnSync('/usr/bin/unshare', ['--mount', ...map, 'true'], {encoding: 'utf8'});
  return {
    name: 'mount namespaces',
    found: status === 0 ? {ok: true, value: true} : {ok: false, why: `unshare: ${stderr}`.trim()},
  };
})();

/** Fakes in a scratch folder while the tests of a file run. */
export interface Installed {
  readonly fakes: Fakes;
  /** The folder of everything. The site mounts `folder/site` into shifter's containers. */
  readonly folder: string;
  /** The clean environment that programs run in unless told otherwise. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a fake to its end in `folder/site`, with `more` in its environment. */
  run(
    words: readonly string[],
    more?: Readonly<Record<string, string>>,
    cwd?: string,
    /** `more` is the whole environment. */
    alone?: boolean,
  ): Promise<Ended>;
  /** Starts a fake in a session and group of its own. What it prints is for {@link firstLine}. */
  start(words: readonly string[], more?: Readonly<Record<string, string>>): ChildProcess;
}

/** Installs fakes before the tests of a file, with the image `good:1` (a small tree) and what `images` makes of that tree. */
export function installed(
  images: (tree: string) => Readonly<Record<string, ImageWanted>> = () => ({}),
  site: Partial<Omit<Site, 'images' | 'siteMounts'>> = {},
): Installed {
  const home = scratch();
  let fakes: Fakes | undefined;
  const environment = {PATH: `${home.at('fakes', 'bin')}:/usr/bin:/bin`, HOME: home.at('home'), USER: 'somebody'};
  beforeAll(async () => {
    const tree = programTree(home.at('tree'));
    for (const folder of ['site', 'home']) programTree(home.at(folder), []);
    const at = home.at('site');
    fakes = await installFakes(
      home.at('fakes'),
      {'good:1': {tree}, ...images(tree)},
      {
        siteMounts: [{from: at, to: at}],
        ...site,
      },
    );
  });
  afterAll(() => home[Symbol.dispose]());
  return {
    get fakes() {
      return fakes!;
    },
    folder: home.path,
    environment,
    run: ([file = '', ...args], more = {}, cwd = home.at('site'), alone = false) =>
      childProcess(join(home.at('fakes', 'bin'), file), args, {cwd, env: alone ? more : {...environment, ...more}}),
    start: ([file = '', ...args], more = {}) =>
      spawn(join(home.at('fakes', 'bin'), file), args, {
        cwd: home.at('site'),
        env: {...environment, ...more},
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
  };
}

/** Waits for the first line that a program prints. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', () => reject(new Error(`it ended after ${JSON.stringify(text)}`)));
  });
}

/** Waits for the end of a program: its exit code, or the name of the signal that ended it. */
export function end(child: ChildProcess): Promise<number | string> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode ?? child.signalCode ?? '');
    else child.once('exit', (code, signal) => resolve(code ?? signal ?? ''));
  });
}

/** A process that is no zombie. */
export interface Alive {
  readonly pid: number;
  readonly name: string;
  /** NUL ends each argument. */
  readonly command: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** All processes of the machine. */
export function processes(): readonly Alive[] {
  return readdirSync('/proc').flatMap(name => {
    const alive = /^\d+$/.test(name) ? processOf(Number(name)) : undefined;
    return alive === undefined ? [] : [alive];
  });
}

/** All processes of a session. */
export const session = (id: number): readonly Alive[] => processes().filter(each => each.session === id);

/** Reads one process; undefined if it has ended. */
export function processOf(pid: number): Alive | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(text) ?? [];
    const [state, parent, group, id] = rest.split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return state === 'Z'
      ? undefined
      : {pid, name, command, parent: Number(parent), group: Number(group), session: Number(id)};
  } catch {
    return undefined;
  }
}

/** Waits until a condition holds that no event tells of, for ten seconds at most. */
export async function until(holds: () => boolean): Promise<void> {
  const last = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > last) throw new Error('it did not come to pass');
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
