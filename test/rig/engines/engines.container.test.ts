import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {childProcess} from '../child-process.js';
import {found, need} from '../component.js';
import {scratch} from '../scratch.js';
import {root} from '../sources.js';
import {startDocker} from './docker.js';
import {givenEngines} from './given.js';
import {clear, mountsIn, processesIn} from './leftovers.js';
import {startPodman} from './podman.js';

const {podman, docker, charliecloud, image} = givenEngines();
const maker = join(root, 'notebooks/simstack/image.js');

/** Ends only by SIGKILL. */
const deaf = ['bash', '-c', 'trap "" TERM INT HUP; echo deaf; while :; do sleep 0.2; done'];

for (const [component, start, killed] of [
  [podman, startPodman, undefined],
  [podman, startPodman, 'conmon'],
  [docker, startDocker, undefined],
  [docker, startDocker, 'dockerd'],
] as const) {
  const after = killed === undefined ? '' : ` after its ${killed} was killed`;
  test(`When ${component.name} is stopped${after}, nothing of its containers is left`, async context => {
    need(context, component);
    using folder = scratch();
    const engine = await start(folder.at('engine'));
    const options = {env: {...process.env, ...engine.env}};
    try {
      const made = await childProcess(
        process.execPath,
        [maker, '--load', engine.program, '--name', 'localhost/deaf:1'],
        options,
      );
      expect(made.status, made.stderr).toBe(0);
      const started = await childProcess(
        engine.program,
        ['run', '-d', '--network=none', 'localhost/deaf:1', ...deaf],
        options,
      );
      expect(started.status, started.stderr).toBe(0);
      expect(processesIn(folder.path).length).toBeGreaterThanOrEqual(2);
      expect(mountsIn(folder.path)).not.toEqual([]);
      for (const pid of processesIn(folder.path))
        if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === killed) process.kill(pid, 'SIGKILL');
    } finally {
      await engine.stop();
    }
    expect(processesIn(folder.path)).toEqual([]);
    expect(mountsIn(folder.path)).toEqual([]);
    rmSync(folder.at('engine'), {recursive: true});
    expect(readdirSync(folder.path)).toEqual([]);
  });
}

test('A process whose root is an unpacked image is seen to be in it, and can be ended', async context => {
  need(context, charliecloud, image);
  using folder = scratch();
  const own = folder.at('image');
  expect((await childProcess(process.execPath, [maker, '--out', own], {})).status).toBe(0);
  const {program, env} = found(charliecloud);
  const child = spawn(program, [own, '--', ...deaf], {
    env: {...process.env, ...env},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  expect(processesIn(own)).toContain(child.pid);
  expect(processesIn(found(image).directory)).not.toContain(child.pid);
  await clear(own);
  expect(await ended).toEqual([null, 'SIGKILL']);
});
