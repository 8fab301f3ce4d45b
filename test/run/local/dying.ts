import {spawn, type ChildProcess} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {createInterface} from 'node:readline';
import {build} from 'esbuild';
import {afterAll, beforeAll} from 'vitest';
import type {Holder} from '../../../kernel/graph/holder.js';
import {runnerPath, until, type ExecutorRig} from './executor-rig.js';

let built: string;

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'weft-dying-'));
  await build({
    entryPoints: [new URL('dying-kernel.ts', import.meta.url).pathname],
    outfile: join(built, 'kernel.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"},
  });
});

afterAll(() => rm(built, {recursive: true, force: true}));

/** What another kernel was told before it was killed. */
export interface Dying {
  readonly child: ChildProcess;
  readonly holders: Map<string, Holder>;
  readonly started: string[];
}

/**
 * Starts another kernel, which runs these scripts on one slot; the first is short. What directories already have tells dying-kernel.ts
 * where they run.
 */
export async function startKernel(rig: ExecutorRig, scripts: Readonly<Record<string, string>>): Promise<Dying> {
  const jobs = await Promise.all(Object.entries({warm: 'true', ...scripts}).map(([name, text]) => rig.job(name, text)));
  const child = spawn(
    process.execPath,
    [join(built, 'kernel.mjs'), runnerPath, ...jobs.map(({directory}) => directory)],
    {stdio: ['ignore', 'pipe', 'inherit'], detached: true},
  );
  const dying: Dying = {child, holders: new Map(), started: []};
  createInterface(child.stdout).on('line', line => {
    const [word, value] = JSON.parse(line) as ['assigned', Holder] | ['started' | 'ended', string];
    if (word === 'assigned') dying.holders.set(basename(value.directory), value);
    if (word === 'started') dying.started.push(basename(value));
  });
  return dying;
}

/** Kills a kernel as a machine that runs out of memory does, and all of its process group. */
export async function kill({child}: Dying): Promise<void> {
  process.kill(-child.pid!, 'SIGINT');
  process.kill(-child.pid!, 'SIGKILL');
  await until('the kernel is gone', () => child.signalCode !== null);
}
