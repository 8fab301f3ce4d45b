import {writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

test('expressions in line magics are evaluated, in words and options', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('const n = 1, names = ["d", "other[b]"]');
  await notebook.run('%%foreach x in [a, b] --as d # two\n%%bash --value\necho "\\"$x\\""');
  await notebook.run('%%foreach x in [b, c] --as other\n%%bash --value\necho "\\"$x$x\\""');
  expect((await notebook.run('%wait ${names}')).shown).toContain('3 of 3 done');
  expect((await notebook.run('%wait ${d} ${other.b}')).shown).toContain('3 of 3 done');
  expect((await notebook.run('%log ${"other[c]"} -n ${n}')).out).toContain('"cc"');
  expect((await notebook.run('%log -n 1 ${d.a}')).out).toContain('"a"');
  expect((await notebook.run('%history ${n + 1}')).shown).toMatch(/^the last 2 in the history\n/);
  expect((await notebook.run('%executor local --slots ${n + 1}')).out).toContain('2 at once');
  expect((await notebook.run('%history ${nope}')).error).toMatch(/:1:10 {2}W2030 {2}`nope` is ReferenceError/);
});

test('what is wrong with the words of a line is said at its place, with a remedy', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('let a = null\n%history 1');
  await notebook.run('%%foreach x in [1, 2] --as d\n%%bash --value\necho $x');
  await notebook.run('%wait d');
  expect((await notebook.run('%log d -n x')).error).toMatch(/:1:11 {2}W2010[^]*write `-n 40`/);
  const why = (await notebook.run('%why a')).error;
  expect(why).toMatch(/W2034 {2}`a` is no future/);
  expect(why).not.toContain('did you mean');
  expect((await notebook.run('%why d[3]')).error).toMatch(/W4013[^]*there is 1, 2/);
  await notebook.run('const one = d[1]');
  expect((await notebook.run('%why one[1]')).error).toMatch(/W4010[^]*leave the index out: `one`/);
  expect((await notebook.run('%adopt mine --as ${a}')).error).toMatch(/:1:18 {2}W2005[^]*not evaluated here/);
});

test('what a partly indexed set names is one row, and a wrong index is told what there is at its depth', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%foreach x in [p, q]\n%%foreach y in [1, 2]\n%%bash --as s\necho $x $y');
  await notebook.run('%wait');
  expect((await notebook.run('%plan s[p]')).shown.match(/^s\[p\] .*2 tasks: 2 done$/gm)).toHaveLength(1);
  expect((await notebook.run('%status s[p] s[q][1]')).shown).toMatch(/\ns\[p\] .* 2 of 2 [^]*\ns\[q\]\[1\] .* 1 of 1 /);
  expect((await notebook.run('%why s[p][7]')).error).toMatch(/W4013[^]*in `s\[p\]` there is 1, 2/);
  expect((await notebook.run('%why s[z][1]')).error).toMatch(/W4013[^]* {2}there is p, q/);
  expect((await notebook.run('%why s[p][1][2]')).error).toMatch(/W4010 {2}`s\[p\]\[1\]` is no set/);
});

test('`%status` of a name says that its cell is stale', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as a\necho 1 > o');
  await notebook.run('%%bash --as b --from a\ntrue');
  await notebook.run('%%bash --as c\ntrue');
  await notebook.run('%%bash --as a\necho 2 > o');
  await notebook.run('%wait');
  expect((await notebook.run('%status b')).shown).toContain('cell [2] b is stale: `a` was bound again by cell [4]');
  expect((await notebook.run('%status a c')).shown).not.toContain('stale');
});

test('`%log -f` shows what a task writes until it has ended, or the cell is interrupted', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const {client} = notebook.kernel;
  await notebook.run(`%%bash --as a\necho first\nuntil [ -e ${folder.at('go')} ]; do sleep 0.02; done\nprintf second`);
  const says = (text: string, from = 0) =>
    client.waitFor(({header, content}) => header.msg_type === 'stream' && (content['text'] as string).includes(text), {
      from,
    });
  const stopped = client.start('%log a -f');
  await says('first');
  await client.interrupt();
  const {outputs, reply} = await stopped.done;
  expect(reply['ename']).toBe('KernelInterrupt');
  expect(outputs.streams.stdout).toBe('a · running\nfirst\n');
  const from = client.messages.length;
  const followed = client.start('%log -f a -n 1');
  await says('first', from);
  writeFileSync(folder.at('go'), '');
  expect((await followed.done).outputs.streams.stdout).toBe('a · running\nfirst\nsecond\na · done\n');
  expect((await notebook.run('%log -f a')).out).toBe('a · done\nfirst\nsecond\n');
  expect((await notebook.run('%log a -n')).error).toContain('`-n` needs a number of lines');
});

test('of what was forced in a set `%why` says how much, and an error says what to do where nothing is to be adopted', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%foreach x in [1, 2, 3]\n%%bash --as s\necho $x');
  await notebook.run('%wait');
  await notebook.run('%force s[1] s[3]');
  await notebook.run('%wait');
  expect((await notebook.run('%why s')).out).toContain(
    '3 tasks: none cached\n  2 to run whatever is cached\n  1 of which no earlier run is known\n',
  );
  expect((await notebook.run('%adopt s')).error).toMatch(/W7051 {2}all of it is done already[^]*use it as it is/);
});
