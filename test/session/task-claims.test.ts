import {cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {ProcessStamp} from '../../kernel/graph/holder.js';
import type {AttemptId} from '../../kernel/graph/task.js';
import type {Task} from '../../kernel/graph/work.js';
import type {Claimed} from '../../kernel/run/checkpoints.js';
import {TaskClaims} from '../../kernel/session/task-claims.js';
import {BeatWatch, Heartbeat, SILENCE} from '../../kernel/store/heartbeat.js';
import {scratch, type Scratch} from '../rig/scratch.js';

/** A kernel on a host of its own, which can tell of processes of that host only. */
class FakeHost {
  readonly claims: TaskClaims;
  readonly heartbeat: Heartbeat;
  now = 0;
  readonly #dead: Set<string>;

  constructor(name: string, dead: Set<string>, beat = name) {
    this.#dead = dead;
    this.heartbeat = new Heartbeat(beat);
    const kernel: ProcessStamp = {pid: 7, startTime: '1', host: name, bootId: `boot of ${name}`};
    this.claims = new TaskClaims({
      kernel,
      job: '4711',
      isAlive: ({host}) => (host !== name ? 'unknown' : this.#dead.has(host) ? 'dead' : 'alive'),
      heartbeat: this.heartbeat,
      watch: new BeatWatch(() => this.now),
    });
  }

  /** Asks for a task again and again, for so long by its own clock; `each` happens between two looks. */
  attach(task: Task, milliseconds: number, each: (at: number) => void = () => undefined): Claimed {
    for (const end = this.now + milliseconds; ; this.now += 20_000) {
      each(this.now);
      const asked = this.claims.claim(task, 'mine' as AttemptId, join(task.work.attempts, '.t.mine'));
      if (!asked.ok) throw new Error('no claim');
      if (asked.value.is !== 'held' || this.now >= end) return asked.value;
    }
  }
}

function taskIn(folder: Scratch): Task {
  const work = {claims: folder.at('claims'), attempts: folder.path, stem: 't'};
  return {fingerprint: 'ab'.repeat(32) as Fingerprint, work} as Task;
}

function claimedBy(host: FakeHost, task: Task, directory: string): Claimed {
  const claimed = host.claims.claim(task, 'first' as AttemptId, directory);
  if (!claimed.ok) throw new Error('no claim');
  return claimed.value;
}

test('a kernel of another host that is dead is taken over after ten minutes, and an attempt that it never started never starts', async () => {
  using folder = scratch();
  const task = taskIn(folder);
  const [there, here] = [new FakeHost('there', new Set()), new FakeHost('here', new Set())];
  const directory = folder.at('.t.first');
  mkdirSync(directory);
  const first = claimedBy(there, task, directory);
  expect(here.attach(task, SILENCE - 60_000)).toMatchObject({is: 'held', claim: {directory}});
  const orphan = here.attach(task, 120_000);
  expect(orphan).toMatchObject({is: 'orphan', claim: {number: 1, attempt: 'first'}});
  expect(orphan).not.toHaveProperty('holder');
  const taken = here.claims.takeOver(task, orphan.claim, 'mine' as AttemptId, folder.at('.t.mine'));
  expect(taken).toMatchObject({ok: true, value: {is: 'mine', claim: {number: 2}}});
  expect(await here.claims.recall(task, orphan.claim)).toBeUndefined();
  expect(existsSync(directory)).toBe(false);
  // It was asleep, and sees before it hands its job to a runner that it is no longer its own.
  expect(there.claims.owns(task, first.claim)).toBe(false);
  expect(here.claims.owns(task, {...orphan.claim, number: 2})).toBe(true);
});

test('a kernel of another host that is merely slow is never taken over, whatever its clock says', () => {
  using folder = scratch();
  const task = taskIn(folder);
  const [there, here] = [new FakeHost('there', new Set()), new FakeHost('here', new Set())];
  claimedBy(there, task, folder.at('.t.first'));
  let beats = 0;
  // It beats once in nine minutes, for two days.
  const asked = here.attach(task, 2 * 86_400_000, at => {
    if (Math.floor(at / 540_000) > beats) {
      beats++;
      there.heartbeat.beat();
    }
  });
  expect(asked.is).toBe('held');
  expect(beats).toBeGreaterThan(300);
});

test('what a silent kernel had started is not started again: who took it over is told whom to watch', async () => {
  using folder = scratch();
  const task = taskIn(folder);
  const [there, here] = [new FakeHost('there', new Set()), new FakeHost('here', new Set())];
  const directory = folder.at('.t.first');
  mkdirSync(directory);
  claimedBy(there, task, directory);
  const orphan = here.attach(task, 2 * SILENCE);
  // It was started after all, between our look and our claim.
  writeFileSync(join(directory, '.weft.log'), '');
  here.claims.takeOver(task, orphan.claim, 'first' as AttemptId, directory);
  expect(await here.claims.recall(task, orphan.claim)).toMatchObject({directory, host: 'there'});
  expect(existsSync(directory)).toBe(true);
});

test('a kernel that died on this host is taken over at once, and one on an older Weft without a beat never', () => {
  using folder = scratch();
  const task = taskIn(folder);
  const dead = new Set<string>();
  const [before, next] = [new FakeHost('here', dead), new FakeHost('here', dead, 'another')];
  claimedBy(before, task, folder.at('.t.first'));
  expect(next.attach(task, 0).is).toBe('held');
  dead.add('here');
  expect(next.attach(task, 0).is).toBe('orphan');

  const other = {...task, fingerprint: 'cd'.repeat(32) as Fingerprint};
  const kernel = {pid: 1, startTime: '1', host: 'old', bootId: ''};
  const content = {attempt: 'a' as AttemptId, directory: folder.at('.t.a'), kernel, at: '2026-10-12T14:03:00.000Z'};
  next.claims.in(task.work.claims).claim(other.fingerprint, content);
  expect(next.attach(other, 5 * SILENCE).is).toBe('held');
});

test('a claim says who made it: host, process, boot, and the batch job', () => {
  using folder = scratch();
  const task = taskIn(folder);
  const there = new FakeHost('there', new Set());
  claimedBy(there, task, folder.at('.t.first'));
  expect(there.claims.in(task.work.claims).read(task.fingerprint)?.content).toMatchObject({
    kernel: {host: 'there', pid: 7, startTime: '1', bootId: 'boot of there'},
    job: '4711',
    beat: 'there',
  });
});

test('our own claim that the disk has kept, though we had let go of it, is taken over at once', () => {
  using folder = scratch();
  const task = taskIn(folder);
  const host = new FakeHost('here', new Set());
  claimedBy(host, task, folder.at('.t.first'));
  expect(host.attach(task, 0).is).toBe('held');
  // The function that would remove it is not called.
  host.claims.letGo(task);
  expect(host.attach(task, 0).is).toBe('orphan');
});

test('a claim that was copied with its tree is neither waited for nor adopted, and one that has another path to the same place is', () => {
  using folder = scratch();
  mkdirSync(folder.at('tree'));
  const work = {claims: folder.at('tree/claims'), attempts: folder.at('tree'), stem: 't'};
  const task = {fingerprint: 'ab'.repeat(32) as Fingerprint, work} as Task;
  const [owner, other] = [new FakeHost('here', new Set()), new FakeHost('here', new Set(), 'other')];
  claimedBy(owner, task, folder.at('tree/.t.first'));
  cpSync(folder.at('tree'), folder.at('copy'), {recursive: true});
  symlinkSync('tree', folder.at('link'));
  const at = (name: string): Task =>
    ({...task, work: {...work, claims: folder.at(name, 'claims'), attempts: folder.at(name)}}) as Task;
  for (const same of [task, at('link')]) {
    expect(other.claims.isElsewhere(same)).toBe(true);
    expect(claimedBy(other, same, folder.at('link/.t.mine'))).toMatchObject({is: 'held', claim: {attempt: 'first'}});
  }
  const copied = at('copy');
  expect(other.claims.isElsewhere(copied)).toBe(false);
  const claimed = claimedBy(other, copied, folder.at('copy/.t.mine'));
  expect(claimed).toMatchObject({is: 'orphan', claim: {attempt: '', directory: '', number: 1}});
  expect(other.claims.takeOver(copied, claimed.claim, 'mine' as AttemptId, folder.at('copy/.t.mine'))).toMatchObject({
    value: {is: 'mine', claim: {number: 2}},
  });
});
