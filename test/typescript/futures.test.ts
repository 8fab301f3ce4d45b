import {join} from 'node:path';
import {inspect} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import type {Future} from '../../kernel/typescript/future.js';
import {HANDLE_KEY} from '../../kernel/typescript/messages.js';
import type {FutureRef} from '../../kernel/typescript/messages.js';
import type {FutureSet} from '../../kernel/typescript/set.js';
import {TestNotebook} from './notebook.js';

let notebook: TestNotebook;
beforeEach(() => {
  notebook = new TestNotebook();
});
afterEach(() => notebook.dispose());

const ref = (name: string, more: Partial<FutureRef> = {}): FutureRef => ({
  id: Buffer.from(name.padEnd(6, '.')).toString('hex').slice(0, 12),
  name,
  kind: 'files',
  ...more,
});
const set = (name: string, kind: FutureRef['kind'] = 'repo'): FutureRef => {
  const members = ['HSC-R', 'HSC-I'].flatMap(filter =>
    [23, 100].map(ccd => ({key: [filter, ccd], future: ref(`${filter.slice(-1)}${ccd}`, {kind})})),
  );
  return ref(name, {kind: 'set', variables: ['filter', 'ccd'], members});
};
const future = (given: FutureRef): Future => notebook.futures.handle(given) as Future;
const handles = (given: FutureRef): FutureSet & Record<string, Record<string, unknown>> =>
  notebook.futures.handle(given) as never;

describe('a future', () => {
  it('stands for its path in text', () => {
    const det = future(ref('det'));
    const text = '/weft:det:6465742e2e2e';
    expect(`<${det as unknown as string}>`).toBe(`<${text}>`);
    expect(String(det)).toBe(text);
    expect(det.path).toBe(text);
    expect((det as unknown as string) + '/x').toBe(`${text}/x`);
    expect(join(det.path, 'a', '..', 'b')).toBe(`${text}/b`);
    expect(JSON.stringify({det})).toBe(`{"det":"${text}"}`);
  });

  it.each([
    ['root', (each: Future) => Reflect.get(each, 'root') as unknown],
    ['files', (each: Future) => each.files],
    ['length', (each: Future) => Reflect.get(each, 'length') as unknown],
    ['a number', (each: Future) => Number(each)],
    ['a property that is set', (each: Future) => Reflect.set(each, 'x', 1)],
    ['the directory of a value', () => future(ref('n', {kind: 'value'})).path],
  ])('refuses what needs its result: %s', (_, use) => {
    expect(() => use(future(ref('det')))).toThrow(TypeError);
  });

  it('says to await it first', () => {
    expect(() => Reflect.get(future(ref('det')), 'root') as unknown).toThrow(
      '`root` of det is not known yet: await it first, `(await det).root`',
    );
  });

  it('is shown without being awaited', () => {
    expect(inspect(future(ref('det')))).toBe('det: files, state unknown here');
    expect(inspect({a: [handles(set('warps'))]})).toContain('warps: set over filter, ccd, 4 futures');
    expect(notebook.sent).toEqual([]);
  });

  it('gives Files when awaited, and asks once', async () => {
    const det = ref('det');
    const both = Promise.all([future(det), future(det)]);
    await Promise.resolve();
    notebook.futures.settle(det.id, {is: 'files', path: import.meta.dirname, files: ['data.json']});
    const [files] = (await both) as unknown as [
      Iterable<string> & {json(): unknown; text(name?: string): string; readonly path: string},
    ];
    expect([...files]).toEqual([join(import.meta.dirname, 'data.json')]);
    expect(files.json()).toEqual({n: 3});
    expect(files.text('data.json')).toBe('{"n": 3}\n');
    expect(files.path).toBe(import.meta.dirname);
    expect(notebook.sent).toEqual([{type: 'await', future: det.id}]);
  });

  it('gives at each `await` what it comes to then: a task may have been started over', async () => {
    const n = ref('n', {kind: 'value'});
    const given: unknown[] = [];
    for (const settled of [
      {is: 'failed', name: 'n', message: 'exit 1'},
      {is: 'value', value: [1]},
      {is: 'value', value: [2]},
    ] as const) {
      const asked = Promise.resolve(future(n)).catch((error: unknown) => (error as Error).message);
      await Promise.resolve();
      notebook.futures.settle(n.id, settled);
      given.push(await asked);
    }
    expect(given).toEqual(['n: exit 1', [1], [2]]);
    expect(notebook.sent).toHaveLength(3);
  });

  it('calls the function of its `map` again when the kernel says so', async () => {
    const n = ref('n', {kind: 'value'});
    const doubled = future(n).map(value => (value as number) * 2);
    notebook.futures.settle(n.id, {is: 'failed', name: 'n', message: 'exit 1'});
    await expect(Promise.resolve(doubled)).rejects.toThrow('exit 1');
    const {id} = notebook.futures.refOf(doubled)!;
    notebook.futures.told({type: 'mapAgain', future: id});
    notebook.futures.settle(n.id, {is: 'value', value: 4});
    expect(await doubled).toBe(8);
    notebook.futures.told({type: 'mapAgain', future: '000000000000'});
    const told = notebook.sent.filter(each => each.type === 'mapped').map(({settled}) => settled);
    expect(told).toMatchObject([{is: 'failed'}, {is: 'value', value: 8}, {is: 'failed', message: /lost/}]);
  });

  it('of a value gives the value, and its files apart', async () => {
    const n = ref('n', {kind: 'value', files: true});
    const handle = future(n);
    const {id} = notebook.futures.refOf(handle.files)!;
    expect([handle.path, handle.files?.path]).toEqual([`/weft:n.files:${id}`, `/weft:n.files:${id}`]);
    expect(String(handle)).not.toContain('files');
    const both = Promise.all([handle, handle.files]);
    await Promise.resolve();
    notebook.futures.settle(n.id, {is: 'value', value: {a: 1}, files: {path: '/x', files: ['b']}});
    notebook.futures.settle(id, {is: 'files', path: '/x', files: ['b']});
    expect(await both).toMatchObject([{a: 1}, {path: '/x', files: ['b']}]);
    expect(notebook.sent).toMatchObject([
      {type: 'call', function: 'files', future: id, arguments: [{[HANDLE_KEY]: n.id}]},
      {type: 'await'},
      {type: 'await'},
    ]);
  });

  it('that failed or was refused rejects', async () => {
    const bad = notebook.futures.result((notebook.futures.refOf(future(ref('bad'))) ?? ref('bad')).id);
    notebook.futures.settle(ref('bad').id, {is: 'failed', name: 'bad', message: 'exit 1'});
    await expect(bad).rejects.toMatchObject({
      name: 'TaskFailed',
      message: 'bad: exit 1',
      stack: 'TaskFailed: bad: exit 1',
      errors: undefined,
    });
    await notebook.run('bash("x")');
    const call = notebook.sent.find(each => each.type === 'call');
    notebook.futures.refuse(call?.future ?? '', {ename: 'Diagnostic', evalue: 'no such option', traceback: []});
    await expect(Promise.resolve(notebook.futures.handle(notebook.futures.byId(call?.future ?? '')!))).rejects.toThrow(
      'no such option',
    );
  });

  it('is mapped in the user’s process, and the kernel hears the result', async () => {
    const n = ref('n', {kind: 'value'});
    const doubled = future(n).map(async value => (value as number) * 2);
    notebook.futures.settle(n.id, {is: 'value', value: 21});
    expect(await doubled).toBe(42);
    const [call, , mapped] = notebook.sent as unknown as Record<string, unknown>[];
    expect(call).toMatchObject({type: 'call', function: 'map', arguments: [{[HANDLE_KEY]: n.id}]});
    expect(mapped).toEqual({type: 'mapped', future: call?.['future'], settled: {is: 'value', value: 42}});
  });
});

describe('a set', () => {
  it('is indexed by its variables, outermost first', () => {
    const warps = handles(set('warps'));
    expect(String(warps['HSC-R']?.['23'])).toMatch('/weft:R23:');
    expect(warps.at({filter: 'HSC-R', ccd: 23})).toBe(warps['HSC-R']?.['23']);
    expect(warps.at({ccd: 23, filter: 'HSC-I'})).toBe(warps['HSC-I']?.['23']);
    expect(warps.size).toBe(4);
    expect([...warps.keys()]).toEqual([
      ['HSC-R', 23],
      ['HSC-R', 100],
      ['HSC-I', 23],
      ['HSC-I', 100],
    ]);
    expect(Array.from(warps as Iterable<[unknown, Future]>, ([key, each]) => [key, String(each)])[0]).toEqual([
      ['HSC-R', 23],
      String(warps['HSC-R']?.['23']),
    ]);
    expect(Object.keys(warps)).toEqual(['HSC-R', 'HSC-I']);
    expect([...(warps['HSC-I'] as unknown as FutureSet).keys()]).toEqual([23, 100]);
  });

  it('lets a loop value win over a method of its name, but for `then`', () => {
    const members = ['size', 'keys', 'then'].map(key => ({key: [key], future: ref(key)}));
    const odd = handles(ref('odd', {kind: 'set', variables: ['x'], members}));
    expect(String(odd.size)).toMatch('/weft:size:');
    expect(String((odd as Record<string, unknown>)['keys'])).toMatch('/weft:keys:');
    expect(typeof odd.then).toBe('function');
  });

  it.each([
    ['a template', (each: FutureSet) => String(each)],
    ['an unknown element', (each: FutureSet) => Reflect.get(each, 'HSC-Z') as unknown],
    ['a path', (each: FutureSet) => Reflect.get(each, 'path') as unknown],
    ['a number', (each: FutureSet) => Number(each)],
    ['an unknown variable', (each: FutureSet) => each.at({visit: 1})],
  ])('is no %s', (_, use) => {
    expect(() => use(handles(set('warps')))).toThrow(TypeError);
  });

  it('gives results that print and serialise as an object, and are a map', async () => {
    const given = set('warps', 'value');
    const warps = handles(given);
    const results = Promise.resolve(warps);
    await Promise.resolve();
    notebook.futures.settle(given.id, {
      is: 'set',
      variables: ['filter', 'ccd'],
      members: given.members!.map(({key}, index) => ({key, settled: {is: 'value', value: index}})),
    });
    const result = (await results) as ReadonlyMap<unknown, unknown> & Record<string, unknown>;
    expect(JSON.stringify(result)).toBe('{"HSC-R":{"23":0,"100":1},"HSC-I":{"23":2,"100":3}}');
    expect(inspect(result)).toContain("'HSC-R': { '23': 0, '100': 1 }");
    expect(result.size).toBe(4);
    expect(result.get(['HSC-I', 23])).toBe(2);
    expect([...result.values()]).toEqual([0, 1, 2, 3]);
  });

  it('rejects with all failures named', async () => {
    const given = set('warps');
    const warps = handles(given);
    const results = Promise.resolve(warps);
    results.catch(() => undefined);
    await Promise.resolve();
    notebook.futures.settle(given.id, {
      is: 'set',
      variables: ['filter', 'ccd'],
      members: given.members!.map(({key}, index) => ({
        key,
        settled:
          index < 2
            ? {is: 'failed', name: `warps[${key.map(String).join()}]`, message: 'exit 1'}
            : {is: 'value', value: 1},
      })),
    });
    await expect(results).rejects.toThrow('2 of 4 failed\n  warps[HSC-R,23]: exit 1\n  warps[HSC-R,100]: exit 1');
  });

  it('becomes known later', () => {
    const late = handles(ref('late', {kind: 'set', variables: ['x']}));
    expect(() => late['a']).toThrow('the elements of late are not known yet: await it first');
    notebook.futures.handle(ref('late', {kind: 'set', variables: ['x'], members: [{key: ['a'], future: ref('a')}]}));
    expect(String(late['a'] as unknown as Future)).toMatch('/weft:a:');
  });

  it('in parts is told to the kernel when it is sent', async () => {
    notebook.names.define('warps', handles(set('warps')));
    await notebook.run('join(warps["HSC-R"], {as: "j"})');
    expect(notebook.sent).toMatchObject([
      {
        function: 'all',
        arguments: [
          ['ccd'],
          [
            [[23], {}],
            [[100], {}],
          ],
        ],
      },
      {function: 'join', arguments: [{[HANDLE_KEY]: (notebook.sent[0] as {future: string}).future}, {as: 'j'}]},
    ]);
  });
});

describe('a function of the notebook', () => {
  it('makes its handle at once and sends its arguments', async () => {
    const made = await notebook.value(
      'const a = bash("echo 1", {value: true, out: ["x"], allowEmpty: true})\nconst b = lsst("processCcd.py", {from: {up: a}, id: {visit: [1, 2]}, skip: undefined}); [a.kind, a.files.kind, b.kind, b.name].join()',
    );
    expect(made).toBe('value,files,repo,processCcd');
    const [first, second] = notebook.sent as unknown as {future: string; arguments: unknown[]}[];
    expect(first).toMatchObject({
      type: 'call',
      cell: 'cell',
      function: 'bash',
      future: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(first?.arguments).toEqual(['echo 1', {value: true, out: ['x'], allowEmpty: true}]);
    expect(second?.arguments).toEqual([
      'processCcd.py',
      {from: {up: {[HANDLE_KEY]: first?.future}}, id: {visit: [1, 2]}},
    ]);
  });

  it.each([
    ['bash("x", {with: {f: () => 1}})', 'options.with.f is a function, which is no JSON'],
    ['bash("x", {with: {d: [1, new Date()]}})', 'options.with.d[1] is a Date, which is no JSON'],
    ['bash("x", {with: {"a b": NaN}})', 'options.with["a b"] is NaN, which is no JSON'],
    [
      'bash("x", {with: {m: new Map([[1, 2]])}})',
      'options.with.m is a Map, which is no JSON (a Map of futures is a set)',
    ],
    ['const o: any = {}; o.o = o; bash("x", {with: o})', 'options.with.o contains itself, which is no JSON'],
    ['bash("x", {with: {a: 1, x: undefined}})', 'options.with.x is undefined, which is no JSON'],
    ['lsst("processCcd", {id: {visit: undefined}})', 'options.id.visit is undefined, which is no JSON'],
    ['bash("x", {with: {t: "half \\ud83d"}})', 'options.with.t has half of a character in it'],
    ['bash("x", {with: {t: {"\\udc00": 1}}})', 'a key of options.with.t has half of a character in it'],
    ['bash(5 as any)', 'bash takes a script as a string, not a number'],
    ['all({a: 1})', 'all takes futures only, and ["a"] is none'],
  ])('%s is a TypeError', async (cell, message) => {
    await expect(notebook.run(cell)).rejects.toThrow(message);
  });

  it('takes sets as objects, arrays and maps', async () => {
    await notebook.run('const f = bash("x"); const g = bash("y")');
    await notebook.run(
      'const s = all({a: f, b: g}); bash("z", {from: {ups: new Map([[1, f], [2, g]]), list: [f, g], s}})',
    );
    const calls = notebook.sent.slice(2) as unknown as {function: string; future: string; arguments: unknown[]}[];
    expect(calls.map(each => each.function)).toEqual(['all', 'all', 'bash']);
    expect(calls[0]?.arguments).toMatchObject([
      ['key'],
      [
        [['a'], {}],
        [['b'], {}],
      ],
    ]);
    expect(calls[2]?.arguments[1]).toMatchObject({
      from: {ups: {[HANDLE_KEY]: calls[1]?.future}, list: [{}, {}], s: {[HANDLE_KEY]: calls[0]?.future}},
    });
  });

  it('of a join has the kind of its members', async () => {
    expect(await notebook.value('join([bash("x"), bash("y")]).kind + join([lsst("t")]).kind + repo("/r").kind')).toBe(
      'filesreporepo',
    );
  });
});

describe('expressions of magic lines', () => {
  const table = (sources: string[], rows: Record<string, string | number>[] = [], deferrable = false) =>
    notebook.evaluator.table(sources, rows, deferrable);

  it('are evaluated for each row, in the notebook’s names', async () => {
    await notebook.run('const base = 10; const nested = {list: [1, {a: null}]}');
    expect(
      await table(
        ['base + x', 'nested', '`${x}-${y}`', '{a: x}'],
        [
          {x: 1, y: 'p'},
          {x: 2, y: 'q'},
        ],
      ),
    ).toEqual([
      [
        {is: 'json', value: 11},
        {is: 'json', value: {list: [1, {a: null}]}},
        {is: 'json', value: '1-p'},
        {is: 'json', value: {a: 1}},
      ],
      [
        {is: 'json', value: 12},
        {is: 'json', value: {list: [1, {a: null}]}},
        {is: 'json', value: '2-q'},
        {is: 'json', value: {a: 2}},
      ],
    ]);
  });

  it('tell futures, handles inside, errors, and what is no JSON', async () => {
    notebook.names.define('det', future(ref('det')));
    const [row] = await table([
      'det',
      '[det]',
      'nope',
      '() => 1',
      'undefined',
      'a)(b',
      '1;',
      'await Promise.resolve(3)',
      'new Map([[1, 2]])',
      'new Map([["k", det]])',
      'x => ',
    ]);
    expect(row).toMatchObject([
      {is: 'future', ref: ref('det')},
      {is: 'json', value: [{[HANDLE_KEY]: ref('det').id}]},
      {is: 'error', error: {ename: 'ReferenceError', evalue: 'nope is not defined'}},
      {is: 'other', type: 'function'},
      {is: 'other', type: 'undefined'},
      {is: 'error', error: {ename: 'SyntaxError'}},
      {is: 'error', error: {ename: 'SyntaxError'}},
      {is: 'json', value: 3},
      {is: 'other', type: 'Map'},
      {is: 'future', ref: {kind: 'set'}},
      {is: 'error', error: {ename: 'SyntaxError'}},
    ]);
  });

  it('with a value future are deferred, with the JSON that there was', async () => {
    const n = ref('n', {kind: 'value'});
    notebook.names.define('n', future(n));
    notebook.names.define('det', future(ref('det')));
    await notebook.run('let list = [1]; let more = 5; const f = (x: number) => x * 2');
    const [row] = await table(['n + list.length + more + x', 'det', '`${det}/${f(n)}`', 'more'], [{x: 100}], true);
    expect(row).toMatchObject([
      {is: 'deferred', needs: [n.id]},
      {is: 'future'},
      {is: 'deferred'},
      {is: 'json', value: 5},
    ]);
    await notebook.run('list.push(2); more = 6');
    const token = (index: number) => (row?.[index] as {token: string}).token;
    expect(notebook.evaluator.resume(token(0), {[n.id]: {is: 'value', value: 1000}})).toEqual({
      is: 'json',
      value: 1106,
    });
    expect(notebook.evaluator.resume(token(2), {[n.id]: {is: 'value', value: 4}})).toEqual({
      is: 'json',
      value: '/weft:det:6465742e2e2e/8',
    });
    expect(notebook.evaluator.resume('gone', {})).toMatchObject({is: 'error'});
  });

  it('that are deferred take no name that was bound later', async () => {
    const n = ref('n', {kind: 'value'});
    notebook.names.define('n', future(n));
    await notebook.run('const URL = 1');
    const [row] = await table(['n + later', 'n + URL', 'typeof later + n'], [], true);
    expect(row).toMatchObject([
      {is: 'error', error: {ename: 'ReferenceError', evalue: 'later is not defined'}},
      {is: 'deferred'},
      {is: 'deferred'},
    ]);
    await notebook.run('const later = 5, URL = 6');
    const value = (at: number): unknown =>
      notebook.evaluator.resume((row?.[at] as {token: string}).token, {[n.id]: {is: 'value', value: 1}});
    expect([value(1), value(2)]).toEqual([
      {is: 'json', value: 2},
      {is: 'json', value: 'undefined1'},
    ]);
  });

  it('with the files of a value do not wait for it, but for what else they take', async () => {
    const n = ref('n', {kind: 'value', files: true});
    const member = ref('m1', {kind: 'value', files: true});
    const some = ref('some', {kind: 'set', variables: ['x'], members: [{key: [1], future: member}]});
    const object = ref('object', {kind: 'value'});
    for (const each of [n, some, object]) notebook.names.define(each.name, notebook.futures.handle(each));
    const codes = [
      'n.files.path',
      '`${n["files"]}/${n}`',
      'some[x].files',
      'object.files',
      '((n) => n.files)({files: 1})',
    ];
    const [row] = await table(codes, [{x: 1}], true);
    const placeholderOf = (each: FutureRef): string => (notebook.futures.handle(each) as Future).files!.path;
    expect(row).toMatchObject([
      {is: 'json', value: placeholderOf(n)},
      {is: 'deferred', needs: [n.id]},
      {is: 'future', ref: {name: 'm1.files', kind: 'files'}},
      {is: 'deferred', needs: [object.id]},
      {is: 'json', value: 1},
    ]);
    const value = (at: number, id: string, given: JsonValue): unknown =>
      notebook.evaluator.resume((row?.[at] as {token: string}).token, {[id]: {is: 'value', value: given}});
    expect(value(1, n.id, 3)).toEqual({is: 'json', value: `${placeholderOf(n)}/3`});
    expect(value(3, object.id, {files: 4})).toEqual({is: 'json', value: 4});
  });

  it('with a set of values are deferred, and a loop variable hides a name', async () => {
    const given = set('counts', 'value');
    notebook.names.define('counts', handles(given));
    const [row] = await table(['counts["HSC-R"][ccd]'], [{ccd: 23}], true);
    expect(row).toMatchObject([{is: 'deferred', needs: [given.id]}]);
    const members = given.members!.map(({key}, index) => ({key, settled: {is: 'value' as const, value: index}}));
    expect(
      notebook.evaluator.resume((row?.[0] as {token: string}).token, {
        [given.id]: {is: 'set', variables: ['filter', 'ccd'], members},
      }),
    ).toEqual({is: 'json', value: 0});
    expect(await table(['counts'], [{counts: 1}], true)).toEqual([[{is: 'json', value: 1}]]);
    expect(await table(['counts'], [], false)).toMatchObject([[{is: 'future'}]]);
  });

  it('see names of the platform that a cell has bound', async () => {
    await notebook.run('const process = {env: 4}; const URL = () => 5');
    expect(await table(['process.env + URL()'])).toEqual([[{is: 'json', value: 9}]]);
  });
});
