import {writeFileSync} from 'node:fs';
import {delimiter, dirname, join} from 'node:path';
import {afterAll, beforeAll, beforeEach, expect, test} from 'vitest';
import {runProgram} from '../../kernel/run/containers/run-program.js';
import type {LeftContainer, Machine} from '../../kernel/run/containers/runtime.js';
import {runtimes} from '../../kernel/run/containers/runtimes.js';
import type {Message} from '../../kernel/wire/message.js';
import {found, missing, need} from '../rig/component.js';
import {givenEngines} from '../rig/engines/given.js';
import {pythonImage} from '../rig/engines/python-image.js';
import {pythonWith} from '../rig/jupyter.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {openTestNotebook, type TestNotebook} from '../session/notebook.js';

const {podman, image} = givenEngines();
const science = pythonWith('ipykernel', 'numpy', 'matplotlib');

let home: Scratch;
let python = '';

beforeAll(async () => {
  home = scratch('/var/tmp');
  if (missing([podman, image, science]) !== undefined) return;
  python = await pythonImage(found(podman), found(image).name, found(science), home.at('image'));
});
afterAll(() => home[Symbol.dispose]());
beforeEach(context => need(context, podman, image, science));

const environment = (): Record<string, string> => {
  const {program, env} = found(podman);
  return {...env, PATH: [dirname(program), process.env['PATH'] ?? ''].join(delimiter)};
};

async function open(name = python): Promise<TestNotebook> {
  const notebook = await openTestNotebook({env: environment()});
  await notebook.value(`%container podman:${name}`);
  return notebook;
}

async function containersOf({kernel}: TestNotebook): Promise<readonly LeftContainer[]> {
  const {left} = runtimes.find(({name}) => name === 'podman')!;
  const machine: Machine = {environment: environment(), uid: 0, gid: 0, architecture: 'amd64'};
  const listed = await runProgram(left!.command(`weft.store=${join(kernel.directory, '.weft')}`, machine));
  return left!.read(listed.stdout);
}

test('%%py runs in the container, sees what it may, writes beside the notebook and in no result', async () => {
  await using notebook = await open();
  expect(await notebook.value('%%py\nimport os, sys\nx = 1\nsys.prefix')).toBe("'/opt/python'");
  expect(await containersOf(notebook)).toHaveLength(1);
  await notebook.value('%%bash --as det\necho 7 > n.txt');
  await notebook.value('%%foreach k in [a, b]\n%%bash --as dets\necho $k > k.txt');
  expect(
    await notebook.value(
      '%%py --from det --from dets --with five=${2 + 3} --out said\nopen("beside.txt", "w").write("1")\nsaid = [(det / "n.txt").read_text(), (dets / "b" / "k.txt").read_text(), five, os.getcwd(), str(weft.out)]\nsaid[:3]',
    ),
  ).toBe("['7\\n', 'b\\n', 5]");
  expect(await notebook.value('said.slice(3).every(path => path === process.cwd())')).toBe('true');
  expect((await notebook.run('%%py\nopen(det / "n.txt", "w")')).error).toMatch(/Read-only file system/);
  const {outputs} = await notebook.kernel.client.execute('%%py\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);');
  expect(outputs.displays.map(({data}) => (data['image/png'] as string).slice(0, 5))).toEqual(['iVBOR']);
  expect(outputs.streams.stderr).toBe('');
});

test('an interrupt reaches an IPython in a container and what it started; its names stay', async () => {
  await using notebook = await open();
  const {client} = notebook.kernel;
  await notebook.value('%%py\nx = 1');
  for (const wait of [
    'import time\ntime.sleep(60)',
    'while True: pass',
    '!sleep 60',
    'import asyncio\nawait asyncio.sleep(60)',
  ]) {
    const running = client.start(`%%py\nx += 1\nprint("go", flush=True)\n${wait}`);
    await client.waitFor(
      ({header, parent}: Message) => header.msg_type === 'stream' && parent['msg_id'] === running.id,
    );
    const began = performance.now();
    await client.interrupt();
    await running.done;
    expect(performance.now() - began, wait).toBeLessThan(10_000);
  }
  expect(await notebook.value('%%py\nx')).toBe('5');
});

test('an IPython that dies in its container is an error of the cell, and the next cell has a fresh one', async () => {
  await using notebook = await open();
  const {error} = await notebook.run('%%py\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)');
  expect(error).toContain('PythonDied: the Python of `%%py` was ended by SIGKILL: its names are lost');
  expect((await notebook.run('%%py\nos')).error).toContain("name 'os' is not defined");
  const [only, ...others] = await containersOf(notebook);
  expect(others).toEqual([]);
  const {program, env} = found(podman);
  const rm = {
    file: program,
    args: ['rm', '-f', '-t', '0', only!.name],
    environment: {...process.env, ...env} as Record<string, string>,
  };
  const dying = notebook.kernel.client.start('%%py\nprint("go", flush=True)\nimport time\ntime.sleep(60)');
  await notebook.kernel.client.waitFor(
    ({header, parent}: Message) => header.msg_type === 'stream' && parent['msg_id'] === dying.id,
  );
  await runProgram(rm);
  expect((await dying.done).reply['ename']).toBe('PythonDied');
  expect(await notebook.value('%%py\n1 + 1')).toBe('2');
  await notebook.value('%%py\nexit');
  await expect.poll(() => containersOf(notebook), {timeout: 10_000}).toEqual([]);
});

test.each(['shutdown', 'kill'] as const)('after a %s of the kernel no container is left', async end => {
  await using notebook = await open();
  await notebook.value('%%py\n1');
  expect(await containersOf(notebook)).toHaveLength(1);
  await notebook.kernel[end]();
  await expect.poll(() => containersOf(notebook), {timeout: 15_000}).toEqual([]);
});

test('where the notebook has another container by now, a line says where this Python runs, and how one starts there', async () => {
  await using notebook = await open();
  expect(await notebook.value('%%py\nx = 1\nx')).toBe('1');
  await notebook.value('%container none');
  const seen = await notebook.run('%%py\nx');
  expect(seen).toMatchObject({text: '1', error: ''});
  expect(seen.err).toBe(
    `weft: this Python runs in podman:${python}, where it was started; \`exit\` ends it, and the next \`%%py\` starts one on this machine\n`,
  );
  expect((await notebook.run('%%py\nx')).err).toBe('');
  await notebook.value(`%config python ${found(science)}`);
  expect((await notebook.run('%%py\nx')).error).toContain("name 'x' is not defined");
  expect(await containersOf(notebook)).toEqual([]);
  await notebook.value(`%container podman:${python}`);
  expect((await notebook.run('%%py\nimport sys; sys.prefix')).err).toContain(
    `runs on this machine, where it was started; \`exit\` ends it, and the next \`%%py\` starts one in podman:${python}`,
  );
});

test('an image without ipykernel, and one without Python, are errors with what helps', async () => {
  await using notebook = await open(found(image).name);
  expect((await notebook.run('%%py\n1')).error).toContain(
    `W6004  there is no \`python3\` in podman:${found(image).name}`,
  );
  await using other = await open();
  await other.value('%env PYTHONPATH=/nowhere');
  const {error} = await other.run('%%py\n1');
  expect(error).toContain(`W6005  \`python3\` in podman:${python} has no ipykernel, which \`%%py\` needs`);
  expect(error).toContain(
    `printf 'FROM ${python}\\nRUN python3 -m pip install ipykernel\\n' | podman build -t localhost/weft-python-ipykernel -`,
  );
  expect(await containersOf(other)).toEqual([]);
});

test('%%python in the container has values, paths, numpy, and keeps its figures', async () => {
  await using notebook = await open();
  const {directory} = notebook.kernel;
  writeFileSync(join(directory, 'in.txt'), '5');
  await notebook.value('%%bash --as det\necho 7 > n.txt');
  await notebook.value(
    '%%python --as v --value --in in.txt --from det --with a=${[1, {b: null}]} --out figure-*.png\nimport numpy as np, pathlib, sys\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n[type(det).__name__, (det / "n.txt").read_text(), open("in.txt").read(), a, np.arange(3), np.float32(0.5), sys.prefix]',
  );
  expect(await notebook.value('JSON.stringify(await v)')).toBe(
    `'["PosixPath","7\\\\n","5",[1,{"b":null}],[0,1,2],0.5,"/opt/python"]'`,
  );
  expect(await notebook.value('(await v.files).files')).toBe("[ 'figure-1.png' ]");
});
