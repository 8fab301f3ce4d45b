import {execFileSync} from 'node:child_process';
import {chmodSync, chownSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test, type TestContext} from 'vitest';
import {need, type Component} from '../rig/component.js';
import {CrashRig, runCells} from './crash-rig.js';
import {WORDS} from './error-words.js';
import {RerunSets} from './rerun-sets.js';
import {LINGER} from './task-sets.js';

/** A file system of 1 MB may be mounted, which root may do where the machine lets it. */
const mounting: Component<undefined> = {name: 'mounting a tmpfs', found: tryToMount()};

/** Processes may be given another user's number. */
const root: Component<undefined> = {
  name: 'root',
  found: process.getuid?.() === 0 ? {ok: true, value: undefined} : {ok: false, why: 'these tests run as a plain user'},
};

function tryToMount(): Component<undefined>['found'] {
  if (process.getuid?.() !== 0) return {ok: false, why: 'these tests run as a plain user'};
  using rig = new CrashRig();
  try {
    mount(rig.directory);
    execFileSync('umount', [rig.directory]);
    return {ok: true, value: undefined};
  } catch (error) {
    return {ok: false, why: String(error)};
  }
}

function mount(directory: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], {stdio: 'pipe'});
}

test('on a full disk a task fails with a remedy, nothing is half published, and it runs once there is space', async (context: TestContext) => {
  need(context, mounting);
  using rig = new CrashRig();
  const store = join(rig.directory, '.weft');
  mkdirSync(store);
  mount(store);
  try {
    // It does not look whether all was written: only who publishes can tell.
    const fills = '%%bash --as big\nhead -c 5M /dev/zero > big.bin 2>/dev/null || true';
    {
      await using kernel = await rig.start();
      const [text] = await runCells(kernel, [fills]);
      expect(text).toMatch(/full|no space/i);
      expect(text).toMatch(/[Ff]ree some space/);
      expect(rig.published).toEqual([]);
      // What could not be published does not keep the disk full.
      const [small] = await runCells(kernel, ['%%bash --as small\necho small > out.txt']);
      expect(small).toContain('done');
      await kernel.shutdown();
    }
    execFileSync('mount', ['-o', 'remount,size=20m', store]);
    await using kernel = await rig.start();
    const [text, small] = await runCells(kernel, [fills, '%%bash --as small\necho small > out.txt']);
    expect(text).toContain('done');
    expect(small).toContain('cached');
    await kernel.shutdown();
    expect(rig.published).toHaveLength(2);
    expect(rig.leftovers).toEqual([]);
  } finally {
    execFileSync('umount', ['-l', store]);
  }
});

test('in a store that a plain user may not write, tasks fail with a remedy, and what is there is cached', async (context: TestContext) => {
  need(context, root);
  using rig = new CrashRig();
  rig.open();
  const uid = 65534;
  chmodSync(rig.at(), 0o777);
  chownSync(rig.directory, uid, uid);
  chownSync(rig.counter, uid, uid);
  const cell = `%%bash --as a\n${rig.body('a')}`;
  {
    await using kernel = await rig.start({uid});
    expect((await runCells(kernel, [cell]))[0]).toContain('done');
    await kernel.shutdown();
  }
  execFileSync('chmod', ['-R', 'a-w', join(rig.directory, '.weft')]);
  try {
    await using kernel = await rig.start({uid});
    const [cached, other] = await runCells(kernel, [cell, '%%bash --as other\necho 1 > out.txt']);
    expect(cached).toContain('cached');
    expect(other).toMatch(/may not be written|can't be written/);
    expect(rig.ran).toEqual(['a']);
  } finally {
    execFileSync('chmod', ['-R', 'u+w', join(rig.directory, '.weft')]);
  }
});

test('in a root that a plain user may not write, reruns and joins fail with a remedy, and what is there is cached', async (context: TestContext) => {
  need(context, root);
  using rig = new CrashRig();
  const uid = 65534;
  mkdirSync(rig.at('side'));
  writeFileSync(rig.at('side', 'log'), '');
  writeFileSync(rig.at('side', 'linger'), LINGER);
  const sets = new RerunSets(rig.directory, rig.at('side'));
  execFileSync('chown', ['-R', String(uid), rig.directory, rig.at('side')]);
  chmodSync(rig.at(), 0o777);
  const [first, second, both] = sets.cells(1);
  {
    await using kernel = await rig.start({uid});
    for (const cell of sets.heading) await kernel.client.execute(cell);
    for (const text of await runCells(kernel, [first!, second!])) expect(text).toContain('done');
    await kernel.shutdown();
  }
  execFileSync('chmod', ['-R', 'a-w', join(rig.directory, 'DATA')]);
  try {
    await using kernel = await rig.start({uid});
    for (const cell of sets.heading) await kernel.client.execute(cell);
    const [a, b, ...others] = await runCells(kernel, [first!, second!, both!, sets.cells(2)[0]!]);
    for (const text of [a, b]) expect(text).toContain('cached');
    for (const text of others) for (const words of WORDS.EACCES) expect(text).toMatch(words);
  } finally {
    execFileSync('chmod', ['-R', 'u+w', join(rig.directory, 'DATA')]);
  }
});
