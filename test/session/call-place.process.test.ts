import {expect, test} from 'vitest';
import {openTestNotebook} from './notebook.js';

test('an error of a call stands where the cell calls, each once', async () => {
  await using notebook = await openTestNotebook();
  expect((await notebook.run("const a: number = 1;\nconst x = bash('true', {nope: a});")).error).toMatch(
    /:2:11 {2}W9002 {2}`bash` has no option `nope`\n.*\n {12}~~~~ /,
  );
  await notebook.run('function mk(script: string) {\n  return bash(script);\n}');
  expect((await notebook.run("const é = 'ä'; mk('')")).error).toMatch(/cell \[3\]:1:16 {2}W9002/);
  const loop = await notebook.run(
    "for (const i of [1, 2])\n  python('', {i});\nawait (async () => { await 1; bash(''); })()",
  );
  expect(loop.error.match(/W9002 {2}`python` has no option/g)).toHaveLength(1);
  expect(loop.error).toMatch(/:2:3 {2}W9002 {2}`python` has no option[^]*:3:31 {2}W9002/);
  expect((await notebook.run("1;\nbash('true', {time: 'soon', mem: 'much'})")).error).toMatch(
    /:2:1 {2}W2008 {2}`soon` is no duration[^]*:2:1 {2}W2009 {2}`much` is no size/,
  );
  expect((await notebook.run("%%foreach i in [1]\nbash('', {})")).error).toMatch(/cell \[6\]:2:1 {2}W9002/);
});
