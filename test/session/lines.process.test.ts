import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

test('line magics run in their place, and one that fails is the error of the cell', async () => {
  await using notebook = await openTestNotebook();
  const {out, error} = await notebook.run('console.log(1)\n%env Q=1\nconsole.log(2)\n%env\n%why zzz\nconsole.log(3)');
  expect(out).toBe('1\n2\nQ=1\n');
  expect(error).toContain('`zzz` is not defined\ncell [1]:5:6  W2034');
  const made = await notebook.run("const b = bash('echo hi');\n%wait b\n%log b");
  expect(made.error).toBe('');
  expect(made.out).toContain('hi');
});

test('an interrupt ends waiting, and no task', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as slow\nsleep 30');
  for (const code of ['%wait slow', 'await slow', '!sleep 20', 'for (;;) {}']) {
    const running = notebook.kernel.client.start(code, {stopOnError: false});
    await notebook.kernel.client.waitFor(
      message => message.header.msg_type === 'execute_input' && message.content['code'] === code,
    );
    await notebook.kernel.client.request('control', 'interrupt_request');
    const {outputs} = await running.done;
    expect(outputs.error?.ename, code).toBe('KernelInterrupt');
  }
  expect((await notebook.run('%status slow')).shown).toContain('running');
  await notebook.run('%cancel slow');
  await notebook.run('%wait');
  expect((await notebook.run('%status slow')).shown).toContain('cancelled');
});

test('`%retry` starts what failed, with all that it blocks', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  await notebook.run(`%%bash --as flaky\ntest -e ${folder.at('flag')}`);
  await notebook.run('%%bash --as reader --from flaky\ntrue');
  await notebook.run('%wait');
  expect((await notebook.run('%status')).shown).toMatch(/flaky +failed[^]*reader +blocked/);
  writeFileSync(folder.at('flag'), '');
  await notebook.run('%retry flaky');
  await notebook.run('%wait');
  expect((await notebook.run('%status')).shown).toMatch(/flaky +done[^]*reader +done/);
  rmSync(folder.at('flag'));
  await notebook.run('%force flaky');
  await notebook.run('%wait');
  expect((await notebook.run('%status flaky reader')).shown).toMatch(/flaky +failed[^]*reader +done/);
});

test('what is wanted again while it is being cancelled runs again', async () => {
  await using notebook = await openTestNotebook();
  const cell = "%%bash --as n --value\ntrap 'sleep 0.3; exit 1' TERM\nsleep 0.5 & wait; echo 1";
  await notebook.run(cell);
  await notebook.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('running'));
  expect(await notebook.value('%cancel n\n%retry n\nawait n')).toBe('1');
  await notebook.run('%force n');
  await notebook.run('%cancel n');
  await notebook.run(cell);
  expect(await notebook.value('await n')).toBe('1');
});

test('`await` gives what a future comes to now, also after `%retry` and `%force`', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const put = (text: string): void => writeFileSync(folder.at('st'), text);
  put('none');
  await notebook.run(`%%bash --as n --value\ncat ${folder.at('st')}`);
  await notebook.run(`%%foreach x in [1, 2]\n%%bash --as s --value\necho $((x * $(cat ${folder.at('st')})))`);
  await notebook.run('const keep = n, ten = n.map((value: number) => value * 10)');
  expect((await notebook.run('await n')).error).toContain('n failed');
  expect((await notebook.run('await ten')).error).toContain('n failed');
  put('6');
  await notebook.run('%retry n\n%retry s');
  expect(await notebook.value('[await n, await keep, await ten]')).toBe('[ 6, 6, 60 ]');
  expect(await notebook.value('[(await s)[2], await s[2]]')).toBe('[ 12, 12 ]');
  put('7');
  expect(await notebook.value('%force n\n%force s\n[await n, await keep, await s[2]]')).toBe('[ 7, 7, 14 ]');
});

test('a future in a line that sets something for later cells is an error that says what to write', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as fin\necho 1 > o');
  await notebook.run('%%foreach x in [1]\n%%bash --as ss --value\necho 1');
  for (const [line, place, said] of [
    ['%env P=${fin}/o', '1:8', /`fin` is a future.*\n.*\n.*--from fin.*\$\{\(await fin\)\.path\}/],
    ['%env P=${fin.path + "/o"}', '1:8', /made of `fin`, a future/],
    ['%env P=${ss[1]}', '1:8', /await ss\[1\]/],
    ['%env P=${ss}', '1:8', /a set of futures.*\n.*\n.*take an element/],
    ['%repo ${fin}', '1:7', /a future/],
    ['%code ${fin}/o', '1:7', /a future/],
    ['%executor local --slots ${ss[1]}', '1:25', /a future/],
  ] as const) {
    const {error} = await notebook.run(line);
    expect(error, line).toContain(`:${place}  W2030`);
    expect(error, line).toMatch(said);
  }
  expect((await notebook.run('%env')).out).toBe('nothing is declared\n');
  expect((await notebook.run('%env P=${(await fin).path}\n%wait ${fin}')).error).toBe('');
});

test('what is named twice counts once, what a name holds no more is not listed, and a call gives names as a cell does', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%foreach x in [1, 2]\n%%bash --as s --value\necho $x');
  await notebook.run('%%bash --as a\ntrue');
  await notebook.run('%%bash --as b\necho 1 > f');
  expect((await notebook.run('%wait s[1] s')).shown).toContain('2 of 2 done');
  expect((await notebook.run('%cache pin s a s[1]')).out).toBe('pinned s (2 results), a, s[1]\n');
  expect((await notebook.run('%status')).shown).toMatch(/^a +done/m);
  await notebook.run('let a = null');
  const {shown} = await notebook.run('%status');
  expect(shown).not.toMatch(/^a +/m);
  expect(shown).toMatch(/^b +done/m);
  expect((await notebook.run("1;\n  bash('true', {as: 'r-w'})")).error).toMatch(/:2:3 {2}W2005 .*`r-w`[^]*r_w/);
  expect((await notebook.run("bash('true', {as: 'class'})")).error).toContain('W2006');
});

test('a line in the body of a loop sees the names of its round', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as det\necho hi > f');
  const body = 'const y = x * 10\n!echo "[${x}] [${y}] [${late}]"\nconst late = det\n!cat ${late}/f\n%wait late\ny';
  const {out, text, error} = await notebook.run(`%%foreach x in [1, 2]\n${body}`);
  expect(error).toBe('');
  expect(out.split('\n').sort()).toEqual(['', '[1] [10] []', '[2] [20] []', 'hi', 'hi']);
  expect(text).toBe("{ '1': 10, '2': 20 }");
  const nothing = await notebook.run('%%foreach x in [1, 2]\nconst empty = undefined\n!echo "${x}/${empty}"');
  expect([nothing.error, nothing.out]).toEqual([expect.stringContaining('W2032') as string, '']);
});

test('a command whose `${}` has no text is the error of the cell, and nothing of it runs', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as bad\nexit 2');
  await notebook.run('%%bash --as late\nsleep 30');
  await notebook.run('%cancel late');
  await notebook.run('%%foreach x in [1, 2]\n%%bash --as some\n[ $x = 1 ]');
  await notebook.run('const own = () => nothing, empty = undefined;');
  for (const [hole, said] of [
    ['${bad}', /1:12 {2}W2038 {2}bad failed: exit 2[^]*%retry bad/],
    ['${bad.path}', /W2038 {2}bad failed/],
    ['${late}', /W2038 {2}late was cancelled/],
    ['${some[2]}', /W2038 {2}some\[2\] failed/],
    ['${some[3]}', /W2031[^]*some has no element/],
    ['${some}', /W2030[^]*whole set/],
    ['${[bad]}', /W2030[^]*has futures in it/],
    ['${bad.path.slice(0, -1)}', /W9003/],
    ['${own()}', /W2031[^]*nothing is not defined/],
    ['${JSON.parse("{")}', /W2031[^]*SyntaxError/],
    ['${empty}', /W2032[^]*is undefined/],
  ] as const) {
    const seen = await notebook.run(`!echo "ran ${hole}/x"; echo more`);
    expect([seen.error, seen.out], hole).toEqual([expect.stringMatching(said), '']);
  }
  expect((await notebook.run('!own2=q; echo "[${own2}] [${own2:-d}] ${some[1] + "/f"}"')).out).toMatch(
    /^\[q\] \[q\] .*\/bash-\w{12}\/f\n$/,
  );
});

test('`%force` and `--always` reach readers, and their readers, exactly when bytes change', async () => {
  await using notebook = await openTestNotebook();
  const cells = (how: string): readonly string[] => [
    `%%bash --as now ${how}\ndate +%N > t`,
    '%%bash --as reader --from now\ncp $now/t t',
    '%%bash --as last --from reader\ncp $reader/t t',
  ];
  for (const cell of cells('')) await notebook.run(cell);
  const first = await notebook.value("(await last).text('t')");
  await notebook.run('%force now');
  await notebook.run('%wait');
  const second = await notebook.value("(await last).text('t')");
  expect(second).not.toBe(first);
  expect((await notebook.run('%why reader')).shown).toContain('edition 1 → 2');
  for (const cell of cells('--always')) await notebook.run(cell);
  await notebook.run('%wait');
  expect(await notebook.value("(await last).text('t')")).not.toBe(second);
  await notebook.run('%%bash --as same\necho 1 > t');
  await notebook.run('%%bash --as sameReader --from same\ncp $same/t t');
  await notebook.run('%wait');
  await notebook.run('%force same');
  await notebook.run('%wait');
  expect((await notebook.run('sameReader?')).shown).toContain('cached');
});

test('`%force` reaches what waits for a forced need too, and holds for one run', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const runs = (): string => readFileSync(folder.at('runs'), 'utf8');
  await notebook.run(`%%bash --as same\necho a >> ${folder.at('runs')}\necho 1 > t`);
  await notebook.run(`%%bash --as reader --from same\necho b >> ${folder.at('runs')}\ncp $same/t t`);
  await notebook.run('%wait');
  expect(runs()).toBe('a\nb\n');
  for (const [line, more] of [
    ['%force same reader same', 'a\nb\n'],
    ['%force *', 'a\nb\n'],
    ['%force same', 'a\n'],
    ['%force reader', 'b\n'],
    ['%force same', 'a\n'],
  ] as const) {
    const before = runs();
    expect((await notebook.run(line)).error).toBe('');
    await notebook.run('%wait');
    expect(runs().slice(before.length), line).toBe(more);
    if (line === '%force reader') expect((await notebook.run('%why reader')).out).toContain('whatever is cached');
  }
  const {shown} = await notebook.run('%status same same same');
  expect(shown).not.toContain('3 tasks');
});

test('a line magic that is given too much does nothing, and points at what is too much', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as one\nsleep 30');
  for (const [line, at, words] of [
    ['%cleanup now --yes', '1:10', 'W2013  `%cleanup` takes no word, and here is `now`'],
    ['%cache ls one', '1:11', 'W2013  `%cache ls` takes no word more, and here is `one`'],
    ['%cache verify size one', '1:20', 'W2013  `%cache verify size` takes no word more'],
    ['%cache verify sizes', '1:15', 'W7040  results are not verified by `sizes`'],
    ['%cache lss', '1:8', 'did you mean `ls`?'],
    ['%cancel --all one', '1:15', 'W2004'],
    ['%cancel one --all', '1:9', 'W2013'],
    ['%executor local slurm', '1:17', 'W2013'],
    ['%config verify size mtime', '1:21', 'W2036'],
    ['%config verify sizes', '1:16', 'W2036'],
    ['%config verfy size', '1:9', 'did you mean `verify`?'],
  ] as const) {
    const {error} = await notebook.run(line);
    expect(error, line).toContain(`]:${at}  W`);
    expect(error, line).toContain(words);
  }
  expect((await notebook.run('%status one')).shown).toMatch(/running|to run/);
  await notebook.run('%cancel one');
  expect((await notebook.run('%wait one')).shown).toContain('cancelled');
});

test('a name that is bound again marks what took the old value as stale', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as st\necho 1 > a');
  const reader = await notebook.kernel.client.execute('%%bash --as reader --from st\ncp $st/a b');
  await notebook.run('%wait');
  await notebook.run('%%bash --as st\necho 2 > a');
  await notebook.kernel.client.waitFor(
    message =>
      message.header.msg_type === 'update_display_data' && JSON.stringify(message.content).includes('bound again'),
  );
  expect(reader.outputs.displays[0]?.data['text/plain']).toContain('`st` was bound again by cell [4]');
});

test('a command takes JavaScript where its names are known, else the shell', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as det\necho hi > f\nsleep 0.2');
  await notebook.run('const x = {a: 1};');
  const {out, err} = await notebook.run(
    '!X=3; echo ${JSON.stringify({b: x.a})} ${X} ${X:-d} $HOME; cat ${det}/f ${det.path + "/f"}; exit 3',
  );
  expect(out).toMatch(/^\{b:1\} 3 3 \/\S+\nhi\nhi\n$/);
  expect(err).toBe('exit 3\n');
});

test('a cell of many tasks answers at once, and its display is small and true in the end', async () => {
  await using notebook = await openTestNotebook({env: {WEFT_SLOTS: '1'}});
  const cell = await notebook.kernel.client.execute('%%foreach i in 1..60\n%%bash --as fan\necho $i > f');
  expect(cell.outputs.displays[0]?.data['text/plain']).toContain('60 to run');
  await notebook.run('%wait fan');
  expect(cell.outputs.displays[0]?.data['text/plain']).toContain('60 of 60 done');
  const sizes = notebook.kernel.client.messages.map(({content}) => JSON.stringify(content['data'] ?? '').length);
  expect(Math.max(...sizes)).toBeLessThan(10_000);
});

test('a word that a script takes no part in, and a magic of IPython, are errors that say what to write', async () => {
  await using notebook = await openTestNotebook();
  const surplus = await notebook.run('const radius = 3;\n');
  expect(surplus.error).toBe('');
  for (const magic of ['bash', 'python', 'py']) {
    const {error, shown} = await notebook.run(`%%${magic} radius\n1`);
    expect(error).toContain(`W2013: \`%%${magic}\` takes no word, and here is \`radius\``);
    expect(error).toContain('--with NAME');
    expect(shown).toBe('');
  }
  expect((await notebook.run('%matplotlib inline')).error).toMatch(
    /W1003.*\n.*\n.*~ {2}it is IPython's: below `%%py` it works/,
  );
  expect((await notebook.run('%%timeit\nx = 1')).error).toContain("it is IPython's");
  const {error} = await notebook.run('# a title\nprint("hi")');
  expect(error).toContain('W1010: this cell is TypeScript, but it looks like Python');
});

test('of an `%env` line with a wrong word nothing is declared, and a value with blanks is shown quoted', async () => {
  await using notebook = await openTestNotebook();
  for (const [line, hint] of [
    ['%env A=one two', "a value with blanks is quoted: `%env A='one two'`"],
    ['%env A=one 2=x', "a value with blanks is quoted: `%env A='one two'`"],
    ['%env two', "write `%env two=$two` to pass the kernel's own value"],
  ] as const)
    expect((await notebook.run(line)).error, line).toContain(hint);
  expect((await notebook.run('%env')).out).toBe('nothing is declared\n');
  expect((await notebook.run('%env A=1 B="x y" A')).out).toBe('A=1\n');
  expect((await notebook.run('%env')).out).toBe('A=1\nB=x y\n');
});
