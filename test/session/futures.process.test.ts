import {mkdirSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

test('elements, parts and whole sets stand in scripts as directories, values as JSON', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%foreach r in [HSC-R, HSC-I]\n%%foreach v in [1, 2]\n%%bash --as ups\necho "$r $v" > f.txt');
  const printed = async (line: string, script: string): Promise<string | undefined> => {
    await notebook.run(`%%bash --as x --value ${line}\nprintf '"%s"' "$(${script})"`);
    return notebook.value('await x');
  };
  expect(await printed('--from ups[HSC-R][2]', 'cat $ups/f.txt')).toBe("'HSC-R 2'");
  expect(await printed('--from u=ups[HSC-R]', 'ls $u | paste -sd" "')).toBe("'1 2'");
  expect(await printed('--from ups', 'ls $ups | paste -sd" "')).toBe("'HSC-I,1 HSC-I,2 HSC-R,1 HSC-R,2'");
  expect(await printed("--with p=${ups['HSC-R'][1].path + '/f.txt'}", 'cat $p')).toBe("'HSC-R 1'");
  await notebook.run('%%foreach q in ["a/b", ".dot", "", "c,d", "50%"]\n%%bash --as odd\ntrue');
  expect(await printed('--from odd', 'ls -A $odd | LC_ALL=C sort | paste -sd" "')).toBe("'% %2Edot 50%25 a%2Fb c%2Cd'");
  await notebook.run('%%foreach n in 1..3\n%%bash --as nums --value\necho $((n * 10))');
  await notebook.run('%%bash --as js --value --from nums --from one=nums[2]\necho "[$nums,$one]"');
  expect(await notebook.value('JSON.stringify(await js)')).toBe(`'[{"1":10,"2":20,"3":30},20]'`);
  expect((await notebook.run('%%bash --from ups[HSC-Z]\ntrue')).error).toContain('one of HSC-R, HSC-I');
  const whole = await notebook.run('%%foreach r in [HSC-R]\n%%bash --from ups\ntrue');
  expect(whole.error).toContain('ups[r]');
  expect(whole.error).toContain('ups[*]');
});

test('a set whose list is not known yet is whole among other futures, and in a join, once it is', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  const gate = `while [[ ! -e '${folder.at('gate')}' ]]; do read -t 0.02 <> <(:) || true; done`;
  await notebook.run(`%%bash --as list --value\n${gate}; echo '[1, 2]'`);
  await notebook.run('%%foreach x in list\n%%bash --as late\necho $x > o$x');
  await notebook.run('%%bash --as one\necho one > one');
  await notebook.run('const both = {a: late, b: one};');
  await notebook.run(
    'const read = bash(\'printf "%s " $(ls "$u") > o\', {from: {u: both}}), joined = join([late, one]);',
  );
  await notebook.run('%%bash --from both --as typed\nprintf "%s " $(ls "$both") > o');
  await notebook.run('%%join late --as alone');
  writeFileSync(folder.at('gate'), '');
  for (const name of ['read', 'typed'])
    expect(await notebook.value(`(await ${name}).text('o')`), name).toBe("'a,1 a,2 b '");
  expect(await notebook.value('(await joined).files.join()')).toBe("'o1,o2,one'");
  expect(await notebook.value('(await alone).files.join()')).toBe("'o1,o2'");
});

test('a future, its placeholder and its final path are the same input', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as det\necho hi > f');
  await notebook.run('%%bash --as a --from d=det\ncat $d/f > g');
  await notebook.run('%wait a');
  for (const option of ['--with d=${det}', '--with d=${String(det)}', '--with d=${(await det).path}']) {
    await notebook.run(`%%bash --as b ${option}\ncat $d/f > g`);
    expect((await notebook.run('%wait b')).shown, option).toContain('cached');
  }
  expect(await notebook.value("(await bash(`cat ${det}/f ${(await det).path}/f > g`)).text('g')")).toBe("'hi\\nhi\\n'");
  expect((await notebook.run("bash('cat ' + det.path.slice(0, 12))")).error).toContain('W9003');
  expect((await notebook.run('+det')).error).toContain('TypeError');
  expect((await notebook.run('det.nope')).error).toContain('await it first');
  expect((await notebook.run('console.log(`${det}/f`)')).out).toMatch(/^\/.*\/work\/..\/bash-[0-9a-f]{12}\/f\n$/);
});

test('a final path is recognised in a directory of any name', async () => {
  using folder = scratch();
  const directory = folder.at('my data (2024), x=1');
  mkdirSync(directory);
  await using notebook = await openTestNotebook({directory});
  await notebook.run('%%bash --as det\necho hi > f');
  await notebook.run('%%bash --as a --from d=det\ncat "$d/f" > g');
  await notebook.run('%wait a');
  await notebook.run('const path = (await det).path, copy = `/copy${path}`');
  await notebook.run('%%bash --as b --with d=${path}\ncat "$d/f" > g');
  expect((await notebook.run('%wait b')).shown).toContain('cached');
  await notebook.run(
    '%%bash --as both --value --with d=${`${path}/f,${path}/g:x/y`} --with copy\nprintf \'"%s"\' "$d;$copy"',
  );
  expect(await notebook.value('(await both) === `${path}/f,${path}/g:x/y;/copy${path}`')).toBe('true');
});

test('what a value says of another result, by path or placeholder, is an input', async () => {
  using folder = scratch();
  writeFileSync(folder.at('source'), '1');
  await using notebook = await openTestNotebook({directory: folder.path});
  await notebook.run(`%%bash --as made\ncat ${folder.at('source')} > f`);
  await notebook.run('%%bash --as said --value --from made\nprintf \'["%s"]\' "$made"');
  await notebook.run('const path = made.map(files => `${files.path}/f`), later = said.map(() => `${made}/f`)');
  const read = async (): Promise<readonly (string | undefined)[]> => {
    await notebook.run('%%bash --as a --value --from said\ncat "$(printf %s "$said" | tr -d \'[]"\')/f"');
    await notebook.run('%%bash --as b --value --with path\ncat "$path"');
    await notebook.run('%%bash --as c --value --with later\ncat "$later"');
    await notebook.run('const d = bash(`cat ${path} ${later}`, {value: true})');
    return Promise.all(['a', 'b', 'c', 'd'].map(name => notebook.value(`await ${name}`)));
  };
  expect(await read()).toEqual(['1', '1', '1', '11']);
  writeFileSync(folder.at('source'), '2');
  await notebook.run('%force made');
  await notebook.run('await made');
  expect(await read()).toEqual(['2', '2', '2', '22']);
});

test('values stand in expressions, text and lists when they are known, and count by content', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as count --value\necho 3');
  await notebook.run('%%bash --as list --value\necho \'["a","b"]\'');
  await notebook.run('let more = 1;');
  await notebook.run('%%bash --as next --value --with n=${count + more}\necho "$n"');
  await notebook.run('more = 100;');
  expect(await notebook.value('await next')).toBe('4');
  expect(await notebook.value("(await bash(`echo ${count} > n`)).text('n')")).toBe("'3\\n'");
  const loop = '%%foreach p in list, k in ${[count, 1]}\n%%bash --as each --value\necho "\\"$p$k\\""';
  await notebook.run(loop);
  expect(await notebook.value('JSON.stringify(await each)')).toBe(
    `'{"a":{"1":"a1","3":"a3"},"b":{"1":"b1","3":"b3"}}'`,
  );
  await notebook.run('%%bash --as list --value\necho \'["a", "b"]\' # written otherwise');
  await notebook.run(loop);
  expect((await notebook.run('%wait each')).shown).toContain('4 cached');
});

test('what waits for a failure is blocked, and a set rejects with all of its failures', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as bad --value\nexit 3');
  await notebook.run('%%bash --as a --from bad\ntrue');
  await notebook.run('%%bash --as b --with z=${bad + 1}\ntrue');
  await notebook.run('%%foreach x in bad\n%%bash --as c\ntrue');
  for (const name of ['a', 'b', 'c']) expect((await notebook.run(`await ${name}`)).error).toContain('bad failed');
  expect((await notebook.run('%status a b c')).shown.match(/blocked/g)).toHaveLength(3);
  await notebook.run('%%foreach i in 1..4\n%%bash --as mix\ntest $i != 3; test $i != 2');
  expect((await notebook.run('await mix')).error).toMatch(
    /2 of 4 failed\n +mix\[2\] failed: exit 1[^]*mix\[3\] failed/,
  );
});

test('sets of the code, functions of results and chains of calls are known to the kernel', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run(
    'const [f, g] = [1, 2].map(i => bash(`echo ${i} > ${i}`)); const both = {f, g}, map = new Map([["x", f]]);',
  );
  await notebook.run('%%bash --as names --value --from both --from map\nprintf \'"%s"\' "$(echo $(ls $both $map))"');
  expect(await notebook.value('await names')).toMatch(/both: f g .*map: x'$/);
  expect(await notebook.value("const m = bash('echo 5', {value: true}).map(v => v * 2); await m")).toBe('10');
  await notebook.run('%%bash --as twice --value --with m\necho $((m * 2))');
  expect(await notebook.value('await twice')).toBe('20');
  const chain =
    "let p = bash('echo 0 > n'); for (let i = 1; i < 30; i++) p = bash('echo $(( $(cat $p/n) + 1 )) > n', {from: {p}}); (await p).text('n')";
  expect(await notebook.value(chain)).toBe("'29\\n'");
  await notebook.run('%%foreach x in [1, 2, 3] --as made\nbash("echo $x", {with: {x}})');
  expect(await notebook.value('[...made.keys()].join() + (await made).size')).toBe("'1,2,33'");
});

test('when the process of the code dies, names are lost, tasks go on, and what waits for code is blocked', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as slow --value\nsleep 1; echo 3');
  await notebook.run('%%bash --as after --with n=${slow + 1}\ntrue');
  expect((await notebook.run('process.exit(3)')).error).toContain('names are lost');
  await notebook.run('%wait');
  const {shown} = await notebook.run('%status');
  expect(shown).toMatch(/slow +done/);
  expect(shown).toMatch(/after +blocked.*run cell \[2\] again/);
  expect(await notebook.value('1 + 1')).toBe('2');
});

test('the files of a value are a future of their own, in commands, `--from`, options and code', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as vf --value --out f.txt\nsleep 0.2; echo hi > f.txt; echo 7');
  await notebook.run('const files = vf.files');
  await notebook.run('%%bash --as a --from files --value\necho "\\"$(cat $files/f.txt)\\""');
  await notebook.run('%%bash --as b --with p=${`${vf.files}/f.txt ${vf}`} --value\necho "\\"$p\\""');
  await notebook.run(
    'const c = bash("cat $d/f.txt > g", {from: {d: vf.files}}), d = bash(`echo \'"${vf}deg ${vf}0"\'`, {value: true})',
  );
  const code = '[(await files).path, await a, await b, (await files).text(), await d]';
  const [path = '', ...rest] = JSON.parse((await notebook.run(`console.log(JSON.stringify(${code}))`)).out) as string[];
  expect(await notebook.value('(await c).text()')).toBe("'hi\\n'");
  expect(rest).toEqual(['hi', `${path}/f.txt 7`, 'hi\n', '7deg 70']);
  expect((await notebook.run('!echo ${vf.files.path} ${vf + "deg"}')).out).toBe(`${path} 7deg\n`);
  await notebook.run('%%bash --as vf --value --out f.txt\nexit 1');
  expect((await notebook.run('await vf.files')).error).toContain('failed: exit 1');
});

test('a name that is not bound when the cell runs is an error, also beside a value that is not there yet', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as slow --value\nsleep 30; echo 1');
  const seen = await notebook.run('%%bash --as e --with p=${slow + later}\necho $p');
  expect(seen.error).toContain('1:24  W2034  `later` is not defined');
  expect((await notebook.run('e?')).error + (await notebook.run('e')).error).toContain('e is not defined');
});

test('names and keys that every object of JavaScript has are names and keys as others', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%foreach q in [a, __proto__, constructor]\n%%bash --as odd --value\necho "\\"$q\\""');
  await notebook.run('%%bash --as whole --from odd --value\necho "$odd"');
  expect(await notebook.value('JSON.stringify(await whole)')).toBe(
    `'{"__proto__":"__proto__","a":"a","constructor":"constructor"}'`,
  );
  await notebook.run(
    '%%bash --as constructor --from odd[constructor] --from p=odd[__proto__] --value\necho "\\"$odd $p\\""',
  );
  await notebook.run('%%bash --as last --from constructor --value\necho "\\"$constructor\\""');
  expect(await notebook.value('await last')).toBe("'constructor __proto__'");
  expect((await notebook.run('%%bash --from odd[toString]\ntrue')).error).toContain('W4013');
  expect((await notebook.run('%%bash --with t=$toString\ntrue')).error).toContain('W2033');
});
