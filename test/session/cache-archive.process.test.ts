import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

const program = join(import.meta.dirname, '../../dist/weft.js');

function weft(directory: string, ...words: readonly string[]) {
  const env = {...process.env, XDG_CACHE_HOME: join(directory, 'cache')};
  const {status, stdout, stderr} = spawnSync(process.execPath, [program, 'cache', ...words], {
    cwd: directory,
    encoding: 'utf8',
    env,
  });
  return {status, stdout, stderr};
}

const cells = [
  '%%bash --as base\necho base > out.txt\n',
  '%%bash --as top --from base\ncat "$base/out.txt" > copy.txt\n',
  '%%bash --as other --value\necho 7\n',
];

test('a notebook’s results go to another machine in one file, by magics and by commands, and are cached there', async () => {
  using folder = scratch();
  const [here, there, third] = [folder.at('here'), folder.at('there'), folder.at('third')];
  for (const directory of [here, there, third]) mkdirSync(directory);
  {
    await using notebook = await openTestNotebook({directory: here});
    for (const cell of cells) await notebook.run(cell);
    await notebook.run('%wait');
    const exported = await notebook.run('%cache export ../top.tar top');
    expect(exported.error).toBe('');
    expect(exported.out).toContain('2 results written to');
    expect((await notebook.run('%cache export ../top.tar top')).error).toMatch(
      /W7053[^]*there already[^]*~ {2}name a new file/,
    );
    expect((await notebook.run('%cache export')).error).toMatch(/W2037[^]*needs a file/);
    // Without a name: what the notebook reaches.
    expect((await notebook.run('%cache export ../all.tar')).out).toContain('3 results written');
    expect((await notebook.run('%cache pin other')).error).toBe('');
    expect((await notebook.run('%cache export ../pinned.tar --pinned')).out).toContain('1 result written');
    await notebook.kernel.shutdown();
  }
  {
    await using notebook = await openTestNotebook({directory: there});
    expect((await notebook.run('%cache import ../none.tar')).error).toMatch(
      /W7053[^]*no such file[^]*~ {2}name a file/,
    );
    expect((await notebook.run('%cache import ../top.tar --dry-run')).out).toContain('2 results would be imported');
    expect((await notebook.run('%cache import ../top.tar')).out).toContain('2 results imported');
    for (const cell of cells.slice(0, 2)) await notebook.run(cell);
    await notebook.run('%wait');
    for (const name of ['base', 'top']) expect((await notebook.run(`%log ${name}`)).out).toContain('cached');
    expect(await notebook.value('(await top).text("copy.txt")')).toBe("'base\\n'");
    await notebook.kernel.shutdown();
  }
  expect(weft(here, 'export', 'again.tar').stdout).toContain('3 results written');
  expect(weft(here, 'export', 'again.tar')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('there already'),
  });
  expect(weft(here, 'export', 'x.tar', 'abcdef')).toMatchObject({status: 2});
  // A directory that has no store is given one, unless there is nothing to put into it.
  expect(weft(third, 'ls')).toMatchObject({status: 2, stderr: expect.stringContaining('there is no store')});
  expect(weft(third, 'import', 'none.tar')).toMatchObject({status: 2});
  expect(weft(third, 'import', join(here, 'again.tar'), '--dry-run')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('3 results would be imported'),
  });
  expect(existsSync(join(third, '.weft'))).toBe(false);
  expect(weft(third, 'import', join(here, 'again.tar'))).toMatchObject({status: 0, stdout: '3 results imported\n'});
  expect(weft(third, 'import', join(here, 'again.tar')).stdout).toBe('0 results imported, 3 here already\n');
  expect(weft(third, 'verify', 'content').status).toBe(0);
  // Not one that the others were made from, or with: then these would stay.
  const one = /^([0-9a-f]{12})\tother\t/m.exec(weft(third, 'ls').stdout)?.[1] ?? '';
  expect(weft(third, 'pin', one, one).stdout.split('\n')).toHaveLength(2);
  expect(weft(third, 'pin', '')).toMatchObject({status: 2, stderr: expect.stringContaining('begins with nothing')});
  expect(weft(third, 'gc', '--older', '0.001s')).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('nothing was removed: --yes removes it'),
  });
});
