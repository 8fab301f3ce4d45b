import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import type {FromUser, Settled} from '../../kernel/typescript/messages.js';
import {orderMark} from '../../kernel/typescript/streams.js';
import {UserProcess} from '../../kernel/typescript/user-process.js';
import type {Death, Done, UserEvents} from '../../kernel/typescript/user-events.js';
import {bundledUser} from './bundled.js';

let path: string;
beforeAll(async () => {
  path = await bundledUser();
});
afterAll(() => rmSync(path, {force: true}));

type Said = Partial<FromUser> & {readonly name?: string; readonly text?: string};

/** A kernel that keeps what it hears, and settles what is awaited from a table. */
class TestKernel implements UserEvents {
  readonly directory = mkdtempSync(join(tmpdir(), 'weft-user-'));
  readonly heard: Said[] = [];
  readonly deaths: Death[] = [];
  readonly results: Record<string, Settled> = {};
  readonly user: UserProcess;
  text = {stdout: '', stderr: ''};
  #count = 0;
  #wishes: {fits: () => boolean; resolve: () => void}[] = [];

  constructor(flags: string[] = [], program = path) {
    this.user = new UserProcess({path: program, cwd: this.directory, flags}, this);
  }

  call = (message: object): void => this.#hear('call', message);
  await = (message: {future: string}): void => {
    const settled = this.results[message.future];
    if (settled) this.user.settled(message.future, settled);
    this.#hear('await', message);
  };
  mapped = (message: object): void => this.#hear('mapped', message);
  line = (message: {id: string}): void => {
    this.user.lineDone(message.id);
    this.#hear('line', message);
  };
  display = (message: object): void => this.#hear('display', message);
  clear = (message: object): void => this.#hear('clear', message);
  input = (message: {id: string}): void => {
    this.user.inputReply(message.id, 'answer');
    this.#hear('input', message);
  };
  output = (cell: string, name: 'stdout' | 'stderr', text: string): void => {
    this.text[name] += text;
    this.#hear('output', {cell, name, text});
  };
  died = (death: Death): void => {
    this.deaths.push(death);
    this.#check();
  };

  run(code: string): Promise<Done> {
    return this.user.execute(`msg-${++this.#count}`, this.#count, code);
  }

  get cell(): string {
    return `msg-${this.#count}`;
  }

  /** The text of a cell's value, else its error. */
  async shown(code: string): Promise<unknown> {
    const {result, error} = await this.run(code);
    return error ? `${error.ename}: ${error.evalue}` : result?.['text/plain'];
  }

  until(fits: () => boolean): Promise<void> {
    return new Promise(resolve => {
      this.#wishes.push({fits, resolve});
      this.#check();
    });
  }

  of(type: string): Said[] {
    return this.heard.filter(each => (each as {type: string}).type === type);
  }

  async close(): Promise<void> {
    await this.user.close();
    rmSync(this.directory, {recursive: true, force: true});
  }

  #hear(type: string, message: object): void {
    this.heard.push({...message, type} as Said);
    this.#check();
  }

  #check(): void {
    for (const {fits, resolve} of this.#wishes) if (fits()) resolve();
  }
}

let kernel: TestKernel;
const start = (flags: string[] = [], program = path): TestKernel => (kernel = new TestKernel(flags, program));
afterEach(() => kernel.close());

describe('a cell in the user’s process', () => {
  it('keeps names, prints, and shows its value', async () => {
    start();
    expect(await kernel.shown('const a = 41; console.log("hé", a); a + 1')).toBe('42');
    expect(kernel.text.stdout).toBe('hé 41\n');
    expect(await kernel.shown('a')).toBe('41');
    expect(await kernel.shown('undefined')).toBeUndefined();
    expect(await kernel.shown('new Promise(() => {})')).toBe('Promise { <pending> }');
  });

  it('captures native writes and those of children, before it is over', async () => {
    start();
    await kernel.run(
      'import fs from "node:fs"; import cp from "node:child_process"; console.log(1); fs.writeSync(1, "2\\n"); cp.execSync("echo 3; echo e >&2; (echo 4)", {stdio: "inherit"}); process.stdout.write("5\\n")',
    );
    expect(kernel.text).toEqual({stdout: '1\n2\n3\n4\n5\n', stderr: 'e\n'});
  });

  it('gets 20 000 lines out before it is over', async () => {
    start();
    await kernel.run('for (let i = 0; i < 20000; i++) console.log("x".repeat(79))');
    expect(kernel.text.stdout.length).toBe(20000 * 80);
  });

  it('survives names of the platform, exceptions of timers, and unhandled rejections', async () => {
    start();
    await kernel.run(
      'const Promise = 1; const process = 2; const setImmediate = 3; const Map = 4, JSON = 5, Buffer = 6, Error = 7',
    );
    expect(await kernel.shown('Promise + process + setImmediate + Map + JSON')).toBe('15');
    await kernel.run('setTimeout(() => { throw "late" }); (async () => { throw "never caught" })()');
    await kernel.until(() => /late[^]*never|never[^]*late/.test(kernel.text.stderr));
    await kernel.run('const failed = (async () => { throw "first told" })()');
    await kernel.until(() => kernel.text.stderr.includes('first told'));
    await kernel.run('await failed.catch(() => 0)');
    await kernel.run('setTimeout(() => console.error("later"))');
    await kernel.until(() => kernel.text.stderr.includes('later'));
    expect(kernel.text.stderr).not.toContain('Warning');
    expect(await kernel.shown('process')).toBe('2');
    await kernel.run(
      'for (const name of ["Promise", "process", "setImmediate", "Map", "JSON", "Buffer", "Error", "Object", "Symbol", "Array", "setTimeout"]) globalThis[name] = 8',
    );
    expect(await kernel.shown('({a: [1]})')).toBe('{ a: [ 1 ] }');
    expect(await kernel.shown('nothing()')).toBe('ReferenceError: nothing is not defined');
    expect(await kernel.user.evaluate('e', ['({a: JSON})'], [], false)).toEqual([[{is: 'json', value: {a: 5}}]]);
    expect(kernel.deaths).toEqual([]);
  });

  it('tells the place of an error', async () => {
    start();
    const {error} = await kernel.run('const a: number = 1\n  nothing()');
    expect(error?.traceback).toEqual([
      'cell [1]:2:3',
      '  2 |   nothing()',
      '    |   ^',
      '',
      'ReferenceError: nothing is not defined',
      '    at cell [1]:2:3',
    ]);
    expect((await kernel.run('const b: = 1')).error?.traceback).toEqual([
      'cell [2]:1:10',
      '  1 | const b: = 1',
      '    |          ^',
      '',
      'SyntaxError: Unexpected token',
    ]);
  });

  it('tells anything that is thrown, and a long stack down to the cell', async () => {
    start();
    const hostile = 'throw new Proxy({}, {get() { throw 1 }, getPrototypeOf() { throw 2 }})';
    expect(await kernel.shown(hostile)).toBe('Error: an error that can not be shown');
    expect(await kernel.shown('throw null')).toBe('Error: null');
    expect(await kernel.shown('throw Object.create(null)')).toContain('Error: [Object: null prototype] {}');
    writeFileSync(
      join(kernel.directory, 'deep.cjs'),
      'exports.f = n => { if (n === 0) throw new Error("deep"); exports.f(n - 1) }',
    );
    expect((await kernel.run('require("./deep.cjs").f(20)')).error?.traceback).toContain('    at cell [4]:1:23');
    const {error} = await kernel.run('const endless = () => endless(); endless()');
    expect(error?.traceback.filter(line => line.includes(' at '))).toHaveLength(10);
  });

  it('is no forked process to its code, and ends by no signal to the group', async () => {
    start();
    expect(await kernel.shown('typeof process.send + typeof process.disconnect')).toBe("'undefinedundefined'");
    expect(await kernel.shown('process.channel; Reflect.getPrototypeOf(process) && 1')).toBe('1');
    const said = kernel.shown(
      'await new Promise(resolve => { process.once("SIGINT", () => resolve(5)); console.log("on") })',
    );
    await kernel.until(() => kernel.text.stdout.includes('on'));
    process.kill(kernel.user.pid ?? 0, 'SIGINT');
    expect(await said).toBe('5');
    process.kill(kernel.user.pid ?? 0, 'SIGINT');
    expect(await kernel.shown('6')).toBe('6');
    expect(kernel.deaths).toEqual([]);
  });

  it('imports and requires relative to the notebook', async () => {
    start();
    writeFileSync(join(kernel.directory, 'lib.mjs'), 'export const one = 1');
    writeFileSync(join(kernel.directory, 'lib.cjs'), 'exports.two = 2');
    expect(
      await kernel.shown(
        'import {one} from "./lib.mjs"; one + require("./lib.cjs").two + (await import("./lib.mjs")).one',
      ),
    ).toBe('4');
  });

  it('tells the import that failed, with its place and without the machinery of loaders', async () => {
    start();
    writeFileSync(join(kernel.directory, 'bad.mjs'), 'const a = 1;\nthrow new Error("at load");\n');
    expect((await kernel.run('1\nimport "./bad.mjs"')).error?.traceback).toEqual([
      'cell [1]:2:1',
      '  2 | import "./bad.mjs"',
      '    | ^',
      '',
      'Error: at load',
      `    at file://${kernel.directory}/bad.mjs:2:7`,
      '    at async cell [1]:2:1',
    ]);
    const {error} = await kernel.run('import x from "no-such-package"');
    expect(error?.evalue).toBe("Cannot find package 'no-such-package' imported from cell [2]");
    expect(error?.traceback.slice(0, 3)).toEqual(['cell [2]:1:1', '  1 | import x from "no-such-package"', '    | ^']);
    expect(error?.traceback.join('\n')).not.toContain('node:internal');
    expect((await kernel.run('import {\n  sep,\n  nope\n} from "node:path"; nope')).error?.traceback[0]).toBe(
      'cell [3]:3:3',
    );
  });

  it('gives the value behind an import of types', async () => {
    start();
    expect(await kernel.shown('import type {A} from "nowhere"; 5')).toBe('5');
  });

  it('displays, updates, clears and asks', async () => {
    start();
    await kernel.run(
      'display({a: 1}); display.html("<b>x</b>", {id: "d"}); display.md("# t"); display.update("d", 2); display.clear({wait: true})',
    );
    expect(kernel.of('display').map(each => ('data' in each ? Object.keys(each.data ?? {}) : []))).toEqual([
      ['text/plain'],
      ['text/html', 'text/plain'],
      ['text/markdown', 'text/plain'],
      ['text/plain'],
    ]);
    expect(kernel.of('display')[3]).toMatchObject({update: true, displayId: 'd', cell: 'msg-1'});
    expect(kernel.of('clear')).toMatchObject([{wait: true}]);
    expect(await kernel.shown('await input("who?") + 1')).toBe("'answer1'");
    const {result} = await kernel.run('({[Symbol.for("Jupyter.display")]: () => ({"text/html": "<i>"})})');
    expect(result).toMatchObject({'text/html': '<i>'});
  });

  it('keeps the order of text and displays', async () => {
    start();
    await kernel.run('for (let i = 0; i < 5; i++) { console.log(i); display(i) }');
    const order = kernel.heard.map(each => ('text' in each ? each.text : 'display'));
    expect(order.join('')).toBe('0\ndisplay1\ndisplay2\ndisplay3\ndisplay4\ndisplay');
  });

  it('awaits line magics', async () => {
    start();
    const done = await kernel.user.execute('m', 1, 'let a = 1\n%status\na', [{start: 10, end: 17}]);
    expect(done.result).toEqual({'text/plain': '1'});
    expect(kernel.of('line')).toMatchObject([{cell: 'm', index: 0}]);
  });
});

describe('a loop over a TypeScript body', () => {
  it('calls it for each row in order, without waiting, its names local', async () => {
    start();
    await kernel.run('const seen: unknown[] = []');
    const body = 'const twice = x * 2; seen.push(x); await null; seen.push(twice); ({twice})';
    const rows = [{x: 1}, {x: 2}];
    const done = await kernel.user.execute('loop', 2, body, [], rows, ['_', 'r']);
    expect(done.result).toEqual({'text/plain': "{ '1': { twice: 2 }, '2': { twice: 4 } }"});
    expect(await kernel.shown('[seen.join(), typeof twice, r[2].twice, _.size].join()')).toBe(
      "'1,2,2,4,undefined,4,2'",
    );
  });

  it('gives a set where all results are futures, and tells an error', async () => {
    start();
    const rows = ['a', 'b'].map(x => ({x}));
    const done = await kernel.user.execute('loop', 1, 'bash("echo", {with: {x}})', [], rows, ['r']);
    expect(done).toMatchObject({
      rows: [{kind: 'files'}, {kind: 'files'}],
      future: {kind: 'set', name: 'r', variables: ['x']},
    });
    expect(await kernel.shown('r.a.kind')).toBe("'files'");
    const failed = await kernel.user.execute('loop', 3, 'x = 5', [], rows);
    expect(failed.error?.evalue).toBe('Assignment to constant variable.');
  });
});

describe('an interrupt', () => {
  const stuck: Record<string, string> = {
    'a synchronous spin': 'ready(); for (;;);',
    'a spin after await': 'ready(); await 1; for (;;);',
    'a flood of microtasks': 'ready(); const flood = () => Promise.resolve().then(flood); await flood()',
    'a spin in a timer': 'await new Promise(() => setTimeout(() => { ready(); for (;;); }))',
    'an await that never resolves': 'ready(); await new Promise(() => {})',
    'a catastrophic regular expression': 'ready(); /^(a+)+$/.test("a".repeat(40) + "b")',
    'Atomics.wait': 'ready(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    'a flood of process.nextTick':
      'ready(); const tick = () => process.nextTick(tick); tick(); await new Promise(() => {})',
  };

  it.each(Object.keys(stuck))('stops %s, and keeps state', async name => {
    start();
    await kernel.run('const keep = 42; const ready = () => console.log("ready")');
    for (let round = 1; round <= 3; round++) {
      const running = kernel.run(stuck[name] ?? '');
      await kernel.until(() => kernel.text.stdout.split('ready').length > round);
      const began = performance.now();
      kernel.user.interrupt(kernel.cell);
      expect((await running).error?.ename).toBe('KernelInterrupt');
      expect(performance.now() - began).toBeLessThan(3000);
    }
    expect(await kernel.shown('keep')).toBe('42');
    expect(kernel.deaths).toEqual([]);
  });

  it('of a cell that is over does not stop the next', async () => {
    start();
    await kernel.run('1');
    const running = kernel.run('await new Promise(resolve => setTimeout(resolve, 200)); 7');
    kernel.user.interrupt('msg-1');
    expect((await running).result).toEqual({'text/plain': '7'});
  });

  it('that finds the process asleep ends nothing of our own, and leaves nobody waiting', async () => {
    start();
    await kernel.run('const keep = 42');
    const rounds = process.env['WEFT_SOAK'] === undefined ? 40 : 300;
    for (let round = 0; round < rounds; round++) {
      // Both threads sleep past the watchdog's patience, and wake together: what it ends then is whatever the main thread is at.
      process.kill(kernel.user.pid ?? 0, 'SIGSTOP');
      const running = kernel.shown('keep');
      kernel.user.interrupt(kernel.cell);
      const evaluated = kernel.user.evaluate('e', ['keep'], [], false);
      await new Promise(resolve => setTimeout(resolve, 70));
      process.kill(kernel.user.pid ?? 0, 'SIGCONT');
      expect(await running).toMatch(/^(42|KernelInterrupt: interrupted)$/);
      await evaluated;
    }
    expect(await kernel.shown('keep')).toBe('42');
    expect(kernel.deaths).toEqual([]);
  });

  it('stops a timer that spins when no cell runs, and an expression', async () => {
    start();
    await kernel.run('setTimeout(() => { console.log("spins"); for (;;); }, 20)');
    await kernel.until(() => kernel.text.stdout.includes('spins'));
    kernel.user.interrupt(kernel.cell);
    expect(await kernel.shown('1 + 1')).toBe('2');
    const evaluated = kernel.user.evaluate('e', ['(() => { console.log("expr"); for (;;); })()'], [], false);
    await kernel.until(() => kernel.text.stdout.includes('expr'));
    kernel.user.interrupt('e');
    expect(await evaluated).toMatchObject([[{is: 'error', error: {ename: 'KernelInterrupt'}}]]);
  });
});

describe('a full heap', () => {
  const small = ['--max-old-space-size=80'];
  const filling: Record<string, string> = {
    'a loop': 'const all: unknown[] = []; for (;;) all.push(new Array(1e4).fill(all.length))',
    'a loop after await': 'await 1; const all: unknown[] = []; for (;;) all.push(new Array(1e4).fill(all.length))',
    'a flood of microtasks': 'const all: unknown[] = []; for (;;) { all.push(new Array(1e3).fill(0)); await null; }',
    'a loop that sleeps':
      'const all: unknown[] = []; for (;;) { all.push(new Array(1e5).fill(0)); await new Promise(wake => setTimeout(wake, 1)); }',
  };

  it('of a cell ends the cell, keeps the names of others, and what it held is free', async () => {
    start(small);
    await kernel.run('const keep = {n: 42}; const process_ = process.pid');
    for (const [name, code] of Object.entries(filling)) {
      const {error} = await kernel.run(code);
      expect(error?.ename, name).toBe('HeapFull');
      expect(error?.evalue).toMatch(
        /^the heap of your code is full: \d+ MB of at most 80 MB\. .*NODE_OPTIONS=--max-old-space-size=160/,
      );
      expect(await kernel.shown('[keep.n, process_ === process.pid, typeof all].join()')).toBe("'42,true,undefined'");
    }
    // Each of them had filled it: together they were several times what there is.
    expect(await kernel.shown('new Array(5e6).fill(1).length')).toBe('5000000');
    expect(kernel.deaths).toEqual([]);
  });

  it('is not that of buffers, nor of garbage, nor of one that is nearly full', async () => {
    start(small);
    const buffers = 'const bytes = Array.from({length: 200}, () => Buffer.alloc(1e6, 1)); bytes.length';
    expect(await kernel.shown(buffers)).toBe('200');
    const garbage = `const live = new Array(6e6).fill(1);
      let made = 0;
      while (made < 3e7) made += new Array(1e4).fill(made).length;
      [live.length, made].join()`;
    expect(await kernel.shown(garbage)).toBe("'6000000,30000000'");
    expect(kernel.deaths).toEqual([]);
  });

  it('of code that goes on after its cell is said in that cell, and the code is called no more', async () => {
    start(small);
    await kernel.run(`const keep = 42;
      void (async () => {
        for (const all = []; ; await new Promise(wake => setTimeout(wake, 4))) all.push(new Array(1e5).fill(0));
      })();`);
    await kernel.until(() => kernel.text.stderr.includes('HeapFull: '));
    expect(kernel.of('output').filter(({name}) => name === 'stderr')).toMatchObject([{cell: 'msg-1'}]);
    expect(await kernel.shown('new Array(7e6).fill(1).length')).toBe('7000000');
    expect(await kernel.shown('keep')).toBe('42');
    expect(kernel.deaths).toEqual([]);
  });

  it('that a name of an earlier cell holds can be emptied', async () => {
    start(small);
    await kernel.run('const kept: unknown[] = []');
    expect(await kernel.shown('for (;;) kept.push(new Array(1e4).fill(0))')).toContain('HeapFull');
    expect(await kernel.shown('const many = kept.length; kept.length = 0; many > 500')).toBe('true');
    expect(await kernel.shown('for (;;) kept.push(new Array(1e4).fill(0))')).toContain('HeapFull');
    expect(kernel.deaths).toEqual([]);
  });
});

describe('the end of the user’s process', () => {
  it.each([
    ['process.exit(3)', 'ended itself with code 3'],
    ['process.abort()', 'was ended by SIGABRT'],
    // More at once than there is room for to end it in.
    ["Buffer.from('x'.repeat(5e8) + 'é')", 'ran out of memory'],
  ])('by %s is an error of the cell, and the next cell runs', async (code, words) => {
    start(['--max-old-space-size=60']);
    await kernel.run('const lost = 1');
    expect(await kernel.shown(`console.log("before"); ${code}`)).toContain(words);
    expect(kernel.text.stdout).toBe('before\n');
    expect(kernel.deaths).toHaveLength(1);
    expect(await kernel.shown('typeof lost')).toBe("'undefined'");
  });

  it('that the kernel wants comes at once, and what code has left to its exit is done', async () => {
    start();
    await kernel.run('process.on("exit", () => require("node:fs").writeFileSync("left", "bye"))');
    await kernel.user.close(60_000);
    expect(readFileSync(join(kernel.directory, 'left'), 'utf8')).toBe('bye');
    expect(kernel.text.stderr).toBe('');
  });

  it('is told from one that has lost what it was asked, when its own code was ended by force', async () => {
    const fake = join(mkdtempSync(join(tmpdir(), 'weft-user-')), 'fake.mjs');
    // It does nothing that it is told, says that code was terminated, and that nobody works on what the kernel waits for.
    writeFileSync(
      fake,
      `import fs from 'node:fs';
      process.on('disconnect', () => process.exit());
      process.on('message', ({type, ids}) => {
        if (type === 'execute' || type === 'evaluate') process.send({type: 'terminated'});
        if (type !== 'still') return;
        for (const fd of [1, 2]) fs.writeSync(fd, Buffer.from(${JSON.stringify([...Buffer.from(orderMark)])}));
        process.send({type: 'lost', ids});
      });
      process.send({type: 'ready'});`,
    );
    start([], fake);
    expect(await kernel.shown('1')).toBe('KernelInterrupt: interrupted');
    const answer = await kernel.user.evaluate('e', ['1'], [], false);
    expect(answer).toMatchObject([[{is: 'error', error: {ename: 'KernelInterrupt'}}]]);
    expect(kernel.deaths).toEqual([]);
    rmSync(dirname(fake), {recursive: true});
  });

  it('is waited for by the cell that comes next', async () => {
    const fake = join(mkdtempSync(join(tmpdir(), 'weft-user-')), 'fake.mjs');
    // The first process closes its end and lingers; the next answers.
    writeFileSync(
      fake,
      `import fs from 'node:fs';
      const first = !fs.existsSync('been here');
      fs.writeFileSync('been here', '');
      process.on('disconnect', () => setTimeout(() => process.exit(4), first ? 500 : 0));
      process.on('message', ({type, cell}) => {
        if (type !== 'execute') return;
        for (const fd of [1, 2]) fs.writeSync(fd, Buffer.from(${JSON.stringify([...Buffer.from(orderMark)])}));
        process.send({type: 'done', cell, result: {'text/plain': first ? 'the first' : 'the next'}});
      });
      process.send({type: 'ready'});
      if (first) setImmediate(() => process.disconnect());`,
    );
    start([], fake);
    // Nothing can be asked any more, and it has not ended yet.
    const cut = (): Promise<boolean> =>
      Promise.race([
        kernel.user.names().then(() => true),
        new Promise<boolean>(resolve => setImmediate(() => resolve(false))),
      ]);
    while (!(await cut()));
    expect(kernel.deaths).toEqual([]);
    expect(await kernel.shown('1')).toBe('the next');
    expect(kernel.deaths).toMatchObject([{code: 4}]);
    rmSync(dirname(fake), {recursive: true});
  });

  it('comes with a word where nothing can be written as JSON, and a value that is none is an error', async () => {
    start();
    const circle = 'const a: any = {}; a.a = a; ({[Symbol.for("Jupyter.display")]: () => ({"application/json": a})})';
    expect(await kernel.shown(circle)).toContain('TypeError: Converting circular structure to JSON');
    expect(await kernel.shown('2')).toBe('2');
    expect(await kernel.shown('Object.prototype.toJSON = () => { throw new Error("no") }; 1')).toContain('code 70');
    expect(kernel.text.stderr).toContain('nothing can be written as JSON any more');
    expect(await kernel.shown('3')).toBe('3');
  });

  it.each([3, 4])('comes when code closes its way to the kernel, number %i', async fd => {
    start();
    const cell = kernel.run(`require('fs').closeSync(${fd}); await new Promise(() => {})`);
    expect((await cell).error?.evalue).toContain('was ended by SIGKILL');
    expect(await kernel.shown('1 + 1')).toBe('2');
  });

  it('answers what was asked', async () => {
    start();
    const answer = await kernel.user.evaluate('e', ['process.exit(1)'], [], false);
    expect(answer).toMatchObject([[{is: 'error', error: {ename: 'UserProcessDied'}}]]);
  });
});
