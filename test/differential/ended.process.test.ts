import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync} from 'node:fs';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {endAllBelow} from './ended.js';

test.runIf(process.platform === 'linux')(
  'what runs for a directory is ended, also in a session of its own, and nothing else',
  async () => {
    using folder = scratch();
    using other = scratch();
    mkdirSync(folder.at('nb'));
    const start = (cwd: string, environment: Readonly<Record<string, string>> = {}) =>
      spawn('sleep', ['600'], {cwd, detached: true, stdio: 'ignore', env: {PATH: process.env['PATH'], ...environment}});
    const [inside, told, outside] = [
      start(folder.at('nb')),
      start(other.path, {WEFT_OUT: folder.at('nb')}),
      start(other.path),
    ];
    await Promise.all([inside, told, outside].map(child => once(child, 'spawn')));
    const ends = [inside, told].map(child => once(child, 'exit'));
    await endAllBelow(folder.path);
    expect((await Promise.all(ends)).map(([, signal]) => signal as string)).toEqual(['SIGKILL', 'SIGKILL']);
    expect(outside.exitCode ?? outside.signalCode).toBeNull();
    outside.kill('SIGKILL');
    await once(outside, 'exit');
  },
);
