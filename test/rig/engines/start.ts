import {chmodSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync} from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {TestProject} from 'vitest/node';
import {childProcess} from '../child-process.js';
import type {Component} from '../component.js';
import {startDocker} from './docker.js';
import {programOnPath, type Engine} from './engine.js';
import type {Engines, GivenEngine} from './given.js';
import {clear} from './leftovers.js';
import {startPodman} from './podman.js';

const name = 'localhost/weft-simstack:1';
const imageMaker = fileURLToPath(new URL('../../../notebooks/simstack/image.js', import.meta.url));

/** Before tests that need engines: starts those that are on this machine, once, with the simulated stack's image in them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweep();
  const home = realpathSync(mkdtempSync(join(tmpdir(), `weft-e-${process.pid}-`)));
  chmodSync(home, 0o755);
  const running: Engine[] = [];
  const teardown = async () => {
    for (const engine of running) await engine.stop();
    rmSync(home, {recursive: true, force: true});
  };
  const start = (title: string, starting: Promise<Engine>): Promise<Component<GivenEngine>> =>
    starting.then(
      engine => {
        running.push(engine);
        return {name: title, found: {ok: true, value: {program: engine.program, env: engine.env}}};
      },
      (error: unknown) => ({
        name: title,
        found: {ok: false, why: error instanceof Error ? error.message : String(error)},
      }),
    );
  try {
    const [podman, docker] = await Promise.all([
      start('podman', startPodman(join(home, 'podman'))),
      start('docker', startDocker(join(home, 'docker'))),
    ]);
    // ch-run wants to know who runs it.
    const charliecloud = withEnv('charliecloud', programOnPath('ch-run'), {USER: userInfo().username});
    const bubblewrap = withEnv('bubblewrap', programOnPath('bwrap'), {});
    const image = await makeImage(join(home, 'image'), running);
    project.provide('engines', {podman, docker, charliecloud, bubblewrap, image} satisfies Engines);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

/** Removes what test runs left that were killed: their directories say by whose pid they were made. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^weft-e-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const home = join(realpathSync(tmpdir()), name);
    if (statSync(home, {throwIfNoEntry: false})?.uid !== process.getuid?.()) continue;
    await clear(home);
    rmSync(home, {recursive: true, force: true});
  }
}

function withEnv(name: string, {found}: Component<string>, env: Record<string, string>): Component<GivenEngine> {
  return {name, found: found.ok ? {ok: true, value: {program: found.value, env}} : found};
}

async function makeImage(directory: string, engines: readonly Engine[]): Promise<Engines['image']> {
  const loads = engines.flatMap(({program}) => ['--load', program]);
  const {status, stderr} = await childProcess(
    process.execPath,
    [imageMaker, '--out', directory, '--name', name, ...loads],
    {env: {...process.env, ...Object.assign({}, ...engines.map(({env}) => env))}},
  );
  const title = "the simulated stack's image";
  if (status !== 0) return {name: title, found: {ok: false, why: stderr.trim()}};
  return {name: title, found: {ok: true, value: {name, directory}}};
}
