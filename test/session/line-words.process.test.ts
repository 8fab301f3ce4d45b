import {expect, test} from 'vitest';
import {openTestNotebook} from './notebook.js';

test('expressions in line magics are evaluated, in words and options', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('const n = 1, names = ["d", "other[b]"], text = "zz"');
  await notebook.run('%%foreach x in [a, b] --as d # two\n%%bash --value\necho "\\"$x\\""');
  await notebook.run('%%foreach x in [b, c] --as other\n%%bash --value\necho "\\"$x$x\\""');
  expect((await notebook.run('%wait ${names}')).shown).toContain('3 of 3 done');
  expect((await notebook.run('%wait ${d} ${other.b}')).shown).toContain('3 of 3 done');
  expect((await notebook.run('%log ${"other[c]"} -n ${n}')).out).toContain('"cc"');
  expect((await notebook.run('%log -n 1 ${d.a}')).out).toContain('"a"');
  expect((await notebook.run('%history ${n + 1} --search ${text}')).shown).toContain('no task with zz');
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
