import {createHash} from 'node:crypto';
import {mkdirSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {checkLate} from '../../kernel/session/late-files.js';
import {scratch} from '../rig/scratch.js';

const TIME = 1_700_000_000;

function manifestIn(directory: string, host: string): Manifest {
  const sha256 = createHash('sha256').update('text').digest('hex');
  const outputs = [{path: 'out.txt', size: 4, mtimeNs: `${TIME}000000000`, sha256}];
  return {directory, host, endedAt: new Date().toISOString(), outputs} as unknown as Manifest;
}

test('files that another machine has just made are waited for, and those of this machine are not', async () => {
  using folder = scratch();
  const directory = folder.at('result');
  expect(await checkLate(manifestIn(directory, 'here'), 'mtime', 'here')).toMatchObject({
    ok: false,
    error: {is: 'absent'},
  });
  const looking = checkLate(manifestIn(directory, 'there'), 'mtime', 'here');
  setTimeout(() => {
    mkdirSync(directory);
    writeFileSync(`${directory}/out.txt`, 'text');
    utimesSync(`${directory}/out.txt`, TIME, TIME);
  }, 100);
  expect(await looking).toMatchObject({ok: true});
  expect(statSync(`${directory}/out.txt`).size).toBe(4);
});
