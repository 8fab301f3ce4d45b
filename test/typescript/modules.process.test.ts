import {mkdirSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {openTestNotebook, type TestNotebook} from '../session/notebook.js';

/** Writes a file beside the notebook. Two of one size, written in one step of the file system's clock, differ all the same. */
let moment = 1_700_000_000;
function write({kernel}: TestNotebook, name: string, ...lines: readonly string[]): void {
  const path = join(kernel.directory, name);
  writeFileSync(path, lines.join('\n'));
  utimesSync(path, ++moment, moment);
}

test('TypeScript beside the notebook is imported, with all that it imports', async () => {
  await using nb = await openTestNotebook();
  mkdirSync(join(nb.kernel.directory, 'sub'));
  write(
    nb,
    'sub/sky.ts',
    "import {type Shape, helper} from '../dep.js';",
    "import {Other} from '../dep';",
    'enum Kind { A, B = 5 }',
    'export interface Point { x: number }',
    'export class Box<T> {',
    '  constructor(private readonly inner: T) {}',
    '  get value(): T { return this.inner; }',
    '}',
    'export const area = (s: Shape): Other => helper(s) * Kind.B;',
    'export default async function* many(): AsyncGenerator<string> { yield import.meta.url; }',
  );
  write(
    nb,
    'dep.ts',
    'export interface Shape { w: number }',
    'export type Other = number;',
    'export const helper = (s: Shape): number => s.w;',
  );
  write(nb, 'kind.mts', "export const kind: string = 'mts';");
  write(nb, 'old.cts', 'const x: number = 3;', 'module.exports = {x};');
  write(nb, 'plain.mjs', "import {helper} from './dep.ts';", 'export const seven = helper({w: 7});');
  expect(await nb.value('import {area, Box, type Point} from "./sub/sky.ts"; [area({w: 2}), new Box("q").value]')).toBe(
    "[ 10, 'q' ]",
  );
  // As TypeScript writes it, and by what is no literal.
  expect(await nb.value('import {area as same} from "./sub/sky.js"; same === area')).toBe('true');
  expect(await nb.value('const where = "./sub/sk" + "y.ts"; (await import(where)).area === area')).toBe('true');
  expect(await nb.value('import many from "./sub/sky"; (await many().next()).value')).toContain('/sub/sky.ts');
  expect(await nb.value('import {kind} from "./kind.mjs"; kind')).toBe("'mts'");
  expect(await nb.value('import {x} from "./old.cts"; [x, require("./old.cts").x]')).toBe('[ 3, 3 ]');
  expect(await nb.value('import {seven} from "./plain.mjs"; seven')).toBe('7');
  expect(
    (await nb.run('%%bash --with n=${(await import("./sub/sky.ts")).area({w: 1})} --as made --value\necho $n')).error,
  ).toBe('');
  expect(await nb.value('await made')).toBe('5');
});

test('a module is imported anew after an edit of it, or of what it imports, and the same one where nothing changed', async () => {
  await using nb = await openTestNotebook();
  write(nb, 'dep.js', 'export const one = 1;');
  write(nb, 'top.mjs', "import {one} from './dep.js';", 'export const ten = one * 10, mark = {};');
  write(nb, 'typed.ts', "export {ten} from './top.mjs';");
  expect(await nb.value('import {ten, mark} from "./top.mjs"; const old = mark, keep = () => ten; ten')).toBe('10');
  expect(await nb.value('import {mark} from "./top.mjs"; mark === old')).toBe('true');
  write(nb, 'dep.js', 'export const one = 2;');
  expect(await nb.value('import {ten, mark} from "./top.mjs"; [ten, mark === old, keep()]')).toBe('[ 20, false, 20 ]');
  expect(await nb.value('(await import("./top.mjs")).mark === mark')).toBe('true');
  expect(await nb.value('import {ten as t} from "./typed.ts"; t')).toBe('20');
  write(nb, 'typed.ts', "export {ten} from './top.mjs';", 'export const more: number = 1;');
  write(nb, 'dep.js', 'export const one = 3;');
  expect(await nb.value('import {ten as t, more} from "./typed.ts"; [t, more]')).toBe('[ 30, 1 ]');
  // One that failed is mended the same way.
  write(nb, 'dep.js', 'export const one = 0; throw new Error("half")');
  expect((await nb.run('import {ten} from "./top.mjs"')).error).toContain('half');
  write(nb, 'dep.js', 'export const one = 4;');
  expect(await nb.value('import {ten} from "./top.mjs"; ten')).toBe('40');
});

test('an error in a module has the place of its file, and a text that is no module has line, column and excerpt', async () => {
  await using nb = await openTestNotebook();
  write(
    nb,
    'fails.ts',
    'interface A {',
    '  a: number;',
    '}',
    '',
    'export const go = (x: A): void => {',
    '',
    '  throw new Error(`a is ${x.a}`);',
    '};',
  );
  const failed = await nb.run('import {go} from "./fails.ts"; go({a: 1})');
  expect(failed.error).toMatch(/Error: a is 1\n +at go \(file:.*\/fails\.ts:7:9\)\n +at cell \[1\]:1:32/);
  write(nb, 'fails.ts', 'export const go = (x: {a: number}): void => { throw new Error(`b is ${x.a}`); };');
  // The number of an edited module is nobody's business.
  expect((await nb.run('import {go} from "./fails.ts"; go({a: 1})')).error).toMatch(/\/fails\.ts:1:53\)/);
  write(nb, 'bad.ts', 'export const a: number = 1;', 'export const b = ;');
  expect((await nb.run('import {a} from "./bad.ts"')).error).toBe(
    [
      'SyntaxError: Unexpected token',
      'bad.ts:2:18',
      '  2 | export const b = ;',
      '    |                  ^',
      '',
      'SyntaxError: Unexpected token',
    ].join('\n'),
  );
  write(nb, 'bad.mjs', 'const b = {', '  x: 1', '  y: 2', '};');
  write(nb, 'via.js', 'import "./bad.mjs";');
  const via = (await nb.run('1;\nimport "./via.js"')).error;
  expect(via).toContain("SyntaxError: Unexpected identifier 'y'\nbad.mjs:3:3\n  3 |   y: 2\n    |   ^\n");
  expect(via).not.toContain('node:internal');
  // Another syntax error has nothing to do with it.
  expect((await nb.run('JSON.parse("{")')).error).toContain('cell [5]:1:6');
  write(nb, 'bad.cjs', 'const c = ;');
  expect((await nb.run('require("./bad.cjs")')).error).toMatch(/bad\.cjs:1\n.*const c = ;/);
  const missing = (await nb.run('import "./missing.ts"')).error;
  expect(missing).toContain(`Cannot find module '${nb.kernel.directory}/missing.ts' imported from cell [7]`);
  expect(missing).not.toMatch(/node:internal|user\.js/);
  rmSync(join(nb.kernel.directory, 'via.js'));
  expect((await nb.run('import "./via.js"')).error).toContain('Cannot find module');
});
