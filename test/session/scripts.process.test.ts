import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

test('the same task is a hit however it was written, in the next kernel too', async () => {
  using folder = scratch();
  const magic = '%%foreach i in [1, 2]\n%%bash --out *.txt --as sizes\necho $i > $i.txt';
  {
    await using notebook = await openTestNotebook({directory: folder.path});
    await notebook.run(magic);
    expect((await notebook.run('%wait sizes')).shown).toContain('2 ran');
    await notebook.run('%%foreach i in 1..2\r\n%%bash --with i --as again --out *.txt\r\necho $i > $i.txt\r\n\r\n');
    expect((await notebook.run('%wait again')).shown).toContain('2 cached');
    const loop =
      "const all_ = [];\nfor (const i of [1, 2]) all_.push(bash(`\n  echo $i > $i.txt\n`, {out: ['*.txt'], with: {i}}));\nawait Promise.all(all_);";
    expect((await notebook.run(loop)).shown).toContain('2 cached');
    await notebook.kernel.shutdown();
  }
  await using notebook = await openTestNotebook({directory: folder.path});
  await notebook.run(magic);
  expect((await notebook.run('%wait sizes')).shown).toContain('2 cached');
});

test('a script has its variables, a clean environment, and no standard input', async () => {
  await using notebook = await openTestNotebook({env: {FROM_KERNEL: 'yes'}});
  await notebook.run(
    'const s = `it\'s "q" $x\\n two\\\\ é`, n = 2.50, o = {b: [1, "x"], a: null}, big = "x".repeat(300000);',
  );
  const given = "%%bash --as v --value --with s,n,o,big --with lit='a b' --with e=${n + 1}";
  await notebook.run(`${given}\nprintf '["%s","%s","%s","%s",%s]' "$n" "$e" "$lit" "\${#big}" "$o"`);
  expect(await notebook.value('JSON.stringify(await v)')).toBe(`'["2.5","3.5","a b","300000",{"a":null,"b":[1,"x"]}]'`);
  await notebook.run('%%bash --as kept --with s\nprintf \'%s\' "$s" > s');
  expect(await notebook.value("(await kept).text('s') === s")).toBe('true');
  const warned = await notebook.run('%%bash --as unset\nread x || echo closed\necho $FROM_KERNEL');
  expect(warned.err).toContain('W6003');
  expect(warned.err).toContain('%env FROM_KERNEL=$FROM_KERNEL');
  expect((await notebook.run('await unset')).error).toContain('FROM_KERNEL: unbound variable');
  expect((await notebook.run('%log unset')).out).toContain('closed');
  await notebook.run('%env FROM_KERNEL=$FROM_KERNEL');
  await notebook.run('%%bash --as declared --value\necho "\\"$FROM_KERNEL\\""');
  expect(await notebook.value('await declared')).toBe("'yes'");
});

test('input files are linked into the task, hashed by content, and must be there', async () => {
  using folder = scratch();
  mkdirSync(folder.at('raw', 'deep'), {recursive: true});
  for (const name of ['a.fits', 'b.fits', 'deep/c.fits']) writeFileSync(folder.at('raw', name), name);
  writeFileSync(folder.at('other'), 'x');
  await using notebook = await openTestNotebook({directory: folder.path});
  const list =
    '%%bash --as list --value --in raw/*.fits\nprintf \'"%s %s"\' "$(find raw -name \'*.fits\' | sort | paste -sd,)" "$(ls other || echo hidden)"';
  await notebook.run(list);
  expect(await notebook.value('await list')).toBe("'raw/a.fits,raw/b.fits hidden'");
  writeFileSync(folder.at('raw', 'a.fits'), 'changed');
  await notebook.run(list.replace('list', 'list2'));
  expect((await notebook.run('%wait list2')).shown).toContain('done');
  const none = await notebook.run('%%bash --as none --in nothing*.fits --in raw/z.fits\ntrue');
  expect(none.error).toMatch(/:1:2\d {2}W7001 {2}`nothing\*\.fits` matches no file/);
  expect(none.error).toContain('there is no file `raw/z.fits`');
  await notebook.run('%%bash --as kept --in raw\nfind raw -name "*.fits" | sort > list.txt');
  expect(await notebook.value("[(await kept).files.join(), (await kept).text('list.txt')].join('|')")).toBe(
    "'list.txt|raw/a.fits\\nraw/b.fits\\nraw/deep/c.fits\\n'",
  );
  await notebook.run(`%%bash --as absolute --value --in ${join(folder.path, 'other')}\nls | wc -l`);
  expect(await notebook.value('await absolute')).toBe('0');
});

test('a result has what `--out` names, else every file', async () => {
  await using notebook = await openTestNotebook();
  const make = 'mkdir -p out/x; echo 1 > out/a.txt; echo 2 > out/b.dat; echo 3 > out/x/c.txt; echo 4 > other';
  const files = async (options: string): Promise<string | undefined> => {
    await notebook.run(`%%bash --as f ${options}\n${make}`);
    return notebook.value('(await f).files.join()');
  };
  expect(await files('')).toBe("'other,out/a.txt,out/b.dat,out/x/c.txt'");
  expect(await files('--out out/*.txt')).toBe("'out/a.txt'");
  expect(await files('--out out/**/*.txt')).toBe("'out/a.txt,out/x/c.txt'");
  expect(await files('--out out --out oth*')).toBe("'other,out/a.txt,out/b.dat,out/x/c.txt'");
  await notebook.run(`%%bash --as gone --out nope.txt other\n${make}`);
  expect((await notebook.run('await gone')).error).toContain('made no `nope.txt`');
});

test('a link among the results leads to its file, though the way to it does not stay', async () => {
  using folder = scratch();
  writeFileSync(folder.at('given'), 'given');
  await using notebook = await openTestNotebook({directory: folder.path});
  await notebook.run('%%foreach i in [1, 2]\n%%bash --as ups\necho -n $i > f');
  const texts = async (options: string, script: string, ...names: string[]): Promise<string> => {
    await notebook.run(`%%bash --as made ${options}\n${script}`);
    const all = names.map(name => `(await made).text('${name}')`).join();
    const {out, error} = await notebook.run(`await made; console.log([${all}].join())`);
    return out.trim() || error;
  };
  const real = 'mkdir real; echo -n x > real/f;';
  expect(await texts('--out best', `${real} ln -s real/f best`, 'best')).toBe('x');
  expect(await texts('--out best last', `${real} ln -s "$PWD/real/f" best; ln -s best last`, 'best', 'last')).toBe(
    'x,x',
  );
  expect(await texts('--out last real', `${real} ln -s real/f best; ln -s best last`, 'last', 'real/f')).toBe('x,x');
  expect(await texts('--out last real/*', `${real} ln -s real best; ln -s best/f last`, 'last')).toBe('x');
  expect(await texts('', 'echo -n t > "$TMPDIR/t"; ln -s "$TMPDIR/t" t', 't')).toBe('t');
  expect(await texts('--in given', 'ln -s given a; cp -P given b', 'a', 'b')).toBe('given,given');
  expect(await texts('--from ups', 'for up in $ups/*; do ln -s $up/f ${up##*/}; done', '1', '2')).toBe('1,2');
  expect(await texts('--out best', `${real} ln -s real best`, 'best')).toContain('add `--out real`');
  expect(await texts('', 'mkdir "$TMPDIR/t"; touch "$TMPDIR/t/t"; ln -s "$TMPDIR/t" t')).toContain('temporary');
  expect(await texts('--out best', 'ln -s nowhere best', 'best')).toContain('a link to `nowhere`, which is not there');
});

test('what is quoted or filled in names just that file, and a function writes it by a backslash', async () => {
  using folder = scratch();
  for (const name of ['x[1]', 'x1', '{p,q}']) writeFileSync(folder.at(name), name);
  await using notebook = await openTestNotebook({directory: folder.path});
  const script = "ls > list; touch 'o[1]' o1 'o*'";
  await notebook.run("const files = ['x[1]', '{p,q}']");
  await notebook.run(`%%bash --as magic --in \${files} --out l* 'o[1]' e/../o1 o\\*\n${script}`);
  expect(await notebook.value("[(await magic).text('list'), (await magic).files.join()]")).toBe(
    "[ 'list\\nx[1]\\n{p,q}\\n', 'list,o*,o1,o[1]' ]",
  );
  await notebook.run(
    `const made = bash(${JSON.stringify(script)}, {in: ['x\\\\[1]', '\\\\{p,q}'], out: ['o1', 'o\\\\[1]', 'o\\\\*', './l*']})`,
  );
  expect(await notebook.value('(await made).path === (await magic).path')).toBe('true');
  await notebook.run("%%bash --as quoted --out 'l*'\ntouch list");
  expect((await notebook.run('await quoted')).error).toContain('made no `l*`: its `*` is literal');
});

test('a value is the last line of the output, else all of it', async () => {
  await using notebook = await openTestNotebook();
  const valueOf = async (script: string): Promise<string> => {
    await notebook.run(`%%bash --as v --value\n${script}`);
    const {text, error} = await notebook.run('await v');
    return text ?? error;
  };
  expect(await valueOf('echo text; echo \'{"a": [1, 2.50]}\'; echo')).toBe('{ a: [ 1, 2.5 ] }');
  expect(await valueOf('printf \'{"a":\\n1}\\n\'')).toBe('{ a: 1 }');
  expect(await valueOf('echo no json')).toContain('last line');
  expect(await valueOf('true')).toContain('last line');
  await notebook.run('%%bash --as both --value --out x.txt\necho hi > x.txt; echo 7');
  expect(await notebook.value("[await both, (await both.files).text('x.txt')]")).toBe("[ 7, 'hi\\n' ]");
});

test('a failure names future, exit and the end of the log, and is never cached', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const script = `%%bash --as flaky\necho trying; test -e ${folder.at('flag')}`;
  await notebook.run(script);
  const {error} = await notebook.run('await flaky');
  expect(error).toContain('flaky failed: exit 1');
  expect(error).toContain('\ntrying');
  writeFileSync(folder.at('flag'), '');
  await notebook.run(script);
  expect((await notebook.run('%wait flaky')).shown).toContain('done · ran');
});

test('names that bash keeps, two inputs of one name, and an empty script are errors', async () => {
  await using notebook = await openTestNotebook();
  expect((await notebook.run('%%bash --with PATH=x --with a-b=1\ntrue')).error).toMatch(
    /W6001[^]*`--with x=x`[^]*W6001[^]*`--with x=1`/,
  );
  await notebook.run('const PWD = 1');
  expect((await notebook.run('%%bash --with PWD\ntrue')).error).toContain('`--with x=${PWD}`');
  expect((await notebook.run('%%foreach HOME in [1]\n%%bash\ntrue')).error).toMatch(/W6001[^]*`%%foreach x in …`/);
  await notebook.run('%%bash --as det\ntrue');
  expect((await notebook.run('%%bash --from det --with det=1\ntrue')).error).toMatch(/W6002[^]*`--from other=det`/);
  expect((await notebook.run('%%bash --from PPID=det\ntrue')).error).toMatch(/W6001[^]*`--from x=det`/);
  expect((await notebook.run('%%bash\n  \n')).error).toContain('W1007');
  expect((await notebook.run('%%bash --as bash\ntrue')).error).toContain('W2006');
  expect((await notebook.run('%%bash --as r-warps\ntrue')).error).toContain('r_warps');
  expect((await notebook.run('%%bash --as det --from det\ntrue')).error).toContain('W2011');
  expect((await notebook.run('%%foreach x in [1] --as one\n%%bash --as two\ntrue')).error).toContain('W2012');
});

test('an output that can never be there is an error before anything runs, of a cell and of a call', async () => {
  await using notebook = await openTestNotebook();
  const {error} = await notebook.run("%%bash --as far --out ok.txt ../x ''\necho 1 > ok.txt");
  expect(error).toContain(']:1:30  W7006  `../x` lies outside');
  expect(error).toContain(']:1:35  W7006  an empty name is no output');
  expect((await notebook.run("bash('true', {out: ['/tmp/x']})")).error).toContain('W7006');
  expect((await notebook.run("bash('true', {retires: 2})")).error).toContain('did you mean `retries`?');
  expect((await notebook.run('%status')).shown).toContain('no tasks yet');
});
