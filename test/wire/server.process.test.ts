import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {build} from 'esbuild';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startKernel, type Kernel} from '../rig/kernel.js';

const root = resolve(import.meta.dirname, '../..');

describe('a server in a process of its own', () => {
  let directory: string;
  let start: (env?: Record<string, string>) => Promise<Kernel>;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'weft-server-'));
    const outfile = join(directory, 'kernel.mjs');
    const entryPoints = [join(root, 'test/wire/fake-kernel.ts')];
    await build({
      entryPoints,
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'silent',
    });
    start = async env =>
      startKernel({argv: [process.execPath, outfile], env: {NODE_PATH: join(root, 'node_modules'), ...env}});
  });
  afterAll(() => rmSync(directory, {recursive: true}));

  it('sends the reply to a shutdown though the process exits at once', async () => {
    for (const restart of [false, true]) {
      await using kernel = await start();
      expect((await kernel.client.shutdown(restart)).content).toEqual({status: 'ok', restart});
      expect(await kernel.exited).toEqual({code: 0, signal: null});
      expect(kernel.log).toBe('');
    }
  });

  it('ends when the server that started it has gone', async () => {
    const parent = spawn('cat', {stdio: ['pipe', 'ignore', 'ignore']});
    await using kernel = await start({JPY_PARENT_PID: String(parent.pid)});
    expect((await kernel.client.execute('1')).outputs.text).toBe('1');
    parent.stdin.end();
    expect(await kernel.exited).toEqual({code: 0, signal: null});
  });

  it('says why it did not start', async () => {
    const argv = [process.execPath, '-e', 'console.error("no such thing"); process.exitCode = 3'];
    await expect(startKernel({argv})).rejects.toThrow('the kernel ended (3) before it answered:\nno such thing');
  });

  it('is killed with its process, as in a crash', async () => {
    await using kernel = await start();
    expect(await kernel.kill()).toEqual({code: null, signal: 'SIGKILL'});
  });
});
