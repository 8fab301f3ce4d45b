import {writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

test('a script reads what a set has where `--allow-failed` lets members fail, and again when one has come', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const shown = async (name: string): Promise<string> => (await notebook.run(`%wait ${name}`)).shown;
  const parts = (list: string): string =>
    `%%foreach i in ${list}\n%%bash --as parts\n[ $i != 3 ] || test -e ${folder.at('flag')}\necho $i > f$i`;
  await notebook.run(parts('1..4'));
  const list = (more: string, name: string): string =>
    `%%bash --from parts[*] ${more} --value --as ${name}\nset -- $parts/*/f*\necho $#`;
  await notebook.run(list('', 'strict'));
  expect(await shown('strict')).toContain('parts i=3 failed');
  await notebook.run(list('--allow-failed 1', 'most'));
  expect(await notebook.value('await most')).toBe('3');
  // The allowance is no part of it; which members are missing is.
  await notebook.run(list('--allow-failed 2', 'again'));
  expect(await shown('again')).toContain('cached');
  await notebook.run(
    `const called = bash("set -- $parts/*/f*\\necho $#", {from: {parts}, value: true, allowFailed: 1});`,
  );
  expect(await shown('called')).toContain('cached');
  const join = async (): Promise<string | undefined> => {
    await notebook.run('%%join parts[*] --allow-failed 1 --as joined');
    return notebook.value('(await joined).files.join()');
  };
  expect(await join()).toContain('f1,f2,f4');
  // The same three as a whole set are another input: nothing is missing.
  await notebook.run(parts('[1, 2, 4]'));
  await notebook.run(list('', 'three'));
  expect(await shown('three')).not.toContain('cached');
  await notebook.run(parts('1..4'));
  expect(await shown('parts')).toContain('1 failed');
  writeFileSync(folder.at('flag'), '');
  await notebook.run('%retry parts');
  expect(await shown('parts')).toContain('4 of 4 done');
  await notebook.run(list('--allow-failed 1', 'whole'));
  expect(await notebook.value('await whole')).toBe('4');
  await notebook.run(list('', 'strictly'));
  expect(await shown('strictly')).toContain('cached');
  expect(await join()).toContain('f1,f2,f3,f4');
});

test('more members that failed than are allowed, and none that is left, block with how many', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%foreach i in 1..3\n%%bash --as some\n[ $i = 2 ]\necho $i > f');
  await notebook.run('%%bash --from some[*] --allow-failed 1 --as tooMany\ntrue');
  expect((await notebook.run('%wait tooMany')).shown).toContain('2 of its 3 members failed');
  await notebook.run('%%foreach i in 1..2\n%%bash --as none\nfalse');
  await notebook.run('%%bash --from none[*] --allow-failed 5 --as nothing\ntrue');
  expect((await notebook.run('%wait nothing')).shown).toContain('2 of its 2 members failed');
  await notebook.run('%%foreach i in 1..3\n%%bash --value --as values\n[ $i != 2 ]\necho $i');
  await notebook.run('%%bash --from values[*] --allow-failed 1 --value --as sum\necho "$values"');
  expect(await notebook.value('JSON.stringify(await sum)')).toMatch(/1.*3/);
});

test('a join that lacks what is not even known yet does not depend on names', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%foreach i in 1..3\n%%bash --value --as values\n[ $i != 3 ]\necho $i');
  const joined = async (name: string): Promise<string> => {
    await notebook.run(`%%foreach i in 1..3\n%%bash --from v=values[i] --as ${name}\necho $v > g$i`);
    await notebook.run(`%%join ${name}[*] --allow-failed 1 --as joined`);
    return (await notebook.run('%wait joined')).shown;
  };
  expect(await joined('one')).toContain('done');
  expect(await notebook.value('(await joined).files.join()')).toContain('g1,g2');
  expect(await joined('other')).toContain('cached');
});

test('an expression over a set of which some failed is blocked, goes on after a retry, and sees the rest where that is allowed', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  await notebook.run(
    `%%foreach i in 1..3\n%%bash --as parts --value\n[ $i != 2 ] || test -e '${folder.at('flag')}'\necho $i`,
  );
  await notebook.run('%%bash --value --with n=${parts[1] + 1} --as one\necho $n');
  await notebook.run('%%foreach k in ${Object.keys(parts)}\n%%bash --value --as each\necho $k');
  await notebook.run('%%bash --value --with n=${Object.keys(parts).join("")} --allow-failed 1 --as most\necho $n');
  expect(await notebook.value('await most')).toBe('13');
  for (const name of ['one', 'each']) {
    const {shown} = await notebook.run(`%wait ${name}`);
    expect(shown).toContain('parts[2] failed');
    expect(shown).toContain('blocked');
  }
  writeFileSync(folder.at('flag'), '');
  await notebook.run('%retry parts');
  expect(await notebook.value('[await one, Object.keys(await each).length]')).toBe('[ 2, 3 ]');
});
