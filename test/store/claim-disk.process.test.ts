import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {Claims} from '../../kernel/store/claim.js';
import {sampleClaim, sampleFingerprint} from './sample.js';

const disk = vi.hoisted(() => ({full: false}));
vi.mock('node:fs', async original => {
  const real = await original<typeof import('node:fs')>();
  const writeFileSync: typeof real.writeFileSync = (...given) => {
    if (disk.full) throw Object.assign(new Error('no space left on device'), {code: 'ENOSPC'});
    real.writeFileSync(...given);
  };
  return {...real, writeFileSync};
});

let room: string;
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-claim-'))));
afterEach(() => rmSync(room, {recursive: true}));

test('on a full disk the owner of a task is seen, and a task without one is not claimed', () => {
  const task = sampleFingerprint();
  const other = sampleFingerprint('other');
  expect(new Claims(room).claim(task, sampleClaim('a'))).toMatchObject({value: {is: 'ours'}});
  const claims = new Claims(room);
  disk.full = true;
  const [held, free] = [claims.claim(task, sampleClaim('b')), claims.claim(other, sampleClaim('b'))];
  disk.full = false;
  expect(held).toMatchObject({ok: true, value: {is: 'theirs', claim: {content: {attempt: 'a'}}}});
  expect(free).toMatchObject({ok: false});
});
