import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {TestNotebook} from './notebook.js';

let notebook: TestNotebook;
beforeEach(() => {
  notebook = new TestNotebook();
});
afterEach(() => notebook.dispose());

/** Each is a series of cells, and the value of the last. */
const samples: readonly (readonly [cells: string[], value: unknown])[] = [
  [['const x: number = 1; x'], 1],
  [['const x = 1', 'const x = 2; x'], 2],
  [['class Q {}; Object.keys(new Q()).length'], 0],
  [['class Q {}', 'class Q { z = 1 }; new Q().z'], 1],
  [['await Promise.resolve(5)'], 5],
  [['import os from "node:os"; typeof os.cpus'], 'function'],
  [['import { join as j, sep } from "node:path"; j("a", "b") + sep'], 'a/b/'],
  [
    ['import * as url from "node:url"\nimport crypto from "node:crypto"\n;typeof url.URL + crypto.randomUUID().length'],
    'function36',
  ],
  [['import type { Stats } from "node:fs"; let s: Stats | undefined; s'], undefined],
  [['const { a, b: [q = 7, ...rest] }: any = { a: 1, b: [, 2, 3] }; a + q + rest.length'], 10],
  [['enum E { X, Y }; E.Y'], 1],
  [['interface I { a: number }; const i: I = { a: 1 }; i.a'], 1],
  [['const x = 2; function f<T>(v: T) { return v }; f(x)'], 2],
  [['function f<T>(v: T) { return v }', 'const q = 7', 'f(2) + q'], 9],
  [['class P { constructor(private n: number) {} get() { return this.n } }; new P(3).get()'], 3],
  [['({ a: 1 }).a'], 1],
  [['export const e1 = 3, e2 = e1 + 1; e2'], 4],
  [['let u; u'], undefined],
  [['for (const z of [1]) await z'], undefined],
  [['type T = 1'], undefined],
  [['(await import("node:path")).default.sep'], '/'],
  // Functions that are declared again.
  [['function g() { return 1 }; function f() { return g() }', 'function g() { return 2 }', 'f()'], 2],
  [['f2(); function f2() { return 1 }; f2()'], 1],
  [['async function af() { return 4 }; function* gf() { yield 5 }; [await af(), ...gf()].join()'], '4,5'],
  [['function named() {}; const arrow = () => 1; named.name + arrow.name'], 'namedarrow'],
  // Loops, blocks, `var`.
  [['let sum = 0; for await (const n of [Promise.resolve(1), 2]) sum += n; sum'], 3],
  [['for (var i = 0; i < 3; i++) var last = i', '[i, last].join()'], '3,2'],
  [['{ var inBlock = 1 }', 'inBlock'], 1],
  [['for (var of1 of [1, 2]) {}', 'of1'], 2],
  [['for (var key in {a: 1, b: 2}) {}', 'key'], 'b'],
  [['if (false) { var never = 1 }; never'], undefined],
  [['var kept = 1', 'var kept; kept'], 1],
  [['try { throw 1 } catch (e) { var caught = e }', 'caught'], 1],
  [['for (let local = 0; local < 2; local++) {}; typeof local'], 'undefined'],
  [['{ let inner = 1; function block() {} }; typeof inner + typeof block'], 'undefinedundefined'],
  [['function scoped() { var own = 1; return own }; scoped() + typeof own'], '1undefined'],
  [['let y = 1; { let y = 2; y = 3 }; y'], 1],
  [['const {p = 2, ...others} = {z: 1} as any; p + Object.keys(others).join()'], '2z'],
  [['let [m, , n] = [1, 2, 3], o = m; [m, n, o].join()'], '1,3,1'],
  // Enums and namespaces are made anew, and merge in one cell.
  [['enum F { A }', 'enum F { B }', 'Object.keys(F).join()'], '0,B'],
  [['enum G { A }; enum G { B = 5 }; G.A + G.B'], 5],
  [['namespace N { export const a = 1 }', 'namespace N { export const b = 2 }', 'Object.keys(N).join()'], 'b'],
  // Decorators.
  [['const seen: string[] = []; function d(c: any) { seen.push(c.name) }; @d class A {}; seen.join()'], 'A'],
  [
    [
      'function up(t: any, k: string, p: any) { const f = p.value; p.value = () => f() + 1; return p }; class M { @up m() { return 1 } }; new M().m()',
    ],
    2,
  ],
  [
    [
      'const log: unknown[] = []; function told(value: any, {kind, name, static: s, private: p}: any) { log.push(`${kind} ${String(name)} ${s} ${p} ${typeof value}`) }',
      '@told class T { @told m() {} @told static s() {} @told get g() { return 1 } @told set w(v: number) {} @told f = 1; @told #q = 2; @told accessor a = 3; q() { return this.#q } }; log.sort().join("; ")',
    ],
    'accessor a false false object; class T undefined undefined function; field #q false true undefined; field f false false undefined; getter g false false function; method m false false function; method s true false function; setter w false false function',
  ],
  [
    [
      'function twice(value: any, context: ClassMethodDecoratorContext) { return function (this: any, ...args: any[]) { return 2 * value.apply(this, args) } }',
      'class W { n = 3; @twice @twice m(x: number) { return this.n + x } }; new W().m(2)',
    ],
    20,
  ],
  [
    [
      'const plus = (by: number) => (_: undefined, c: any) => (first: number) => first + by; class P { @plus(1) @plus(10) f = 5 }; new P().f',
    ],
    16,
  ],
  [
    [
      'const loud = ({get, set}: any, c: any) => ({get() { return get.call(this) + "!" }, set(v: string) { set.call(this, v.toUpperCase()) }, init: (v: string) => v + v}); class L { @loud accessor a = "x" }; const l = new L(); const before = l.a; l.a = "y"; [before, l.a].join()',
    ],
    'xx!,Y!',
  ],
  [
    [
      'const made: string[] = []; function bound(value: any, c: any) { c.addInitializer(function (this: any) { this[c.name] = this[c.name].bind(this); made.push(c.name) }) }; class B { v = 4; @bound get() { return this.v } }; const {get} = new B(); [get(), made.join()].join()',
    ],
    '4,get',
  ],
  [
    [
      'function other<T extends new (...a: any[]) => object>(c: T, _: any) { return class extends c { more = 8 } }; @other class O { v = 7 }; const oo = new O() as any; [oo.v, oo.more, O.name].join()',
    ],
    '7,8,',
  ],
  [
    [
      'const keep = (c: any) => c; export @keep class E1 {}; @(keep) class E2 { static readonly x = 1 }; [E1.name, E2.x].join()',
    ],
    'E1,1',
  ],
  // The innermost first.
  [
    [
      'const add = (text: string) => (f: any, _: any) => () => f() + text; class I { @add("2") @add("1") m() { return "0" } }; new I().m()',
    ],
    '012',
  ],
  [
    [
      'const put = (n: number) => (_: undefined, c: any) => (v: number[]) => [...v, n]; class J { @put(2) @put(1) f = [0] }; new J().f.join("")',
    ],
    '021',
  ],
  // Decorators of parameters are of the older kind, and so are methods' with three parameters.
  [
    [
      'const at: number[] = []; function par(_: any, __: any, i: number) { at.push(i) }; class Q { m(a: any, @par b: any) {} }; at.join()',
    ],
    '1',
  ],
  [['const sealed = (c: Function) => Object.seal(c); @sealed class S1 {}; Object.isSealed(S1)'], true],
  // Modules.
  [['export default 5'], 5],
  [['export default function ex() { return 6 }', 'ex()'], 6],
  [['export default class Ex { v = 7 }', 'new Ex().v'], 7],
  [['export default function () { return 8 }'], expect.any(Function)],
  [['import fs = require("node:fs"); typeof fs.readFileSync'], 'function'],
  [['const a1 = 1; export {a1, a1 as b1}; a1'], 1],
  [['export * from "node:path"; export {sep} from "node:path"; 1'], 1],
  [['import {Stats as NoSuchThing, nope} from "node:fs"; typeof NoSuchThing'], 'function'],
  [['import data from "./data.json" with {type: "json"}; data.n'], 3],
  [['import.meta.dirname'], import.meta.dirname],
  // Object literals.
  [['{a: 1, b: 2}'], {a: 1, b: 2}],
  [['// a comment\n{a: 1} // more'], {a: 1}],
  [['{}'], {}],
  [['{ let b = 1; b }'], undefined],
  [['{...{a: 1}, async f() {}, get g() { return 1 }}'], {a: 1, f: expect.any(Function), g: 1}],
  // A cell that ends in `;` shows nothing.
  [['1;'], undefined],
  [['1; // comment'], undefined],
  [['1 // comment;'], 1],
  [['1; /* a */ // b;'], undefined],
  [['"http://x;"'], 'http://x;'],
  [['`a\n//b;`'], 'a\n//b;'],
  [['"use strict"'], 'use strict'],
  [['1\n\n'], 1],
  [['1, 2'], 2],
  [[''], undefined],
  [['// nothing'], undefined],
  // Names of the platform.
  [['const Promise = 1, process = 2, setImmediate = 3', 'Promise + process + setImmediate'], 6],
  [['const Map = 1', 'const o = {Map}; o.Map'], 1],
  [['const fetch = (x: number) => x + 1', 'fetch(1)'], 2],
  [['let URL = 1', 'URL++; URL += 2; URL'], 4],
  [['const Set = 1', 'function inner(Set: number) { return Set }; inner(9)'], 9],
  [['const console = {log: () => 5}', 'console.log()'], 5],
  // Weft's own functions may be replaced.
  [['const bash = 1', 'bash'], 1],
  [['let v = 1, w = v + 1; v += w; v'], 3],
  [['label: for (const a of [1]) { continue label }'], undefined],
  [['const o = {a: 1, ["b" + 1]: 2, m() { return this.a }}; o.m() + o.b1'], 3],
  [['class S { static n = 1; static m = S.n + 1; #p = 3; get p() { return this.#p } }; S.m + new S().p'], 5],
  [['const f3 = function rec(n: number): number { return n ? rec(n - 1) : 0 }; f3(3)'], 0],
  [['const tag = (s: TemplateStringsArray, ...v: number[]) => s.raw.join("|") + v; tag`a${1}b`'], 'a|b1'],
];

describe('a TypeScript cell', () => {
  it.each(samples)('%j gives %j', async (cells, value) => {
    expect(await notebook.value(...cells)).toEqual(value);
  });

  it.each([
    ['undeclared = 1', 'ReferenceError', 'undeclared is not defined'],
    ['const broken: = 1', 'SyntaxError', 'Unexpected token'],
    ['const k = 1; k = 2', 'TypeError', 'Assignment to constant variable.'],
    ['const k = 1; k++', 'TypeError', 'Assignment to constant variable.'],
    ['const k = 1; [k] = [2]', 'TypeError', 'Assignment to constant variable.'],
    ['const k = 1; ({k} = {k: 2})', 'TypeError', 'Assignment to constant variable.'],
    ['const k = 1; for (k of [2]) {}', 'TypeError', 'Assignment to constant variable.'],
    ['import {sep} from "node:path"; sep = 1', 'TypeError', 'Assignment to constant variable.'],
    ['import {nope} from "node:path"; nope()', 'SyntaxError', "'node:path' has no export named 'nope'"],
    ['early; let early = 1', 'ReferenceError', 'early is not defined'],
    ['return 5', 'SyntaxError', "A 'return' statement can only be used within a function body."],
    ['let a = 1; let a = 2', 'SyntaxError', 'Identifier `a` has already been declared'],
  ])('%j throws %s: %s', async (cell, name, message) => {
    await expect(notebook.run(cell)).rejects.toMatchObject({name, message});
  });

  it('keeps the names that were bound before an error', async () => {
    await expect(notebook.run('let before = 1; throw new Error("no"); let after = 2')).rejects.toThrow('no');
    expect(await notebook.value('before + typeof after')).toBe('1undefined');
  });

  it('refuses to assign a constant of an earlier cell, until it is declared again', async () => {
    await notebook.run('const c = 1');
    await expect(notebook.run('c = 2')).rejects.toThrow('Assignment to constant variable.');
    expect(await notebook.value('c', 'let c = 3; c = 4; c')).toBe(4);
  });

  it('leaves an inner variable of a constant’s name alone', async () => {
    expect(
      await notebook.value(
        'const c = 1',
        'let r; { let c = 1; c = 2; r = c }; ((c: number) => { c = 3; r += c })(1); r',
      ),
    ).toBe(5);
  });

  it('leaves the platform’s own objects alone', async () => {
    const before = Promise;
    await notebook.run('const Promise = 1; const crypto = 2');
    expect(Promise).toBe(before);
    expect(typeof crypto.subtle).toBe('object');
  });

  it('does not wait for a promise that is its value', async () => {
    const result = await notebook.run('new Promise(() => {})');
    expect(result?.value).toBeInstanceOf(Promise);
  });

  it('awaits line magics in their places', async () => {
    const source = 'const a = 1\n%status x\nconst b = a + 1\n!ls \\\n  -l\nb';
    const lines = [
      {start: source.indexOf('%'), end: source.indexOf('\nconst b')},
      {start: source.indexOf('!'), end: source.lastIndexOf('\nb')},
    ];
    expect((await notebook.run(source, lines))?.value).toBe(2);
    expect(notebook.lines).toEqual([0, 1]);
  });

  it('shows no value when it ends in a line magic', async () => {
    expect((await notebook.run('1\n%status', [{start: 2, end: 9}]))?.value).toBeUndefined();
  });
});

describe('the places of an error', () => {
  const stackOf = async (source: string): Promise<string> => {
    const prepare: unknown = Reflect.get(Error, 'prepareStackTrace');
    notebook.errors.install();
    try {
      return await notebook.run(source).then(
        () => '',
        (error: unknown) => String((error as Error).stack),
      );
    } finally {
      Object.assign(Error, {prepareStackTrace: prepare});
    }
  };

  it.each([
    ['const a: number = 1\n  null.x', '1]:2:8'],
    ['interface I {\n  a: number\n}\n\nfunction f(): void {\n  throw new Error("here")\n}\nf()', '1]:6:9'],
    ['/* é😀 */ const é = "😀"; boom()', '1]:1:27'],
    ['{a: 1,\n b: boom()}', '1]:2:5'],
    ['{a: boom()}', '1]:1:5'],
    ['const f = (): never => { throw new Error("f") }\nconst x = 1, y = f()', '1]:1:32'],
    [
      'function d(value: any, context: any): void {}\n@d\nclass A<T> {\n  @d m(x: T): never {\n    throw new Error("in m")\n  }\n}\nnew A().m(1)',
      '1]:5:11',
    ],
    ['import {sep} from "node:path"\nimport os from "node:os"\nboom()', '1]:3:1'],
  ])('are those of the cell: %j', async (source, place) => {
    expect((await stackOf(source)).split('\n')[1]).toContain(`cell [${place}`);
  });

  it('leave out the machinery, and name functions', async () => {
    const stack = await stackOf('function f(): never { throw new Error("here") }\nconst g = () => f()\ng()');
    expect(stack).toBe('Error: here\n    at f (cell [1]:1:29)\n    at g (cell [1]:2:17)\n    at cell [1]:3:1');
  });

  it('are shown with the line', async () => {
    const prepare: unknown = Reflect.get(Error, 'prepareStackTrace');
    notebook.errors.install();
    const thrown = await notebook.run('const a = 1\n\tnull.x').catch((error: unknown) => error);
    const {traceback} = notebook.errors.content(thrown);
    Object.assign(Error, {prepareStackTrace: prepare});
    expect(traceback.slice(0, 4)).toEqual(['cell [1]:2:7', '  2 | \tnull.x', '    | \t     ^', '']);
  });
});
