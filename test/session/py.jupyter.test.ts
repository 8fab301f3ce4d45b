import {mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Message} from '../../kernel/wire/message.js';
import {found, need} from '../rig/component.js';
import {pythonWith} from '../rig/jupyter.js';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook, type TestNotebook} from './notebook.js';
import type {KernelOptions} from '../rig/kernel.js';

const ipykernel = pythonWith('ipykernel');
const science = pythonWith('ipykernel', 'matplotlib');

async function open(python = ipykernel, options: KernelOptions = {}): Promise<TestNotebook> {
  const notebook = await openTestNotebook(options);
  await notebook.run(`%config python ${found(python)}`);
  return notebook;
}

const pidOf = async (notebook: TestNotebook): Promise<number> =>
  Number((await notebook.run('%%py\nimport os\nos.getpid()')).text);

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('%%py keeps its names, shows what IPython shows, and counts as the notebook does', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const seen = await notebook.run('%%py\nimport sys\nx = 40\nprint("out"); print("err", file=sys.stderr)\nx + 2');
  expect(seen).toMatchObject({text: '42', out: 'out\n', err: 'err\n', error: ''});
  expect((await notebook.run('%%py\n[x, In[2].split()[-1], Out[2], _]')).text).toBe("[40, '2', 42, 42]");
  const run = await notebook.kernel.client.execute(
    '%%py\nfrom IPython.display import display, HTML, clear_output\nprint("gone")\nclear_output()\nh = display(HTML("<b>a</b>"), display_id="d")\nh.update(HTML("<b>b</b>"))\ndisplay({"text/plain": "p", "image/png": "iVBO"}, raw=True, metadata={"image/png": {"width": 3}})',
  );
  expect(run.reply).toMatchObject({status: 'ok', execution_count: 4});
  expect(run.outputs.displays.map(({data}) => data)).toMatchObject([{'text/html': '<b>b</b>'}, {'image/png': 'iVBO'}]);
  expect(run.messages.map(({header}) => header.msg_type)).toContain('clear_output');
  expect(run.messages.every(message => message.parent['msg_id'] === run.id)).toBe(true);
});

test('a traceback of %%py counts lines from the top of the cell', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const {error} = await notebook.run('%%py --with x=1\ndef f():\n    return 1 / 0\nf()');
  expect(error).toContain('ZeroDivisionError: division by zero');
  expect(error).toContain('Cell In[2], line 4');
  expect(error).toMatch(/-+> 3 +return 1 \/ 0/);
  expect((await notebook.run('%%py\n\n  y = 1\n  y')).text).toBe('1');
  expect((await notebook.run('%%py\n\n%%capture\nprint(1)')).out).toBe('');
});

test('what %%py takes is awaited, and --out brings values back', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  await notebook.run('const o = {b: [1, null], a: "é🎉"};');
  await notebook.run('%%bash --as det\necho 7 > n.txt');
  await notebook.run("%%bash --as five --value\necho '[5]'");
  await notebook.run('%%foreach k in [a/b, c]\n%%bash --as dets\necho $k > k.txt');
  await notebook.run('%%foreach k in [a, c]\n%%bash --as vals --value\necho "\\"$k\\""');
  const given =
    '%%py --from det --from d=dets[c] --from dets --from five --from vals --with o,f=${five} --with p=${det.path}/n.txt --out all_,n';
  const {error} = await notebook.run(
    `${given}\nimport os\nn = len(os.listdir(dets))\nall_ = [(det / "n.txt").read_text(), (d / "k.txt").read_text(), sorted(os.listdir(dets)), five, vals, o, f, open(p).read(), str(weft.out) == os.getcwd()]`,
  );
  expect(error).toBe('');
  expect(await notebook.value('JSON.stringify(all_) + n')).toBe(
    `'["7\\\\n","c\\\\n",["a%2Fb","c"],[5],{"a":"a","c":"c"},{"a":"é🎉","b":[1,null]},[5],"7\\\\n",true]2'`,
  );
  expect(await notebook.run('const twice: number = n * 2; twice')).toMatchObject({text: '4', err: ''});
  expect((await notebook.run('%%foreach i in [1, 2, 3]\n%%py\nprint(i, end=" ")')).out).toBe('1 2 3 ');
  expect((await notebook.run('%%py --out s\ns = {1, 2}')).error).toMatch(
    /`s` can't come back: s is of type set[^]*~ {2}make what you need of it/,
  );
  expect((await notebook.run('%%py --out nope\n1')).error).toMatch(
    /there is no name nope[^]*~ {2}the code of the cell/,
  );
  expect((await notebook.run('%%py --out bash,lambda\n1')).error).toMatch(/W2006[^]*W6001 {2}`lambda`/);
  await notebook.run('%%bash --as bad\nexit 3');
  expect((await notebook.run('%%py --from bad\n1')).error).toMatch(/W6007 {2}.*exit 3[^]*%retry/);
  expect((await notebook.run('%%py --from dett\n1')).error).toContain('did you mean `det`?');
});

test('builtins of Python may be hidden from what %%py runs, and values of a Map come in as a dictionary', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const hidden =
    'str list len isinstance getattr hasattr type dict open print float int tuple sum repr abs id set'.split(' ');
  await notebook.run(`%%py --with ${hidden.map(name => `${name}=x`).join(',')}\n1`);
  await notebook.run(
    'const map = new Map([["x", bash("echo 1", {value: true})], ["y", bash("echo 2", {value: true})]]);',
  );
  expect(await notebook.value('%%py --with map --out m,list\nm = map\nm')).toBe("{'x': 1, 'y': 2}");
  expect(await notebook.value('[m.y, list].join()')).toBe("'2,x'");
  expect((await notebook.run('%%py --out list,nope,s\ns = {1}')).error).toMatch(
    /:1:17 {2}W6006 {2}`nope`[^]*\n {18}~~~~ {2}the code[^]*:1:22 {2}W6006 {2}`s`/,
  );
});

test('an interrupt reaches IPython, whose names stay', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  await notebook.run('%%py\nx = 1');
  for (const wait of ['import time\ntime.sleep(60)', 'while True: pass', 'import asyncio\nawait asyncio.sleep(60)']) {
    const running = notebook.kernel.client.start(`%%py\nx += 1\nprint("go", flush=True)\n${wait}`);
    await notebook.kernel.client.waitFor(
      ({header, parent}: Message) => header.msg_type === 'stream' && parent['msg_id'] === running.id,
    );
    await notebook.kernel.client.interrupt();
    const {reply} = await running.done;
    expect([reply['status'], reply['ename']], wait).toContain('error');
    expect(reply['ename']).toMatch(/KeyboardInterrupt|CancelledError/);
  }
  expect((await notebook.run('%%py\nx')).text).toBe('4');
  const waiting = notebook.kernel.client.start('%%bash --as slow --value\nsleep 600; echo 1');
  await waiting.done;
  const taking = notebook.kernel.client.start('%%py --from slow\nslow');
  await notebook.kernel.client.waitFor(
    ({header, parent}: Message) => header.msg_type === 'execute_input' && parent['msg_id'] === taking.id,
  );
  await notebook.kernel.client.interrupt();
  expect((await taking.done).reply['ename']).toBe('KernelInterrupt');
  await notebook.run('%cancel slow');
  expect((await notebook.run('%%py\nx')).text).toBe('4');
});

test('an IPython that is killed is an error of its cell, and the next cell has a fresh one', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const pid = await pidOf(notebook);
  const {error} = await notebook.run('%%py\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)');
  expect(error).toContain('PythonDied: the Python of `%%py` was ended by SIGKILL: its names are lost');
  expect(isThere(pid)).toBe(false);
  expect((await notebook.run('%%py\nos')).error).toContain("name 'os' is not defined");
  const second = await pidOf(notebook);
  process.kill(second, 'SIGKILL');
  await expect.poll(() => isThere(second)).toBe(false);
  const third = await pidOf(notebook);
  expect([pid, second]).not.toContain(third);
  // `exit` ends it without an error.
  for (const exit of ['exit()', 'exit', 'quit\n']) {
    const before = await pidOf(notebook);
    expect((await notebook.run(`%%py\n${exit}`)).error).toBe('');
    await expect.poll(() => isThere(before)).toBe(false);
    expect(await pidOf(notebook)).not.toBe(before);
  }
});

test('IPython ends with the kernel, also with one that was killed', async context => {
  need(context, ipykernel);
  using folder = scratch();
  mkdirSync(folder.at('tmp'));
  for (const end of ['shutdown', 'kill'] as const) {
    await using notebook = await open(ipykernel, {env: {TMPDIR: folder.at('tmp')}});
    const pid = await pidOf(notebook);
    await notebook.kernel[end]();
    await expect.poll(() => isThere(pid), {timeout: 10_000}).toBe(false);
    expect(readdirSync(folder.at('tmp')).filter(name => name.startsWith('weft-py-'))).toEqual([]);
  }
});

test('what Python asks is asked of the person', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const {client} = notebook.kernel;
  const refused = await client.execute('%%py\ninput("x")');
  expect(refused.reply['ename']).toBe('StdinNotImplementedError');
  const asked: string[] = [];
  client.onInput = (prompt, password) => {
    asked.push(`${prompt}${password ? '*' : ''}`);
    return 'é1';
  };
  const {outputs} = await client.execute('%%py\nimport getpass\ninput("name? ") + getpass.getpass("secret? ")');
  expect(outputs.text).toBe("'é1é1'");
  expect(asked).toEqual(['name? ', 'secret? *']);
});

test('completion and inspection inside %%py are those of IPython', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const {client} = notebook.kernel;
  await notebook.run('%%py\nimport collections\ndef some_function(é):\n    "What it is for."\nsome_function_2 = 1');
  const ask = async (type: string, code: string, at: number): Promise<Message['content']> =>
    (await client.request('shell', `${type}_request`, {code, cursor_pos: at, detail_level: 0})).content;
  const code = '%%py\n"🎉"; collections.Ord';
  const completed = await ask('complete', code, Array.from(code).length);
  expect(completed['matches']).toContain('OrderedDict');
  const start = Number(completed['cursor_start']);
  expect(Array.from(code).slice(start, Number(completed['cursor_end'])).join('')).toMatch(/Ord$/);
  const inspected = await ask('inspect', '%%py\nsome_function(1)', 10);
  expect(inspected['found']).toBe(true);
  expect(JSON.stringify(inspected['data'])).toContain('What it is for.');
  expect((await ask('complete', '%%py --fr', 9))['matches']).toContain('--from');
  expect((await ask('inspect', '%%py\nnothing_of_this_name', 8))['found']).toBe(false);
});

test('bare cells can be Python, and TypeScript again', async context => {
  need(context, ipykernel);
  await using notebook = await open();
  const {client} = notebook.kernel;
  expect((await notebook.run('%config cells ruby')).error).toContain('typescript or py');
  await notebook.run('%config cells py');
  expect((await notebook.run('import math\nx = 1\nmath.floor(2.5)')).text).toBe('2');
  expect((await notebook.run('\n1/0')).error).toMatch(/Cell In\[\d+\], line [12]/);
  expect((await notebook.run('def f():\n    1/0\nf()')).error).toContain(', line 3');
  expect((await notebook.run('%timeit -n1 -r1 1')).out).toContain('loop');
  expect((await notebook.run('%%time\nx')).out).toContain('Wall time');
  const {reply} = await client.execute('x?');
  expect(JSON.stringify(reply['payload'])).toContain('int');
  const ask = async (code: string): Promise<unknown> =>
    (await client.request('shell', 'is_complete_request', {code})).content['status'];
  expect([await ask('for i in x:'), await ask('x'), await ask('x = )')]).toEqual(['incomplete', 'complete', 'invalid']);
  expect(
    (await client.request('shell', 'complete_request', {code: 'math.flo', cursor_pos: 8})).content['matches'],
  ).toContain('floor');
  expect((await notebook.run('%%bash --as v --value\necho 3')).error).toBe('');
  expect((await notebook.run('%wait v')).error).toBe('');
  await notebook.run('%config cells typescript');
  expect(await notebook.value('await v + 1')).toBe('4');
});

test('figures of matplotlib are shown in line', async context => {
  need(context, science);
  await using notebook = await open(science);
  const {outputs} = await notebook.kernel.client.execute('%%py\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);', {
    timeout: 90_000,
  });
  expect(outputs.displays.map(({data}) => (data['image/png'] as string).slice(0, 5))).toEqual(['iVBOR']);
});

test('without ipykernel the error has the command that helps, without Python it says so', async context => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const bare = folder.at('python');
  writeFileSync(bare, '#!/bin/sh\necho "$0: No module named ipykernel_launcher" >&2\nexit 1\n', {mode: 0o755});
  await notebook.run(`%config python ${bare}`);
  expect((await notebook.run('%%py\n1')).error).toContain(`W6005  \`${bare}\` has no ipykernel`);
  expect((await notebook.run('%%py\n1')).error).toContain(`run \`${bare} -m pip install ipykernel\``);
  await notebook.run('%config python /nowhere/python');
  expect((await notebook.run('%%py\n1')).error).toContain('W6004  there is no `/nowhere/python`');
  need(context, ipykernel);
  await notebook.run(`%config python ${found(ipykernel)}`);
  expect((await notebook.run('%%py\n1')).text).toBe('1');
});

test('a program that is set anew is taken at once, and nothing is left behind', async context => {
  need(context, ipykernel);
  using folder = scratch();
  mkdirSync(folder.at('tmp'));
  {
    await using notebook = await open(ipykernel, {env: {TMPDIR: folder.at('tmp')}});
    const first = await pidOf(notebook);
    expect(readdirSync(folder.at('tmp')).filter(name => name.startsWith('weft-py-'))).toHaveLength(1);
    const other = join(folder.path, 'other');
    writeFileSync(other, `#!/bin/sh\nexec ${found(ipykernel)} "$@"\n`, {mode: 0o755});
    await notebook.run(`%config python ${other}`);
    expect(await pidOf(notebook)).not.toBe(first);
    expect(isThere(first)).toBe(false);
    await notebook.run('%env ADDED=1');
    expect((await notebook.run('%%py\n1')).err).toContain('runs in the environment in which it was started');
    expect((await notebook.run('%%py\n1')).err).toBe('');
    await notebook.kernel.shutdown();
  }
  expect(readdirSync(folder.at('tmp')).filter(name => name.startsWith('weft-py-'))).toEqual([]);
});
