import {execFile} from 'node:child_process';
import {existsSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {expect, test} from 'vitest';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import type {Kernel} from '../rig/kernel.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

/** What a cell showed first, before any update. */
async function firstShown(kernel: Kernel, code: string): Promise<string> {
  const {messages} = await kernel.client.execute(code, {timeout: 60_000});
  const first = messages.find(({header}) => header.msg_type === 'display_data');
  return (first?.content['data'] as JsonObject | undefined)?.['text/plain'] as string;
}

const cell = (list: string, name: string, line = ''): string =>
  `%%foreach i in ${list}\n%%bash --as ${name} ${line}\nsleep 1.1\necho "$i" > f`;

test('a cell says before anything starts what is cached, what another kernel runs, and how long the rest will take', async () => {
  using folder = scratch();
  await using one = await openTestNotebook({directory: folder.path, env: {WEFT_SLOTS: '4'}});
  expect((await firstShown(one.kernel, cell('1..4', 'a'))).split('\n')[0]).toBe('a — 4 tasks: 4 to run');
  await one.run('%wait a');
  expect((await firstShown(one.kernel, cell('1..6', 'a'))).split('\n')[0]).toMatch(
    /^a — 6 tasks: 4 cached, 2 to run, about 10 s · saved 4\.\d s$/,
  );
  await using two = await openTestNotebook({directory: folder.path, env: {WEFT_SLOTS: '4'}});
  const long = '%%foreach i in 1..2\n%%bash --as b\nuntil [ -e ../../../../go ]; do sleep 0.1; done; echo "$i" > f';
  await one.run(long);
  await one.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('2 running'));
  expect((await firstShown(two.kernel, long.replace('1..2', '1..3'))).split('\n')[0]).toBe(
    'b — 3 tasks: 2 running elsewhere, 1 to run',
  );
  writeFileSync(folder.at('go'), '');
  await Promise.all([one.run('%wait'), two.run('%wait')]);
});

/** Runs `weft`; its exit code, and what it printed. */
function weft(folder: Scratch, ...args: readonly string[]): Promise<{code: number; out: string; err: string}> {
  const program = resolve(import.meta.dirname, '../../dist/weft.js');
  const options = {cwd: folder.path, env: {...process.env, HOME: folder.path, WEFT_SLOTS: '4'}};
  return new Promise(done =>
    execFile(process.execPath, [program, ...args], options, (error, out, err) =>
      done({code: error === null ? 0 : Number(error.code), out, err}),
    ),
  );
}

function write(folder: Scratch, cells: readonly string[]): void {
  const made = cells.map((source, at) => ({
    cell_type: 'code',
    id: `c${at}`,
    metadata: {},
    outputs: [],
    execution_count: null,
    source,
  }));
  writeFileSync(folder.at('nb.ipynb'), JSON.stringify({nbformat: 4, nbformat_minor: 5, metadata: {}, cells: made}));
}

const files = (directory: string): readonly string[] =>
  readdirSync(directory, {recursive: true, encoding: 'utf8'})
    .filter(name => !/stat-cache/.test(name))
    .sort()
    .map(name => `${name} ${statSync(join(directory, name)).mtimeMs}`);

test('`weft plan` says what `weft run` would do, and changes nothing', async () => {
  using folder = scratch();
  const cells = [
    '%%foreach i in 1..3\n%%bash --as ups --out f\necho $i > f',
    "%%bash --as list --value\necho '[1,2]'",
    '%%foreach p in list\n%%bash --as each --value --from ups\necho $p',
    'const n = (await list).length;',
    '%%bash --as count --value --with n\necho $n',
    '%%bash --as x --from ups[1] --out g\ncp $ups/f g',
    '%%join x --as joined',
  ];
  write(folder, cells);
  const first = await weft(folder, 'plan', 'nb.ipynb');
  expect(first).toMatchObject({code: 0, err: ''});
  expect(first.out).toBe(
    [
      'cell [1] ups: 3 tasks: 3 to run',
      'cell [2] list: 1 task: 1 to run',
      'cell [3] each: 1 task: 1 unknown until `list` has run',
      'cell [4] unknown: list is blocked: it has not run, and this is only a plan',
      'cell [5] unknown: `n` is not defined',
      'cell [6] x: 1 task: 1 to run',
      'cell [7] joined: 1 task: 1 to run',
      'nb.ipynb: 6 tasks: 5 to run, 1 unknown until `list` has run · joins: 1 task: 1 to run',
      '',
    ].join('\n'),
  );
  expect(existsSync(folder.at('.weft', 'runs')) ? readdirSync(folder.at('.weft', 'runs')) : []).toEqual([]);
  expect((await weft(folder, 'run', 'nb.ipynb')).code).toBe(0);
  // One result lost, one cell edited, one added.
  const [lost] = readdirSync(folder.at('.weft', 'work'), {recursive: true, encoding: 'utf8'}).filter(name =>
    /\/bash-\w+\/g$/.test(name),
  );
  rmSync(folder.at('.weft', 'work', lost ?? ''));
  write(folder, [
    ...cells.slice(0, 4),
    cells[4]?.replace('echo $n', 'echo "[$n]"') ?? '',
    ...cells.slice(5),
    '!touch here',
  ]);
  const before = files(folder.at('.weft'));
  const {code, out} = await weft(folder, 'plan', 'nb.ipynb', '--json');
  expect(files(folder.at('.weft'))).toEqual(before);
  expect(code).toBe(0);
  const plan = JSON.parse(out) as JsonObject;
  expect(plan).toMatchObject({
    ok: true,
    tasks: {total: 8, cached: 6, attached: 0, run: 2, unknown: 0, failed: 0, blocked: 0},
    joins: {total: 1, cached: 1, run: 0},
  });
  expect(plan['estimate_s']).toBeGreaterThan(0);
  const {out: ran} = await weft(folder, 'run', 'nb.ipynb', '--json');
  expect(JSON.parse(ran)).toMatchObject({tasks: {total: 8, cached: 6, ran: 2}});
  write(folder, ['%%bash --nope\ntrue', '%%bash\ntrue']);
  const wrong = await weft(folder, 'plan', 'nb.ipynb');
  expect(wrong).toMatchObject({code: 1, out: expect.stringContaining('cell [1] failed: ') as string});
  expect(await weft(folder, 'plan', 'none.ipynb')).toMatchObject({code: 2, out: ''});
});

test('`weft plan` keeps nothing of a set-up either', async () => {
  using folder = scratch();
  write(folder, ['%setup export A=1', '%%bash --as a\necho $A > f']);
  expect((await weft(folder, 'plan', 'nb.ipynb')).out).toContain('1 to run');
  expect(existsSync(folder.at('.weft', 'setups'))).toBe(false);
});

test('`weft plan` takes what is forced for what runs, and what reads it for unknown', async () => {
  using folder = scratch();
  const cells = ['%%bash --as a --out f\ndate +%N > f', '%%bash --as b --from a --value\nwc -c < $a/f'];
  write(folder, cells);
  await weft(folder, 'run', 'nb.ipynb');
  write(folder, [cells[0]?.replace('--as a', '--as a --force') ?? '', cells[1] ?? '', '%cleanup --all --yes']);
  const {out} = await weft(folder, 'plan', 'nb.ipynb');
  expect(out).toContain('cell [1] a: 1 task: 1 to run');
  expect(out).toContain('cell [2] b: 1 task: 1 unknown');
});

test('`%plan` tells of all futures of a notebook, and looks again whether what is done is still there', async () => {
  await using notebook = await openTestNotebook({env: {WEFT_SLOTS: '1'}});
  await notebook.run('%%foreach i in 1..3\n%%bash --as ups --out f\necho $i > f');
  await notebook.run('%wait');
  await notebook.run('%%bash --as slow\nuntil [ -e ../../../../go ]; do sleep 0.1; done');
  await notebook.run('%%foreach i in 4..6\n%%bash --as ups --out f\necho $i > f');
  await notebook.run("%%bash --as list --value --from slow\necho '[1,2]'");
  await notebook.run('%%foreach p in list\n%%bash --as each\ntrue');
  const {shown, error} = await notebook.run('%plan');
  expect(error).toBe('');
  expect(shown).toMatch(/^plan — 6 tasks: 1 running, 4 to run, 1 unknown until `list` has run\n/);
  expect(shown).toMatch(/\nups +3 tasks: 3 to run, about 10 s\n/);
  expect(shown).toMatch(/\neach +1 task: 1 unknown until `list` has run/);
  writeFileSync(join(notebook.kernel.directory, 'go'), '');
  await notebook.run('%wait');
  expect((await notebook.run('%plan')).shown).toMatch(/^plan — 7 tasks: 7 done\n/);
  const work = join(notebook.kernel.directory, '.weft', 'work');
  const lost = readdirSync(work, {recursive: true, encoding: 'utf8'}).filter(name => name.endsWith('/f'));
  expect(lost).toHaveLength(6);
  for (const name of lost) rmSync(join(work, name));
  const again = (await notebook.run('%plan ups')).shown;
  expect(again).toMatch(/^plan — 3 tasks: 3 to run, about 10 s\n/);
  expect(again).toContain('to run again: f is missing');
});

test('`%plan` counts a loop over a list that failed, and what reads it, as blocked', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as list --value\nexit 3');
  await notebook.run('%%foreach p in list\n%%bash --as each --value\necho $p');
  await notebook.run('%%bash --as all_ --value --from each\necho 1');
  await notebook.run('%wait');
  const {shown} = await notebook.run('%plan');
  expect(shown).toMatch(/^plan — 3 tasks: 1 failed, 2 blocked\n/);
  expect(shown).toMatch(/\neach +1 task: 1 blocked\n/);
});
