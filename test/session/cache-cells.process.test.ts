import {spawnSync} from 'node:child_process';
import {chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

const program = join(import.meta.dirname, '../../dist/weft.js');

function weft(directory: string, ...words: readonly string[]) {
  const {status, stdout, stderr} = spawnSync(process.execPath, [program, 'cache', ...words], {
    cwd: directory,
    encoding: 'utf8',
    env: {...process.env, XDG_CACHE_HOME: join(directory, 'cache')},
  });
  return {status, stdout, stderr};
}

test('`%cleanup` lists what an edited cell has left, takes it with `--yes`, and what is named or pinned stays', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  await using notebook = await openTestNotebook({directory});
  const results = (): readonly string[] =>
    readdirSync(join(directory, '.weft/work'), {recursive: true, encoding: 'utf8'}).filter(path =>
      path.endsWith('out.txt'),
    );
  const make = async (text: string, name = 'a'): Promise<void> => {
    await notebook.run(`%%bash --as ${name}\necho ${text} > out.txt\n`);
    await notebook.run('%wait');
  };
  await make('other', 'b');
  await make('one');
  await make('two');
  await notebook.run('%cache pin a');
  await make('three');
  expect(results()).toHaveLength(4);
  const listed = await notebook.run('%cleanup');
  expect(listed.error).toBe('');
  expect(listed.out).toMatch(/^1 result, 4 B; 0 leftovers/);
  expect(listed.out).toContain('`--yes` removes it');
  expect(results()).toHaveLength(4);
  expect((await notebook.run('%cleanup --yes')).out).toContain('removed 1 result and 0 leftovers\n');
  expect(results()).toHaveLength(3);
  // What was removed runs again, what was not is cached.
  expect((await notebook.run('%%bash --as c\necho two > out.txt\n')).error).toBe('');
  await notebook.run('%wait');
  expect((await notebook.run('%why c')).shown + (await notebook.run('%why c')).out).toContain('cached');
  expect((await notebook.run('%cleanup')).out).toMatch(/^0 results/);
  expect((await notebook.run('%cache ls')).shown).toMatch(/pinned/);
  expect((await notebook.run('%cache verify')).out).toContain('all results are as they were recorded');
  expect((await notebook.run('%cache unpin a b c')).out).toContain('unpinned');
  const wrong = await notebook.run('%cache drop');
  expect(wrong.error).toContain('W7040');
  expect((await notebook.run('%cache pin')).error).toContain('W2037');
});

test('`%cache pin` and `unpin` say what they have done to what, and what there was nothing to do for', async () => {
  await using notebook = await openTestNotebook();
  expect((await notebook.run('%cache unpin *')).out).toBe('there is nothing to unpin: there is no task yet\n');
  expect((await notebook.run('%cache unpin')).error).toMatch(/`%cache unpin` needs a name[^]*`%cache unpin NAME`/);
  await notebook.run('%%foreach x in [1, 2]\n%%bash --as s\necho $x');
  await notebook.run('%%bash --as f\nexit 1');
  await notebook.run('%%bash --as v --value --from f\necho 1');
  await notebook.run('%wait');
  expect((await notebook.run('%cache pin s[1] s')).out).toBe('pinned s[1], s (2 results)\n');
  expect((await notebook.run('%cache unpin *')).out).toBe('unpinned s (2 results)\nf, v were not pinned\n');
  expect((await notebook.run('%cache unpin s[2]')).out).toBe('s[2] was not pinned\n');
  expect((await notebook.run('%cache pin f')).out).toBe('pinned f\nnot there yet, and kept once made: f\n');
});

test('`%cache gc --older 0s` takes what is older than now, and a clean-up says `1 result` and `1 leftover`', async () => {
  using folder = scratch();
  {
    await using notebook = await openTestNotebook({directory: folder.path});
    await notebook.run('%%bash --as a\necho 1 > o');
    await notebook.run('%wait');
    expect((await notebook.run('%cache gc --older 1')).error).toContain('write `1s`, `1m` or `1h`');
    expect((await notebook.run('%%bash --time 0s\ntrue')).error).toMatch(/:1:8 {2}W2008 {2}`0s` is no time at all/);
    await notebook.kernel.shutdown();
  }
  expect(weft(folder.path, 'verify').stderr).toContain('all results are as they were recorded');
  expect(weft(folder.path, 'gc', '--older', '0').stdout).toMatch(/^1 result, 2 B; 0 leftovers of attempts\n/);
  expect(weft(folder.path, 'gc', '--older', '0s', '--yes').stdout).toContain('\nremoved 1 result and 0 leftovers\n');
});

test('a loop whose list is not known yet is told from one that has no tasks', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  await notebook.run(`%%bash --as list --value\nuntil [ -e ${folder.at('go')} ]; do sleep 0.02; done\necho '[1]'`);
  await notebook.run('%%foreach x in list\n%%bash --as late\ntrue');
  expect((await notebook.run('%why late')).out).toBe(
    'late: it is not known yet what it is, as it waits for the list `list`\n',
  );
  expect((await notebook.run('%cache pin late')).error).toMatch(
    /:1:12 {2}W7040 {2}it is not known yet what `late` is[^]*`%wait late`/,
  );
  await notebook.run('%cancel --all');
});

test('a store that is none, that may not be written, or has nothing of what is asked, is said to be so', async () => {
  using folder = scratch();
  chmodSync(folder.path, 0o755);
  const [directory, other] = [folder.at('notebook'), folder.at('other')];
  for (const path of [directory, other]) mkdirSync(path);
  writeFileSync(join(other, '.weft'), '');
  for (const command of ['ls', 'verify', 'gc'])
    expect(weft(other, command)).toMatchObject({status: 2, stdout: '', stderr: expect.stringMatching(/is a file/)});
  {
    await using notebook = await openTestNotebook({directory});
    await notebook.run('%%foreach x in [1, 2]\n%%bash --as a\necho $x > o');
    await notebook.run('%wait');
    await notebook.kernel.shutdown();
  }
  expect(weft(directory, 'gc', '--older', '0s').stderr).toBe('nothing was removed: --yes removes it\n');
  if (process.getuid?.() !== 0) return;
  const uid = 65_534;
  const home = folder.at('home');
  mkdirSync(home);
  chownSync(home, uid, uid);
  const asOther = (...words: readonly string[]) =>
    spawnSync(process.execPath, [program, 'cache', ...words], {
      cwd: directory,
      encoding: 'utf8',
      uid,
      env: {...process.env, HOME: home, XDG_CACHE_HOME: home},
    });
  const kept = asOther('gc', '--older', '0s', '--yes');
  expect(kept.stdout).toMatch(
    /\nremoved 0 results and 0 leftovers\n2 are still there: they came into use meanwhile, or/,
  );
  expect(kept.status).toBe(1);
  expect(asOther('export', join(home, 'a.tar')).stdout).toMatch(/^2 results written/);
  expect(readdirSync(home).filter(name => name.includes('a.tar'))).toEqual(['a.tar']);
});

test('after a restart `%cleanup --yes` takes nothing of cells that have not run yet', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  {
    await using notebook = await openTestNotebook({directory});
    for (const name of ['a', 'b']) await notebook.run(`%%bash --as ${name}\necho ${name} > out.txt\n`);
    await notebook.run('%wait');
    await notebook.kernel.shutdown();
  }
  await using notebook = await openTestNotebook({directory});
  await notebook.run('%%bash --as a\necho a > out.txt\n');
  const {out} = await notebook.run('%cleanup --yes');
  expect(out).toMatch(/^0 results/);
  expect(out).toContain('--all takes them too');
  expect((await notebook.run('%cleanup --all --yes')).out).toContain('removed 1 result ');
  await notebook.kernel.shutdown();
});

test('`%cleanup` takes nothing of another cell of the same task or name, which has not run yet', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  {
    await using notebook = await openTestNotebook({directory});
    for (const text of ['one', 'two']) await notebook.run(`%%bash --as a\necho ${text} > out.txt\n`);
    await notebook.run('%wait');
    await notebook.kernel.shutdown();
  }
  await using notebook = await openTestNotebook({directory});
  await notebook.run('%%bash --as a\necho one > out.txt\n');
  expect((await notebook.run('%cleanup')).out).toMatch(/^0 results/);
  await notebook.run('%%bash --as a\necho two > out.txt\n');
  expect((await notebook.run('%cleanup')).out).toMatch(/^1 result,/);
  await notebook.kernel.shutdown();
});

test('`%cleanup` takes nothing that the code of the notebook holds', async () => {
  await using notebook = await openTestNotebook();
  const make = async (text: string): Promise<void> => {
    await notebook.run(`%%bash --as a\necho ${text} > out.txt\n`);
    await notebook.run(`%%foreach x in [1, 2]\n%%bash --as s\necho ${text} > $x.txt\n`);
    await notebook.run('%wait');
  };
  await make('one');
  await notebook.run('let keep: unknown = a; const s1 = s[1];');
  await make('two');
  await notebook.run('const deep = {list: [new Map([[1, await a]])]};');
  await make('three');
  await notebook.run('const path = (await a).path + "/out.txt";');
  await make('four');
  // The second members of `s` of three rounds, and the first of two.
  expect((await notebook.run('%cleanup --yes')).out).toContain('removed 5 results ');
  expect(await notebook.value('[(await keep).text(), (await s1).text(), deep.list[0].get(1).text()]')).toBe(
    "[ 'one\\n', 'one\\n', 'two\\n' ]",
  );
  expect((await notebook.run('!cat ${path}')).out).toBe('three\n');
  await notebook.run('keep = 0;');
  expect((await notebook.run('%cleanup --yes')).out).toContain('removed 1 result ');
});

test('`weft cache` lists, verifies, pins and removes without a kernel, and a notebook that was copied stays cached', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  const cells = ['%%bash --as a\necho result > out.txt\n', '%%bash --as b --from a\ncat "$a/out.txt" > copy.txt\n'];
  {
    await using notebook = await openTestNotebook({directory});
    for (const cell of cells) await notebook.run(cell);
    await notebook.run('%wait');
    await notebook.kernel.shutdown();
  }
  const listed = weft(directory, 'ls');
  expect(listed.status).toBe(0);
  expect(listed.stdout.trim().split('\n')).toHaveLength(2);
  expect(listed.stderr).toContain('2 results, 14 B');
  const found = weft(directory, 'ls', '--json')
    .stdout.trim()
    .split('\n')
    .map(line => JSON.parse(line) as {fingerprint: string});
  expect(weft(directory, 'verify').status).toBe(0);
  const [first] = found;
  expect(weft(directory, 'pin', first?.fingerprint.slice(0, 12) ?? '').stdout).toContain('pinned');
  expect(weft(directory, 'gc', '--older', '1h').stdout).toMatch(/^0 results/);
  expect(weft(directory, 'gc', '--older', 'soon')).toMatchObject({status: 2});
  const nowhere = weft(directory, 'rebuild', 'nosuchdir');
  expect(nowhere).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('no directory nosuchdir') as string,
  });
  expect(weft(directory, 'rebuild', '.weft/work').status).toBe(0);
  expect(weft(directory, 'pin', 'abcdef')).toMatchObject({status: 2});
  expect(weft(folder.path, 'ls')).toMatchObject({status: 2});

  // As `cp -r` does: all times are new. Then `touch` gives them yet another one.
  const copy = folder.at('copy');
  cpSync(directory, copy, {recursive: true});
  for (const path of readdirSync(copy, {recursive: true, encoding: 'utf8'})) utimesSync(join(copy, path), 5000, 5000);
  {
    await using notebook = await openTestNotebook({directory: copy});
    for (const cell of cells) expect((await notebook.run(cell)).error).toBe('');
    await notebook.run('%wait');
    for (const name of ['a', 'b']) {
      const {out, shown} = await notebook.run(`%log ${name}`);
      expect(out + shown).toContain('cached');
    }
    await notebook.kernel.shutdown();
  }
  const lines = readdirSync(join(copy, '.weft/runs'))
    .map(name => readFileSync(join(copy, '.weft/runs', name), 'utf8'))
    .join('');
  expect(lines.match(/"is":"renewed"/g)).toHaveLength(2);
  expect(weft(copy, 'verify', 'mtime').status).toBe(0);
});
