import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test, vi} from 'vitest';
import {childProcess} from '../rig/child-process.js';
import {found, need} from '../rig/component.js';
import {givenEngines, type GivenEngine} from '../rig/engines/given.js';
import {startKernel, type Kernel} from '../rig/kernel.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {root} from '../rig/sources.js';

const {podman, docker, charliecloud, image} = givenEngines();

/** Installs a kernelspec into a home and gives its words, without the connection file. */
async function specIn(home: Scratch, runtime: string, of: string): Promise<readonly string[]> {
  const options = ['--kernel-in', `${runtime}:${of}`, '--name', nameIn(home), '--mount', tmpdir()];
  const {status, stderr} = await childProcess(process.execPath, [join(root, 'install.js'), ...options], {
    cwd: home.path,
    env: {PATH: process.env['PATH'], HOME: home.path},
  });
  expect(status, stderr).toBe(0);
  const file = home.at('.local/share/jupyter/kernels', nameIn(home), 'kernel.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as {argv: readonly string[]}).argv.slice(0, -1);
}

/** The name of the kernelspec, and with it the label of its containers: no other test's. */
const nameIn = (home: Scratch) => home.path.slice(home.path.lastIndexOf('/') + 1).toLowerCase();

/** Kernels of this home that are in a container, whatever their state. */
function containersOf(home: Scratch, {program, env}: GivenEngine): string {
  const args = ['ps', '--all', '--quiet', '--filter', `label=weft.kernel=${nameIn(home)}`];
  return spawnSync(program, args, {env: {...process.env, ...env}, encoding: 'utf8'}).stdout;
}

async function computesAndIsInterrupted({client}: Kernel): Promise<void> {
  const {outputs} = await client.execute('1 + 1');
  expect(outputs.text).toBe('2');
  const endless = client.start('console.log("here"); for (;;);');
  await client.waitFor(({header, content}) => header.msg_type === 'stream' && content['text'] === 'here\n');
  await client.interrupt();
  expect((await endless.done).reply).toMatchObject({status: 'error', ename: 'KernelInterrupt'});
  expect((await client.execute('2 + 2')).outputs.text).toBe('4');
}

/** Starts a task that goes on for ever, and gives its number once it runs. */
async function endlessTask({client}: Kernel, folder: Scratch): Promise<number> {
  expect(spawnSync('mkfifo', [folder.at('pid')]).status).toBe(0);
  const {reply} = await client.execute(`%%bash --as long\necho $$ > ${folder.at('pid')}\nexec sleep 600`);
  expect(reply).toMatchObject({status: 'ok'});
  return Number(await readFile(folder.at('pid'), 'utf8'));
}

for (const component of [podman, docker]) {
  const runtime = component.name;

  test(`A kernel in ${runtime} computes, is interrupted, runs tasks, and leaves nothing when it is shut down`, async context => {
    need(context, component, image);
    using home = scratch();
    const engine = found(component);
    const argv = await specIn(home, runtime, found(image).name);
    mkdirSync(home.at('work'));
    await using kernel = await startKernel({argv, home: home.path, directory: home.at('work'), env: engine.env});
    expect(containersOf(home, engine)).toMatch(/^\w+\n$/);
    await computesAndIsInterrupted(kernel);
    const where = await kernel.client.execute('[process.cwd(), require("fs").existsSync("/opt/lsst/software")].join()');
    expect(where.outputs.text).toContain(`${home.at('work')},true`);
    const pid = await endlessTask(kernel, home);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    expect(await kernel.shutdown()).toEqual({code: 0, signal: null});
    await vi.waitFor(
      () => expect([containersOf(home, engine), existsSync(`/proc/${pid}`)]).toEqual(['', false]),
      20_000,
    );
  });

  test(`A kernel in ${runtime} ends with its server, even if its client was killed`, async context => {
    need(context, component, image);
    using home = scratch();
    const engine = found(component);
    const argv = await specIn(home, runtime, found(image).name);
    const server = spawn('sleep', ['600']);
    try {
      const env = {...engine.env, JPY_PARENT_PID: String(server.pid)};
      await using kernel = await startKernel({argv, home: home.path, env});
      await kernel.kill();
      expect((await kernel.client.execute('1 + 1')).outputs.text).toBe('2');
    } finally {
      server.kill();
      await once(server, 'close');
    }
    await vi.waitFor(() => expect(containersOf(home, engine)).toBe(''), 20_000);
  });

  test(`${runtime} says at once that an image is not there`, async context => {
    need(context, component);
    using home = scratch();
    const argv = await specIn(home, runtime, 'localhost/nothing:1');
    await expect(startKernel({argv, home: home.path, env: found(component).env})).rejects.toThrow(/localhost\/nothing/);
  });
}

test('A kernel in an unpacked image computes, is interrupted and is shut down', async context => {
  need(context, charliecloud, image);
  using home = scratch();
  const own = home.at('image');
  const maker = join(root, 'notebooks/simstack/image.js');
  expect((await childProcess(process.execPath, [maker, '--out', own], {})).status).toBe(0);
  // ch-run makes no places to mount at.
  for (const place of [root, tmpdir()]) mkdirSync(join(own, place), {recursive: true});
  const argv = await specIn(home, 'ch', own);
  await using kernel = await startKernel({argv, home: home.path, env: found(charliecloud).env});
  await computesAndIsInterrupted(kernel);
  expect(await kernel.shutdown()).toEqual({code: 0, signal: null});
});
