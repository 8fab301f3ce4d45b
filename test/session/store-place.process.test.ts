import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

const program = join(import.meta.dirname, '../../dist/weft.js');

function weft(directory: string, ...words: readonly string[]) {
  const {status, stdout, stderr} = spawnSync(process.execPath, [program, ...words], {
    cwd: directory,
    encoding: 'utf8',
    env: {...process.env, XDG_CACHE_HOME: join(directory, 'cache'), PLACE: join(directory, 'elsewhere')},
  });
  return {status, stdout, stderr};
}

const notebook = (...cells: readonly string[]): string =>
  JSON.stringify({
    cells: cells.map(source => ({cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null})),
    metadata: {kernelspec: {name: 'weft', display_name: 'Weft', language: 'typescript'}},
    nbformat: 4,
    nbformat_minor: 5,
  });

const CELL = '%%bash --as made --out a.txt\necho $RANDOM > a.txt';

test('`%config store` moves the store, and the next kernel, its cells and the commands of `weft` find it there', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  const place = folder.at('far/results');
  let made: string | undefined;
  {
    await using nb = await openTestNotebook({directory, env: {FAR: folder.at('far')}});
    expect(await nb.run('%config store "$FAR/results"')).toMatchObject({error: '', out: '', err: ''});
    expect((await nb.run('%config store')).out).toBe(`${place}\n`);
    expect((await nb.run('%config')).out).toContain(`store ${place}\n`);
    await nb.run(CELL);
    made = await nb.value('(await made).text("a.txt")');
    expect(await nb.value('(await made).path')).toContain(`'${join(place, 'work')}/`);
    // The same line again is no move, however it is spelled.
    expect((await nb.run('%config store ../far/results/')).error).toBe('');
    const refused = await nb.run('%config store other');
    expect(refused.error).toMatch(/W7060.*this kernel has a task already, `made`, so the store stays/);
    expect(refused.error).toContain('restart the kernel');
    expect((await nb.run('%config store')).out).toBe(`${place}\n`);
    await nb.kernel.shutdown();
  }
  expect(existsSync(folder.at('notebook/other'))).toBe(false);
  expect(readdirSync(folder.at('notebook/.weft')).sort()).toEqual(['.gitignore', 'history', 'store']);
  expect(existsSync(join(place, 'stat-cache.jsonl'))).toBe(true);
  {
    // A cell that runs before the line finds the store too.
    await using nb = await openTestNotebook({directory});
    await nb.run(CELL);
    expect(await nb.value('(await made).text("a.txt")')).toBe(made);
    expect((await nb.run('%status')).shown).toContain('cached');
    expect((await nb.run('%config store $PLACE')).error).toContain('PLACE');
    expect((await nb.run('%cache ls')).shown).toContain('made');
    expect((await nb.run('%history')).shown).toContain('made');
    expect((await nb.run('%cleanup')).error).toBe('');
    await nb.kernel.shutdown();
  }
  expect(weft(directory, 'cache', 'ls')).toMatchObject({status: 0, stdout: expect.stringContaining('made') as string});
  expect(weft(directory, 'history').stdout).toContain('made');
  expect(weft(directory, 'cache', 'verify')).toMatchObject({status: 0, stdout: ''});
  expect(weft(directory, 'cache', 'ls', '--store', place).stdout).toContain('made');
  expect(weft(directory, 'cache', 'ls', '--store', '.weft').stdout).not.toContain('made');
  // A copy without the line, and one with the line, are planned and run on it.
  writeFileSync(folder.at('notebook/a.ipynb'), notebook(CELL));
  writeFileSync(folder.at('notebook/b.ipynb'), notebook('%config store ../far/results', CELL));
  for (const name of ['a.ipynb', 'b.ipynb']) {
    expect(weft(directory, 'plan', name).stdout).toContain('1 cached');
    expect(JSON.parse(weft(directory, 'run', name, '--json').stdout)).toMatchObject({tasks: {total: 1, cached: 1}});
  }
  // Back to the notebook's own: nothing is there.
  writeFileSync(folder.at('notebook/c.ipynb'), notebook('%config store .weft', CELL));
  expect(weft(directory, 'plan', 'c.ipynb').stdout).toContain('1 to run');
  expect(readFileSync(folder.at('notebook/.weft/store'), 'utf8')).toBe('../far/results\n');
  expect(JSON.parse(weft(directory, 'run', 'c.ipynb', '--json').stdout)).toMatchObject({tasks: {ran: 1}});
  expect(existsSync(folder.at('notebook/.weft/store'))).toBe(false);
  expect(weft(directory, 'cache', 'ls').stdout.trim().split('\n')).toHaveLength(1);
});

test('a directory that can be no store is refused with the reason, and nothing is lost', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(folder.at('notebook/data'), {recursive: true});
  writeFileSync(folder.at('notebook/data/raw.fits'), 'x');
  writeFileSync(folder.at('notebook/file'), '');
  symlinkSync(folder.at('nowhere/at/all'), folder.at('notebook/dangling'));
  await using nb = await openTestNotebook({directory});
  const refused = async (word: string): Promise<string> => (await nb.run(`%config store ${word}`)).error;
  expect(await refused('file')).toMatch(/W7060.*file is no directory/);
  expect(await refused('file/below')).toMatch(/W7060.*a part of its path is no directory/);
  expect(await refused('data')).toMatch(/W7060.*data has other things in it, such as raw.fits/);
  expect(await refused('.')).toMatch(/W7060.*has other things in it/);
  expect(await refused('/proc/weft')).toMatch(/W7060.*\/proc\/weft could not be written/);
  expect(await refused('/sys')).toMatch(/W7060/);
  expect(await refused('dangling')).toMatch(/W7060.*dangling can't be made: it is a link that leads nowhere/);
  expect(await refused(`/${'x'.repeat(300)}`)).toMatch(/W7060.*the name is too long/);
  expect(await refused('${"a\\0b"}')).toMatch(/W7060.*no path has such characters/);
  expect(await refused('""')).toMatch(/W2036/);
  expect(await refused('a b')).toMatch(/W2036.*one key and one value/);
  expect((await nb.run('%config store')).out).toBe(`${directory}/.weft\n`);
  await nb.run(CELL);
  expect(await nb.value('(await made).path')).toContain(`${join(directory, '.weft', 'work')}/`);
  expect(readdirSync(folder.at('notebook/data'))).toEqual(['raw.fits']);
});

test('two notebooks share a store, and a store inside of a hashed directory is no part of it', async () => {
  using folder = scratch();
  for (const name of ['one', 'two']) mkdirSync(folder.at(`${name}/src`), {recursive: true});
  for (const name of ['one', 'two']) writeFileSync(folder.at(`${name}/src/a.c`), 'int a;');
  const cells = (store: string): readonly string[] => [
    `%config store ${store}`,
    '%%bash --as seen --in src --out b.txt\nls -R src > b.txt',
    '(await seen).text("b.txt")',
  ];
  await using one = await openTestNotebook({directory: folder.at('one')});
  await using two = await openTestNotebook({directory: folder.at('two')});
  const [move = '', task = '', text = ''] = cells('src/results');
  await one.run(move);
  await one.run(task);
  await one.run(text);
  expect((await one.run('%wait')).error).toBe('');
  // Another cell of the same text: what lies in src/results by now is not hashed.
  expect((await one.run('%%bash --in src --out b.txt\nls -R src > b.txt')).shown).toContain('cached');
  expect((await two.run('%config store ../one/src/results')).error).toBe('');
  await two.run(task);
  await two.run(text);
  expect((await two.run('%status')).shown).toContain('cached');
});

test('where the store is gone and cannot be made, tasks fail before they begin, and another place can be named', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(folder.at('notebook/.weft'), {recursive: true});
  writeFileSync(folder.at('notebook/.weft/store'), '/proc/gone\n');
  {
    await using nb = await openTestNotebook({directory});
    expect((await nb.run('1 + 1')).text).toBe('2');
    await nb.run(CELL);
    const failed = await nb.run('await made');
    expect(failed.error).toMatch(/\/proc\/gone could not be written/);
    expect((await nb.run('%log made')).error + failed.error).toContain('%config store DIR');
  }
  {
    await using nb = await openTestNotebook({directory});
    expect((await nb.run('%config store results')).error).toBe('');
    await nb.run(CELL);
    expect(await nb.value('(await made).path')).toContain(`${join(directory, 'results', 'work')}/`);
  }
});
