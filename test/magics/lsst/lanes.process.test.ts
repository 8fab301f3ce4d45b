import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {afterEach, expect, test} from 'vitest';
import type {Kernel} from '../../rig/kernel.js';
import {run, simulatedRoot, stackKernel} from './simulated-root.js';

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, {recursive: true, force: true, maxRetries: 3});
});

/** A root, and a task `slow` of its stack that says when it begins and ends, and ends when it is let to. */
class LaneRig {
  readonly directory = simulatedRoot();
  readonly #log = join(this.directory, 'log');

  constructor() {
    made.push(this.directory);
    writeFileSync(this.#log, '');
    const program = join(this.directory, 'stack/bin/slow.py');
    writeFileSync(program, `#!/bin/bash\n${this.#body('"${@: -1}"')}\n`);
    chmodSync(program, 0o755);
  }

  /** A cell whose task runs in the rerun `manual1`. */
  rerun(name: string, options = ''): string {
    return `%%lsst slow --rerun manual1 --as ${name} ${options}\n${name}`;
  }

  /** A cell whose task changes the root. */
  root(name: string): string {
    return `%%bash --mutates DATA --as ${name}\n${this.#body(name)}`;
  }

  /** Lets tasks of this name end. */
  open(name: string): void {
    writeFileSync(join(this.directory, `open-${name}`), '');
  }

  /** What began and ended, in order. */
  get told(): string {
    return readFileSync(this.#log, 'utf8').trim().replaceAll('\n', ', ');
  }

  /** Waits until a task has begun. */
  async begun(name: string): Promise<void> {
    await expect.poll(() => this.told, {timeout: 20_000}).toContain(`begin ${name}`);
  }

  /** Another notebook's directory, in which `DATA` and the stack are those of this one. */
  beside(): string {
    const other = join(this.directory, 'beside');
    mkdirSync(other);
    for (const name of ['DATA', 'stack', 'ci_hsc']) symlinkSync(join(this.directory, name), join(other, name));
    return other;
  }

  #body(name: string): string {
    const at = (file: string): string => join(this.directory, file);
    return [
      `echo begin ${name} >> ${at('log')}`,
      `until [ -e ${at('open-')}${name} ]; do sleep 0.02; done`,
      `echo end ${name} >> ${at('log')}`,
    ].join('\n');
  }
}

/** Waits until `%status` says something. */
async function says(kernel: Kernel, words: RegExp): Promise<void> {
  await expect.poll(() => run(kernel, '%status'), {timeout: 20_000}).toMatch(words);
}

const waits = /(\w+) waits for .*: one after the other in .*DATA/;

const ended = (name: string): string => `await ${name}.then(() => "done", error => error.message)`;

for (const [what, cell] of [
  ["a person's rerun", (rig: LaneRig, name: string) => rig.rerun(name)],
  ['a root', (rig: LaneRig, name: string) => rig.root(name)],
] as const) {
  test(`a task in ${what} waits for one of another cell that was left running when its kernel was killed`, async () => {
    const rig = new LaneRig();
    {
      await using kernel = await stackKernel(rig.directory);
      await run(kernel, cell(rig, 'one'));
      await rig.begun('one');
      await kernel.kill();
    }
    await using kernel = await stackKernel(rig.directory);
    rig.open('two');
    await run(kernel, cell(rig, 'two'));
    await says(kernel, waits);
    expect(rig.told).toBe('begin one');
    rig.open('one');
    expect(await run(kernel, ended('two'))).toBe("'done'");
    expect(rig.told).toBe('begin one, end one, begin two, end two');
  });

  test(`two kernels that live run their tasks in ${what} one after the other, though their stores are two`, async () => {
    const rig = new LaneRig();
    await using one = await stackKernel(rig.directory);
    await using two = await stackKernel(rig.beside());
    await run(one, cell(rig, 'one'));
    await rig.begun('one');
    rig.open('two');
    await run(two, cell(rig, 'two'));
    await says(two, waits);
    expect(rig.told).toBe('begin one');
    rig.open('one');
    expect(await run(two, ended('two'))).toBe("'done'");
    expect(rig.told).toBe('begin one, end one, begin two, end two');
  });
}

test('a task that was left running is watched, and can be cancelled, as soon as its own cell runs again, though another one waits for it already', async () => {
  const rig = new LaneRig();
  {
    await using kernel = await stackKernel(rig.directory);
    await run(kernel, rig.rerun('one'));
    await rig.begun('one');
    await kernel.kill();
  }
  await using kernel = await stackKernel(rig.directory);
  rig.open('two');
  await run(kernel, rig.rerun('two'));
  await says(kernel, /two waits for slow, which a kernel that is gone has left running on .*DATA\/rerun\/manual1/);
  await run(kernel, rig.rerun('one'));
  await says(kernel, /one +running[^]*two waits for one: one after the other in .*DATA\/rerun\/manual1/);
  expect(rig.told).toBe('begin one');
  await run(kernel, '%cancel one');
  expect(await run(kernel, ended('two'))).toBe("'done'");
  expect(rig.told).toBe('begin one, begin two, end two');
});

test('what waits for a task of another kernel can be cancelled at once, and what another kernel cancels makes place', async () => {
  const rig = new LaneRig();
  await using one = await stackKernel(rig.directory);
  await using two = await stackKernel(rig.directory);
  await run(one, rig.rerun('one'));
  await rig.begun('one');
  rig.open('two');
  rig.open('three');
  await run(two, rig.rerun('two'));
  await run(two, rig.rerun('three'));
  await says(two, /two waits for slow of another kernel \(process \d+ on .*three waits for two/s);
  await run(two, '%cancel two');
  expect(await run(two, ended('two'))).toContain('cancelled');
  await says(two, /three waits for slow of another kernel/);
  expect(rig.told).toBe('begin one');
  await run(one, '%cancel one');
  expect(await run(two, ended('three'))).toBe("'done'");
  expect(rig.told).toBe('begin one, begin three, end three');
  await two.shutdown();
  await one.shutdown();
  expect(
    readdirSync(join(rig.directory, 'DATA/rerun/weft/.claims')).filter(name => !name.startsWith('.taken')),
  ).toEqual([]);
});

test('`weft run` waits for a task that a kernel runs in the same rerun', async () => {
  const rig = new LaneRig();
  await using kernel = await stackKernel(rig.directory);
  await run(kernel, rig.rerun('one'));
  await rig.begun('one');
  rig.open('two');
  const sources = ['%repo DATA\n%setup source stack/loadLSST.bash\n%setup setup lsst_distrib', rig.rerun('two')];
  const cells = sources.map((source, at) => ({
    cell_type: 'code',
    id: `c${at}`,
    metadata: {},
    execution_count: null,
    outputs: [],
    source,
  }));
  writeFileSync(
    join(rig.directory, 'two.ipynb'),
    JSON.stringify({nbformat: 4, nbformat_minor: 5, metadata: {}, cells}),
  );
  const weft = spawn(process.execPath, [resolve(import.meta.dirname, '../../../dist/weft.js'), 'run', 'two.ipynb'], {
    cwd: rig.directory,
    stdio: 'ignore',
  });
  const exit = once(weft, 'exit');
  // It has looked at the lane when its heartbeat is there.
  const claims = join(rig.directory, 'DATA/rerun/weft/.claims');
  await expect
    .poll(() => readdirSync(claims).filter(name => name.startsWith('.beat-')).length, {timeout: 20_000})
    .toBe(2);
  expect(rig.told).toBe('begin one');
  rig.open('one');
  expect((await exit)[0]).toBe(0);
  expect(rig.told).toBe('begin one, end one, begin two, end two');
});
