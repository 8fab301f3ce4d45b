import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startKernel, type Kernel} from '../rig/kernel.js';

/** Waits until text has come on a stream of a cell that may have ended. */
const until = (cell: {outputs: {streams: {stdout: string; stderr: string}}}, text: string): Promise<unknown> =>
  expect.poll(() => cell.outputs.streams.stdout + cell.outputs.streams.stderr, {timeout: 20_000}).toContain(text);

let kernel: Kernel;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(() => kernel[Symbol.asyncDispose]());

describe('text', () => {
  it.each([
    ['a timer', 'setTimeout(() => console.log("late"), 300)'],
    [
      'an interval',
      'let n = 0; const i = setInterval(() => { console.log("late"); if (++n === 2) clearInterval(i) }, 200)',
    ],
    ['an await', 'void (async () => { await new Promise(r => setTimeout(r, 300)); console.log("late") })()'],
    [
      'an await of timers/promises',
      'import {setTimeout as nap} from "node:timers/promises"; void nap(300).then(() => console.log("late"))',
    ],
    [
      'a timer of node:timers',
      'import {setTimeout as later} from "node:timers"; later(() => console.log("late"), 300)',
    ],
    ['process.nextTick', 'setTimeout(() => process.nextTick(() => console.log("late")), 300)'],
    ['queueMicrotask', 'setTimeout(() => queueMicrotask(() => console.log("late")), 300)'],
    ['setImmediate', 'setTimeout(() => setImmediate(() => console.log("late")), 300)'],
    [
      'a child that is read',
      'import cp from "node:child_process"; cp.spawn("sh", ["-c", "sleep 0.3; echo late"]).stdout.on("data", d => process.stdout.write(d))',
    ],
    [
      'fs.readFile, to where a pipe lets it wait',
      'import fs from "node:fs"; import cp from "node:child_process"; cp.execSync("mkfifo pipe"); fs.readFile("pipe", "utf8", (_, text) => process.stdout.write(text)); cp.exec("sleep 0.3; echo late > pipe")',
    ],
    [
      'a named import of fs and crypto',
      'import {open, stat} from "node:fs"; import {randomBytes} from "node:crypto"; setTimeout(() => stat(".", () => open("/dev/null", (_, f) => randomBytes(8, () => console.log("late")))), 300)',
    ],
    ['dns.lookup', 'setTimeout(() => require("dns").lookup("localhost", () => console.log("late")), 300)'],
    [
      'an emitter that a timer fires',
      'import {EventEmitter} from "node:events"; const e = new EventEmitter(); e.on("x", () => process.stdout.write("late")); setTimeout(() => e.emit("x"), 300)',
    ],
    [
      'a child that has ended',
      'import {execFile} from "node:child_process"; execFile("sh", ["-c", "sleep 0.3; echo late"], (_, text) => console.log(text))',
    ],
    ['console.error', 'setTimeout(() => console.error("late"), 300)'],
    ['an error that nobody catches', 'setTimeout(() => { throw new Error("late") }, 300)'],
    [
      'a rejection that nobody handles',
      'void (async () => { await new Promise(r => setTimeout(r, 300)); throw new Error("late") })()',
    ],
    ['a display', 'setTimeout(() => { display.text("shown"); console.log("late") }, 300)'],
  ])('of %s goes to the cell that started it, after that has ended and while another runs', async (_, code) => {
    const first = await kernel.client.execute(code);
    expect(first.reply['status']).toBe('ok');
    const second = kernel.client.start(
      'for (let i = 0; i < 6; i++) { await new Promise(r => setTimeout(r, 100)); console.log("mine") }',
    );
    const {outputs} = await second.done;
    await until(first, 'late');
    expect(outputs.streams).toEqual({stdout: 'mine\n'.repeat(6), stderr: ''});
    expect(outputs.displays).toEqual([]);
    expect(first.outputs.streams.stdout + first.outputs.streams.stderr).not.toContain('mine');
  });

  it('of two cells that take turns goes to each, with nothing mixed', async () => {
    const speak = (name: string): string =>
      `void (async () => { for (let i = 0; i < 50; i++) { await new Promise(r => setTimeout(r, 2)); console.log("${name}", i) } })()`;
    const one = await kernel.client.execute(speak('one'));
    const two = await kernel.client.execute(speak('two'));
    await until(one, 'one 49');
    await until(two, 'two 49');
    const lines = (name: string): string => Array.from({length: 50}, (_, i) => `${name} ${i}\n`).join('');
    expect(one.outputs.streams.stdout).toBe(lines('one'));
    expect(two.outputs.streams.stdout).toBe(lines('two'));
  });

  it('of a server goes to the cell that made it, and its request may come from a later cell', async () => {
    const server = await kernel.client.execute(
      'import http from "node:http"; const server = http.createServer((q, r) => { console.log("asked for", q.url); r.end("hello") }); await new Promise<void>(r => server.listen(0, "127.0.0.1", () => r()))',
    );
    const asked = await kernel.client.execute(
      'const at = server.address().port; await (await fetch(`http://127.0.0.1:${at}/x`)).text()',
    );
    expect(asked.outputs.text).toBe("'hello'");
    await until(server, 'asked for /x');
    expect(asked.outputs.streams.stdout).toBe('');
    await kernel.client.execute('server.closeAllConnections(); server.close()');
  });

  it('of native code and of children goes to the cell that runs, else to the last', async () => {
    const first = await kernel.client.execute(
      'import cp from "node:child_process"; const child = cp.spawn("sh", ["-c", "read x; echo child; read x; echo again"], {stdio: ["pipe", "inherit", "inherit"]});',
    );
    const second = await kernel.client.execute('child.stdin.write("\\n"); await new Promise(r => setTimeout(r, 300))');
    expect(second.outputs.streams.stdout).toBe('child\n');
    await kernel.client.execute('0');
    const last = await kernel.client.execute('setTimeout(() => child.stdin.write("\\n"), 50)');
    await until(last, 'again');
    expect(first.outputs.streams.stdout).toBe('');
  });

  it('goes to the right cell after one was ended by force', async () => {
    const spinning = kernel.client.start('console.log("begun"); for (;;) {}');
    await until(spinning, 'begun');
    await kernel.client.interrupt();
    expect((await spinning.done).reply['ename']).toBe('KernelInterrupt');
    const next = await kernel.client.execute('setTimeout(() => console.log("late"), 100); console.log("next")');
    await until(next, 'late');
    expect(next.outputs.streams.stdout).toBe('next\nlate\n');
    expect(spinning.outputs.streams.stdout).toBe('begun\n');
  });

  it('of 100 000 lines is whole and in order', async () => {
    const {outputs} = await kernel.client.execute('for (let i = 0; i < 100_000; i++) console.log(i, "x".repeat(60))');
    const lines = outputs.streams.stdout.split('\n');
    expect(lines.length).toBe(100_001);
    expect(lines.findIndex((line, i) => i < 100_000 && line !== `${i} ${'x'.repeat(60)}`)).toBe(-1);
  });

  it('of 100 000 lines that come late is whole and in order', async () => {
    const late = await kernel.client.execute(
      'setTimeout(() => { for (let i = 0; i < 100_000; i++) console.log(i) }, 100)',
    );
    const other = await kernel.client.execute('await new Promise(r => setTimeout(r, 300)); console.log("other")');
    await until(late, '99999\n');
    expect(late.outputs.streams.stdout).toBe(Array.from({length: 100_000}, (_, i) => `${i}\n`).join(''));
    expect(other.outputs.streams.stdout).toBe('other\n');
  });

  it('of a line of 200 MB is cut with a note, and the kernel lives', async () => {
    const {outputs, reply} = await kernel.client.execute(
      'process.stdout.write("y".repeat(200_000_000)); console.log("!"); console.log("after")',
    );
    expect(reply['status']).toBe('ok');
    expect(outputs.streams.stdout.length).toBeLessThan(1_001_000);
    expect(outputs.streams.stdout).toMatch(
      /y … the rest of this line is left out: it has more than 1000000 characters\nafter\n$/,
    );
    expect((await kernel.client.execute('1 + 1')).outputs.text).toBe('2');
  });
});
