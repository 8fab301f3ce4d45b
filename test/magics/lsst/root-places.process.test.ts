import {execFileSync} from 'node:child_process';
import {chmodSync, mkdirSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it, type TestContext} from 'vitest';
import {need, type Component} from '../../rig/component.js';
import {scratch} from '../../rig/scratch.js';
import {run, stackKernel} from './simulated-root.js';
import {rootsOfTests} from './shared-stack.js';

const isRoot = process.getuid?.() === 0;

/** Processes may be given another user's number. */
const root: Component<undefined> = {
  name: 'root',
  found: isRoot ? {ok: true, value: undefined} : {ok: false, why: 'these tests run as a plain user'},
};

/** A small file system may be mounted, which root may do where the machine lets it. */
const mounting: Component<undefined> = {name: 'mounting a tmpfs', found: tryToMount()};

function tryToMount(): Component<undefined>['found'] {
  if (!isRoot) return {ok: false, why: 'these tests run as a plain user'};
  using folder = scratch();
  try {
    mount(folder.path, '300k');
    execFileSync('umount', [folder.path]);
    return {ok: true, value: undefined};
  } catch (error) {
    return {ok: false, why: String(error)};
  }
}

function mount(directory: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory], {stdio: 'pipe'});
}

const newRoot = rootsOfTests();

const NOBODY = 65534;
const INGEST = '%%lsst ingestImages\n$CI_HSC_DIR/raw/*.fits --mode=link';
const ccd = (number: number): string => `%%lsst processCcd --as ccd${number}\n--id visit=903334 ccd=${number}`;
const said = (name: string): string => `await ${name}.then(() => "done", error => error.message)`;

/** Names in a directory of reruns that are neither results nor claims. */
const attempts = (reruns: string): readonly string[] =>
  readdirSync(reruns).filter(name => name.startsWith('.') && name !== '.claims');

describe('in a root that a plain user may not write', () => {
  it('a task fails with the place and a remedy, what is there is cached, and it runs once it may', async (context: TestContext) => {
    need(context, root);
    const directory = newRoot();
    const rerun = join(directory, 'DATA/rerun');
    {
      await using kernel = await stackKernel(directory);
      for (const cell of [INGEST, ccd(16)]) await run(kernel, cell);
      expect(await run(kernel, said('ccd16'))).toBe("'done'");
      await kernel.shutdown();
    }
    const before = readdirSync(join(rerun, 'weft'), {recursive: true}).sort();
    chmodSync(directory, 0o755);
    execFileSync('chown', [`${NOBODY}`, directory]);
    execFileSync('chown', ['-R', `${NOBODY}`, join(directory, '.weft')]);
    {
      await using kernel = await stackKernel(directory, {uid: NOBODY});
      const registry = join(directory, 'DATA/registry.sqlite3');
      chmodSync(registry, 0o600);
      await run(kernel, ccd(22));
      expect(await run(kernel, said('ccd22'))).toMatch(/the repository \S+\/DATA can't be read: .*permission denied/);
      expect(await run(kernel, '%status')).toMatch(/right to read/);
      chmodSync(registry, 0o644);
      for (const cell of [ccd(16), ccd(22)]) await run(kernel, cell);
      expect(await run(kernel, said('ccd16'))).toBe("'done'");
      const failure = await run(kernel, said('ccd22'));
      expect(failure).toContain(join(rerun, 'weft'));
      expect(failure).toMatch(/right to write/);
      await kernel.shutdown();
    }
    expect(readdirSync(join(rerun, 'weft'), {recursive: true}).sort()).toEqual(before);
    execFileSync('chown', ['-R', `${NOBODY}`, rerun]);
    await using kernel = await stackKernel(directory, {uid: NOBODY});
    await run(kernel, ccd(22));
    expect(await run(kernel, said('ccd22'))).toBe("'done'");
    await kernel.shutdown();
  });
});

describe('where the disk of the reruns is full', () => {
  it('a task fails with a remedy, publishes nothing, and runs once there is space', async (context: TestContext) => {
    need(context, mounting);
    const directory = newRoot();
    const rerun = join(directory, 'DATA/rerun');
    mkdirSync(rerun);
    mount(rerun, '100k');
    try {
      await using kernel = await stackKernel(directory);
      await run(kernel, INGEST);
      await run(kernel, ccd(16));
      const failure = await run(kernel, said('ccd16'));
      expect(failure).toMatch(/no space|full|No space/);
      expect(failure).toMatch(/[Ff]ree some space|quota/);
      expect(readdirSync(join(rerun, 'weft')).filter(name => !name.startsWith('.'))).toEqual([]);
      execFileSync('mount', ['-o', 'remount,size=50m', rerun]);
      await run(kernel, ccd(16));
      expect(await run(kernel, said('ccd16'))).toBe("'done'");
      expect(attempts(join(rerun, 'weft'))).toEqual([]);
      await kernel.shutdown();
    } finally {
      execFileSync('umount', ['-l', rerun]);
    }
  });
});
