import {expect, test} from 'vitest';
import type {Kernel} from '../rig/kernel.js';
import {openTestNotebook} from './notebook.js';

/** Waits for text in the standard error of a cell, which may have ended. */
async function warned(kernel: Kernel, id: string, text: string): Promise<string> {
  const {content} = await kernel.client.waitFor(
    ({header, parent, content: {name, text: said}}) =>
      header.msg_type === 'stream' &&
      parent['msg_id'] === id &&
      name === 'stderr' &&
      typeof said === 'string' &&
      said.includes(text),
  );
  return content['text'] as string;
}

test('a type error is a warning below its cell, which has run', async () => {
  await using notebook = await openTestNotebook();
  const {client} = notebook.kernel;
  await notebook.run('let radius = 3\ninterface Star {ra: number}');
  await notebook.run("%%bash --as det\necho '[1]' > a.json");
  const cell = await client.execute('const é = "😀"\nradius = "wide"; radius', {stopOnError: false});
  expect(cell.outputs.text).toBe("'wide'");
  expect(await warned(notebook.kernel, cell.id, 'W1012')).toBe(
    "cell [3]:2:1  W1012  warning: Type 'string' is not assignable to type 'number' (TS2322)\n" +
      '  radius = "wide"; radius\n' +
      '  ~~~~~~\n',
  );
  const files = await client.execute('const made = await det;\n%status\nmade.txt("a.json"), made.json().anything');
  expect(await warned(notebook.kernel, files.id, 'W1012')).toMatch(
    /cell \[4\]:3:6 .*Property 'txt' does not exist on type 'Files' \(TS2551\)\n.*\n +~~~ +did you mean `text`\?/,
  );
});

test('`%config typecheck error` checks before it runs, and `off` says nothing', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%config typecheck error');
  await notebook.run('let n = 1');
  const refused = await notebook.run('n = 2\nn.toFixd(2)');
  expect(refused.error).toContain("W1012: Property 'toFixd' does not exist on type 'number' (TS2551)");
  expect(refused.error).toContain('cell [3]:2:3  W1012');
  expect(refused.error).toContain('did you mean `toFixed`?');
  expect(await notebook.value('n')).toBe('1');
  // A cell that was refused declares nothing; one that redeclares gives the name another type.
  expect((await notebook.run('const m: string = 5')).error).toContain('TS2322');
  expect((await notebook.run('m')).error).toContain('W1012: Cannot find name');
  expect(await notebook.value('let n = "text"; n.length')).toBe('4');
  expect(await notebook.value('n.toUpperCase()')).toBe("'TEXT'");
  expect((await notebook.run('%%foreach i in 1..2\nn.foo(i)')).error).toContain(
    "'foo' does not exist on type 'string'",
  );
  expect((await notebook.run('%config typecheck')).out).toBe('error\n');
  await notebook.run('%config typecheck off');
  const off = await notebook.run('n = 5 as any as string; n.foo');
  expect([off.error, off.err]).toEqual(['', '']);
  expect((await notebook.run('%config typecheck loud')).error).toContain('W2036');
});

test('what a person means in plain JavaScript is no type error', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%config typecheck error');
  for (const code of [
    'const o = {}; o.a = 1',
    'function f(a, b) { return b }; f(1)',
    'globalThis.later = 5',
    'later + 1',
    'for (const x of [1, 2]) { var last = x }',
    'last + 1',
    '{a: 1, b: last}',
    'const fs = require("fs"); fs.existsSync("/")',
    'import path from "node:path"',
    'path.join("a", "b")',
    'class A { x = 1 }; const a = new A()',
    'class A { y = 2 }',
    'new A().y',
    'const list = []; list.push(1, "a")',
    'const m = await new Promise(r => setTimeout(() => r(1), 1))',
    'console.log(process.pid, Buffer.from("a"), fetch, structuredClone)',
    '%%bash --as det\necho hi > f',
    'const shown = (await det).text().trim()',
    '%%foreach r in [1, 2]\n%%bash --as set --value\necho $r',
    'const all2 = await set; all2["1"] + set[1].name.length',
    'display.html("<b>x</b>"); display(5, {id: "a"})',
    'bash("echo 1", {value: true, with: {last}}).map(x => x + 1)',
    'const {length, ...rest} = {length: 3, x: 1}; const [p, , q = 3] = [1, 2]; length + q',
    'enum Band { R = "r" }; Band.R',
    'const band: Band = Band.R; try { null.x } catch (e) { e.message }',
    'let total = 1',
    'total += 1; total++',
    'export const shared = 3; export function twice(x) { return 2 * x }',
    'twice(shared)',
    'for await (const each of [1]) console.log(each)',
    '_; Object.groupBy ?? 1; [1].at(-1); "a".replaceAll("a", "b")',
    '%status\nconst after = 1\n%status\n(after)',
  ]) {
    const {error} = await notebook.run(code);
    expect(error.includes('W1012') ? error : '', code).toBe('');
  }
});
