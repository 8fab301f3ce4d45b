import {chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync} from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import type {Component} from '../test/rig/component.js';
import {startDocker} from '../test/rig/engines/docker.js';
import {programOnPath, type Engine} from '../test/rig/engines/engine.js';
import {startPodman} from '../test/rig/engines/podman.js';
import {root} from './notebook.js';
import {timed} from './timed.js';

const NAME = 'localhost/weft-simstack:1';

/** A container runtime that works here, with an image. */
export interface Ready {
  /** As `%container` takes it: `podman:…`. */
  readonly container: string;
  readonly program: string;
  /** Ways to start a container by hand that does nothing, the plainest first: words for its program. */
  readonly byHand: readonly (readonly string[])[];
  /** What the client needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** The runtimes of this run, each with why it is left out. */
export interface Engines {
  readonly runtimes: readonly Component<Ready>[];
  /** Ends them and what runs in them, and removes their directory. */
  readonly stop: () => Promise<void>;
}

/** Starts podman and docker in a directory of their own, and puts the simulated stack's image into them and into a directory. */
export async function startEngines(): Promise<Engines> {
  // Not in the benchmark's folder: the path of docker's socket has to be short.
  const home = realpathSync(mkdtempSync(join(tmpdir(), `weft-b-${process.pid}-`)));
  chmodSync(home, 0o755);
  const image = join(home, 'image');
  const running: Engine[] = [];
  const stop = async (): Promise<void> => {
    for (const engine of running) await engine.stop();
    rmSync(home, {recursive: true, force: true});
  };
  const started = async (name: string, start: (directory: string) => Promise<Engine>): Promise<Component<Ready>> =>
    component(name, async () => {
      mkdirSync(join(home, name));
      const engine = await start(join(home, name));
      running.push(engine);
      const {program, env} = engine;
      await makeImage(['--load', program], env);
      const byHand = [
        ['run', NAME, 'true'],
        // What a task can't be without: an init that hands signals on, and nothing left behind.
        ['run', '--rm', '--init', NAME, 'true'],
      ];
      return {container: `${name}:${NAME}`, program, byHand, env};
    });
  try {
    return {
      runtimes: [
        await started('podman', startPodman),
        await started('docker', startDocker),
        await component('charliecloud', async () => {
          const {found} = programOnPath('ch-run');
          if (!found.ok) throw new Error(found.why);
          await makeImage(['--out', image], {});
          // ch-run wants to know who runs it.
          const env = {USER: userInfo().username};
          return {container: `ch:${image}`, program: found.value, byHand: [[image, '--', 'true']], env};
        }),
      ],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function component<T>(name: string, make: () => Promise<T>): Promise<Component<T>> {
  try {
    return {name, found: {ok: true, value: await make()}};
  } catch (error) {
    return {name, found: {ok: false, why: error instanceof Error ? error.message : String(error)}};
  }
}

async function makeImage(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const maker = join(root, 'notebooks', 'simstack', 'image.js');
  await timed(process.execPath, [maker, '--name', NAME, ...args], root, env);
}
