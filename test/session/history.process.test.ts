import {spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {need, type Component} from '../rig/component.js';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

const program = join(import.meta.dirname, '../../dist/weft.js');

/** Set where the suite runs without what is optional, to prove that it can. */
const without = process.env['WEFT_WITHOUT_SQLITE'] === '1';

const sqlite: Component<true> = {name: 'better-sqlite3', found: find()};

function find(): Component<true>['found'] {
  try {
    const Sqlite = createRequire(import.meta.url)('better-sqlite3') as new (path: string) => {close(): void};
    new Sqlite(':memory:').close();
    return {ok: true, value: true};
  } catch {
    return {ok: false, why: 'it does not load'};
  }
}

function weft(directory: string, ...words: readonly string[]) {
  const {status, stdout, stderr} = spawnSync(process.execPath, [program, ...words], {
    cwd: directory,
    encoding: 'utf8',
    env: {...process.env, XDG_CACHE_HOME: join(directory, 'cache')},
  });
  return {status, stdout, stderr};
}

const cells = [
  '%%foreach filter in [HSC-R, HSC-I]\n%%bash --as detect --value\necho "looking for quasars" >&2\necho 7',
  '%%bash --as broken\necho no such star >&2\nexit 3\n',
];

async function make(directory: string): Promise<void> {
  await using notebook = await openTestNotebook({directory});
  for (const cell of cells) await notebook.run(cell);
  await notebook.run('%wait');
  await notebook.kernel.shutdown();
}

test('`%history` and `weft history` tell what became of tasks in earlier runs', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  await make(directory);
  await using notebook = await openTestNotebook({directory});
  const {shown, error} = await notebook.run('%history');
  expect(error).toBe('');
  expect(shown).toContain('the last 3 in the history');
  expect(shown).toMatch(/detect filter=HSC-I +ran/);
  expect(shown).toMatch(/broken +failed: exit 3/);
  expect((await notebook.run('%history 1')).shown).toContain('the last 1 in');
  // What this kernel has just done is history at once.
  await notebook.run('%%bash --as late --value\necho 1\n');
  await notebook.run('%wait');
  expect((await notebook.run('%history 1')).shown).toMatch(/late +ran/);
  expect((await notebook.run('%history zero')).error).toMatch(/W2010.*`zero`[^]*%history --search zero/);
  expect((await notebook.run('%history 5 more')).error).toContain('in quotes');
  await notebook.kernel.shutdown();

  const told = weft(directory, 'history', '2');
  expect(told).toMatchObject({status: 0, stderr: ''});
  expect(told.stdout.trim().split('\n')).toHaveLength(2);
  const rows = weft(directory, 'history', '--json')
    .stdout.trim()
    .split('\n')
    .map(line => JSON.parse(line) as {readonly is: string; readonly label: string});
  expect(rows.map(({is}) => is).toSorted()).toEqual(['failed', 'ran', 'ran', 'ran']);
  expect(weft(directory, 'history', '-5').status).toBe(2);
  expect(weft(folder.path, 'history')).toMatchObject({status: 2, stderr: expect.stringContaining('no store')});
});

test('the history is searched by words of code, logs and failures, where better-sqlite3 is', async context => {
  if (!without) need(context, sqlite);
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  await make(directory);
  await using notebook = await openTestNotebook({directory});
  const {shown, error} = await notebook.run('%history --search "quasars hsc-r"');
  if (without) {
    expect(error).toMatch(/W7050.*better-sqlite3/);
    expect(weft(directory, 'history', '--search', 'star')).toMatchObject({status: 1});
    return;
  }
  expect(error).toBe('');
  expect(shown).toContain('the last 1 in the history with quasars hsc-r');
  expect(shown).toContain('detect filter=HSC-R');
  expect((await notebook.run('%history --search nothing')).shown).toContain('no task with nothing');
  expect((await notebook.run('%history --search ""')).shown).toMatch(/^the last \d+ in the history\n/);
  await notebook.run('const wanted = "quasars"');
  expect((await notebook.run('%history --search ${wanted}')).shown).toContain('in the history with quasars');
  expect(weft(directory, 'history', '--search', 'nothing')).toMatchObject({
    status: 0,
    stdout: '',
    stderr: 'no task with nothing in the history\n',
  });
  const found = weft(directory, 'history', '--search', 'no such star');
  expect(found.stdout).toMatch(/^\S.*\tbroken\tfailed: exit 3/);
  expect(found.stdout.trim().split('\n')).toHaveLength(1);
  // Whatever becomes of the index, the answer is the same.
  const [index = ''] = readdirSync(join(directory, 'cache/weft'));
  writeFileSync(join(directory, 'cache/weft', index), 'garbage');
  expect(weft(directory, 'history', '--search', 'no such star')).toEqual(found);
  rmSync(join(directory, 'cache'), {recursive: true});
  expect(weft(directory, 'history', '--search', 'no such star')).toEqual(found);
  await notebook.kernel.shutdown();
});

test('two runs in stores of their own become one by putting their journals into one file', async () => {
  using folder = scratch();
  const [here, there] = [folder.at('here'), folder.at('there')];
  for (const [directory, name] of [
    [here, 'a'],
    [there, 'b'],
  ] as const) {
    mkdirSync(directory);
    await using notebook = await openTestNotebook({directory});
    await notebook.run(`%%bash --as ${name} --value\necho '"${name}"'\n`);
    await notebook.run('%wait');
    await notebook.kernel.shutdown();
  }
  const runs = (directory: string): string => join(directory, '.weft/runs');
  const texts = [here, there].flatMap(directory =>
    readdirSync(runs(directory)).map(name => readFileSync(join(runs(directory), name), 'utf8')),
  );
  const both = folder.at('both');
  cpSync(here, both, {recursive: true});
  for (const name of readdirSync(runs(both))) rmSync(join(runs(both), name));
  writeFileSync(join(runs(both), 'both.jsonl'), texts.join(''));
  await using notebook = await openTestNotebook({directory: both});
  for (const name of ['a', 'b']) {
    await notebook.run(`%%bash --as ${name} --value\necho '"${name}"'\n`);
    await notebook.run('%wait');
    const {out, shown} = await notebook.run(`%why ${name}`);
    expect(out + shown).toContain('cached');
  }
  expect((await notebook.run('%history')).shown).toContain('the last 2 in the history');
  await notebook.kernel.shutdown();
});
