import {utimesSync, writeFileSync} from 'node:fs';
import fc from 'fast-check';
import {beforeAll, expect, test} from 'vitest';
import {DECLARATIONS} from '../../kernel/typescript/language/declarations.js';
import type {LanguageCompletions} from '../../kernel/typescript/language/language-messages.js';
import {CellLanguage} from '../../kernel/typescript/language/service.js';
import {registry} from '../../magics/registry.js';
import {scratch} from '../rig/scratch.js';

// One service for all tests: it reads its libraries once.
const language = new CellLanguage({directory: import.meta.dirname, declarations: DECLARATIONS + registry.declarations});
let cells = 0;
// On a busy machine that takes some seconds.
beforeAll(() => language.warm(), 60_000);

/** Runs a cell, as the types see it, and gives the errors as `number: the text that is marked`. */
function run(code: string, names: readonly string[] = []): readonly string[] {
  const cell = {key: `cell ${++cells}`, code};
  language.add({is: 'cell', cell});
  return language.check(cell, names).map(({number, span}) => `${number}: ${code.slice(span.start, span.end)}`);
}

const complete = (code: string): LanguageCompletions => language.complete(code, code.length, []);

test('each cell sees the last declaration of a name before it, and its own first', () => {
  language.add({is: 'lost'});
  expect(run('let x = 1; const c = [1]; type T = {a: string}; function f(): number { return 1 }')).toEqual([]);
  expect(run('x = "a"; c.foo; const t: T = {a: 1}; f().foo')).toEqual(['2322: x', '2339: foo', '2322: a', '2339: foo']);
  expect(run('const x = "a"; function f(): string { return x }')).toEqual([]);
  expect(run('x.length; f().length; f().toFixed(); x.toFixed()')).toEqual(['2551: toFixed', '2551: toFixed']);
  expect(
    run('interface T { b: number }; if (true) { var deep = 5 }; const {a: {q}, ...r} = {a: {q: 1}, z: 2}'),
  ).toEqual([]);
  expect(run('deep.foo; const t2: T = {b: 1}; q.foo; r.z; r.y')).toEqual(['2339: foo', '2339: foo', '2339: y']);
  expect(run('{a: 1, b: x.foo}')).toEqual(['2339: foo']);
  language.add({is: 'name', name: 'x', type: 'Future<Files>'});
  expect(run('x.toFixed; (await x).texts()')).toEqual(['2339: toFixed', '2551: texts']);
  language.add({is: 'lost'});
  expect(run('x')).toEqual(['2304: x']);
  expect(run('x.anything', ['x'])).toEqual([]);
});

test('a task gives what its options say', () => {
  expect(run('const ids = await lsst("processCcd", {args: "--id --show data"}); ids.length')).toEqual([]);
  expect(run('const done = await lsst("processCcd", {args: "--id"}); done.rerun; done.length')).toEqual([
    '2339: length',
  ]);
  expect(run('(await bash("ls", {value: true})).any; (await bash("ls")).any')).toEqual(['2339: any']);
  const wrong = {key: 'wrong', code: 'lsst("processCcd", {form: 1})'};
  expect(language.check(wrong, []).map(({message}) => message)).toEqual([
    "Object literal may only specify known properties, and 'form' does not exist in type 'LsstOptions'",
  ]);
  expect(language.inspect('lsst(', 5, [])).toMatch(/^lsst\(task: string, options\?: LsstOptions\)/);
});

test('many cells are forgotten, but those that a name comes from', () => {
  run('const first = {kept: 1}');
  run('const second = {...first, more: 2}');
  for (let i = 0; i < 250; i++)
    language.add({is: 'cell', cell: {key: `many ${i}`, code: `const many = ${i}; second.more`}});
  expect(run('second.kept.foo; second.more.foo; many.foo')).toEqual(['2339: foo', '2339: foo', '2339: foo']);
});

test('a module without types, a name that is unknown where it is known elsewhere, and broken text are no errors', () => {
  expect(run('import x1 from "there-is-none"; x1.foo; require("nor-this").bar')).toEqual([]);
  expect(run('const = 5; x.toFixed(')).toEqual([]);
  expect(run('let r1: number = "a" // a type error\n// @ts-ignore\nlet r2: number = "a"')).toEqual(['2322: r1']);
});

test('a module of TypeScript has its types, those of after an edit too', () => {
  using folder = scratch();
  const path = folder.at('lib.ts');
  writeFileSync(path, 'export const n: number = 1;');
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  expect(run(`import {n} from "${path}"; n.trim()`)).toEqual(['2339: trim']);
  writeFileSync(path, 'export const n: string = "";');
  expect(run(`import {n} from "${path.slice(0, -3)}.js"; n.trim(); n.foo`)).toEqual(['2339: foo']);
});

test('the functions know every option of their magics', () => {
  const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  for (const {shape} of registry.tasks) {
    const call = `${shape.name}(${shape.name === 'join' ? '[]' : '"x"'}, {`;
    const offered = complete(call).matches.map(({text}) => text);
    // What is joined is the first argument.
    const options = Object.keys(shape.options)
      .map(camel)
      .filter(name => shape.name !== 'join' || name !== 'from');
    expect(
      options.filter(name => !offered.includes(name)),
      shape.name,
    ).toEqual([]);
  }
  for (const name of registry.ownNames)
    expect(
      complete(name.slice(0, -1)).matches.map(({text}) => text),
      name,
    ).toContain(name);
});

const SAMPLES = [
  'const é😀 = `a${[1, 2].map(x => x.',
  'class A { #p = 1; get q() { return this.#p } static { new A().',
  'import fs, {read',
  'for await (const [a, {b}] of x) { if (a ?? b) { b?.c["',
  '{a: 1, "b',
  'lsst("processCcd", {id: {visit: 1}, from: ',
  '<T,>(x: T) => x as const satisfies ',
  '/** doc */ function f(a = (',
];

test('every cursor of every sample, whole or cut, can be asked for completions and inspected', () => {
  const one = fc.record({sample: fc.constantFrom(...SAMPLES), cut: fc.nat(60), whole: fc.boolean()});
  fc.assert(
    fc.property(one, ({sample, cut, whole}) => {
      const at = Math.min(cut, sample.length);
      const text = whole ? sample : sample.slice(0, at);
      const {start, end} = language.complete(text, at, ['name']);
      expect(start).toBeLessThanOrEqual(end);
      expect(end).toBe(at);
      language.inspect(text, at, ['name']);
    }),
    {seed: 20261123, numRuns: process.env['WEFT_SOAK'] === undefined ? 20 : 2000},
  );
});
