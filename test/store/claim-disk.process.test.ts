import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import type {AttemptId} from '../../kernel/graph/task.js';
import {Claims, type ClaimContent} from '../../kernel/store/claim.js';
import {sampleFingerprint} from './sample.js';

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

const content = (attempt: string): ClaimContent => ({
  attempt: attempt as AttemptId,
  directory: `/results/.bash.${attempt}`,
  kernel: {pid: 1, startTime: '2', host: 'login01', bootId: 'b'},
  at: '2026-10-12T14:03:00.000Z',
});

test('on a full disk the owner of a task is seen, and a task without one is not claimed', () => {
  const task = sampleFingerprint();
  const other = sampleFingerprint('other');
  expect(new Claims(room).claim(task, content('a'))).toMatchObject({value: {is: 'ours'}});
  const claims = new Claims(room);
  disk.full = true;
  const [held, free] = [claims.claim(task, content('b')), claims.claim(other, content('b'))];
  disk.full = false;
  expect(held).toMatchObject({ok: true, value: {is: 'theirs', claim: {content: {attempt: 'a'}}}});
  expect(free).toMatchObject({ok: false});
});
