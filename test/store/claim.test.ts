import {linkSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {digestOf, type Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {Claims, type Claim, type Claiming} from '../../kernel/store/claim.js';
import {sampleClaim as content, sampleFingerprint} from './sample.js';

let room: string;
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-claim-'))));
afterEach(() => rmSync(room, {recursive: true}));

const task = sampleFingerprint();

function claimed(result: ReturnType<Claims['claim']>): Claiming {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** The claims: not the files that are kept to be written again, nor what says that a task was taken over. */
const namesIn = (directory: string): readonly string[] => readdirSync(directory).filter(name => !name.startsWith('.'));

test('the first who claims a task owns it, and the second sees who does', () => {
  const claims = new Claims(join(room, 'claims'));
  expect(claims.read(task)).toBeUndefined();
  expect(claimed(claims.claim(task, content('a')))).toMatchObject({is: 'ours', claim: {number: 1}});
  const second = claimed(new Claims(join(room, 'claims')).claim(task, content('b')));
  expect(second).toEqual({is: 'theirs', claim: {fingerprint: task, number: 1, content: content('a')}});
  expect(namesIn(join(room, 'claims'))).toEqual([`${task}.1`]);
});

test('of two who take over from the same dead owner, one wins', () => {
  const claims = new Claims(room);
  const dead = claimed(claims.claim(task, content('dead'))).claim;
  const first = claimed(claims.takeOver(dead, content('first')));
  const second = claimed(claims.takeOver(dead, content('second')));
  expect(first).toMatchObject({is: 'ours', claim: {number: 2}});
  expect(second).toMatchObject({is: 'theirs', claim: {number: 2, content: {attempt: 'first'}}});
});

test('giving a claim up frees the task, with all older claims', () => {
  const claims = new Claims(room);
  const dead = claimed(claims.claim(task, content('dead'))).claim;
  const {claim} = claimed(claims.takeOver(dead, content('next')));
  claims.release(claim);
  expect(claims.read(task)).toBeUndefined();
  expect(namesIn(room)).toEqual([]);
});

test('who claims a task in the middle of the end of one that was taken over gets it only once that is over', () => {
  const [claims, other] = [new Claims(room), new Claims(room)];
  const dead = claimed(claims.claim(task, content('dead'))).claim;
  const second = claimed(claims.takeOver(dead, content('second'))).claim;
  const third = claimed(claims.takeOver(second, content('third'))).claim;
  // Those before it go first.
  rmSync(join(room, `${task}.1`));
  expect(claimed(other.claim(task, content('late')))).toMatchObject({is: 'theirs', claim: {number: 3}});
  rmSync(join(room, `${task}.2`));
  expect(claimed(other.claim(task, content('late')))).toMatchObject({is: 'theirs', claim: {number: 3}});
  expect(claims.isHeld(third)).toBe(true);
  claims.release(third);
  expect(claimed(other.claim(task, content('late')))).toMatchObject({is: 'ours', claim: {number: 1}});
});

test('who was taken for dead and gives up late takes nothing from the new owner', () => {
  const claims = new Claims(room);
  const slow = claimed(claims.claim(task, content('slow'))).claim;
  const {claim} = claimed(claims.takeOver(slow, content('next')));
  claims.release(slow);
  expect(claims.read(task)).toEqual(claim);
  claims.release(claim);
  const third = claimed(claims.claim(task, content('third'))).claim;
  claims.release(slow);
  expect(claims.read(task)).toEqual(third);
});

test('who took a task over and lost it in turn takes nothing from who claims it anew', () => {
  const claims = new Claims(room);
  const first = claimed(claims.claim(task, content('first'))).claim;
  const slow = claimed(claims.takeOver(first, content('slow'))).claim;
  const third = claimed(claims.takeOver(slow, content('third'))).claim;
  claims.release(third);
  expect(claims.read(task)).toBeUndefined();
  const anew = claimed(claims.claim(task, content('anew'))).claim;
  expect(anew.number).toBe(1);
  claims.release(slow);
  expect(claims.read(task)).toEqual(anew);
});

test('a claim is told who runs the job, unless it was lost meanwhile', () => {
  const claims = new Claims(room);
  const {claim} = claimed(claims.claim(task, content('a')));
  const full = {...content('a'), runner: {...content('a').kernel, directory: '/results/.bash.a'}, job: '123'};
  expect(claims.update(claim, full)).toEqual({ok: true, value: true});
  expect(claims.read(task)?.content).toEqual(full);
  claimed(claims.takeOver(claim, content('b')));
  expect(claims.update(claim, full)).toEqual({ok: true, value: false});
  expect(claims.read(task)?.content).toEqual(content('b'));
});

test('a claim that was cut counts as one whose owner is not known', () => {
  const claims = new Claims(room);
  writeFileSync(join(room, `${task}.7`), '{"attempt":');
  writeFileSync(join(room, `${task}.x`), '');
  expect(claims.read(task)).toEqual({fingerprint: task, number: 7, content: undefined});
  expect(claims.list().map(({number}) => number)).toEqual([7]);
  expect(claimed(claims.takeOver({fingerprint: task, number: 7, content: undefined}, content('b')))).toMatchObject({
    is: 'ours',
    claim: {number: 8},
  });
});

test('a directory that cannot be made is a problem with a remedy', () => {
  writeFileSync(join(room, 'file'), '');
  expect(new Claims(join(room, 'file/claims')).claim(task, content('a')).ok).toBe(false);
});

test('whatever several kernels do, at most one owns a task', () => {
  const settings = {seed: 3, numRuns: process.env['WEFT_SOAK'] === undefined ? 60 : 2000};
  const step = fc.record({who: fc.nat(2), what: fc.constantFrom('claim', 'take over', 'release')});
  fc.assert(
    fc.property(fc.array(step, {maxLength: 25}), steps => {
      const directory = mkdtempSync(join(room, 'c-'));
      const claims = [0, 1, 2].map(() => new Claims(directory));
      const held: (Claim | undefined)[] = [];
      let owner: number | undefined;
      for (const {who, what} of steps) {
        const mine = claims[who]!;
        if (what === 'release') {
          const claim = held[who];
          if (claim === undefined) continue;
          mine.release(claim);
          held[who] = undefined;
          if (owner === who) owner = undefined;
        } else {
          const now = mine.read(task);
          if (what === 'take over' && now === undefined) continue;
          const made = claimed(
            what === 'claim' ? mine.claim(task, content(`${who}`)) : mine.takeOver(now!, content(`${who}`)),
          );
          if (made.is === 'theirs') continue;
          expect(what === 'claim' ? owner : undefined).toBeUndefined();
          held[who] = made.claim;
          owner = who;
        }
        expect(mine.read(task)?.content?.attempt).toBe(owner === undefined ? undefined : `${owner}`);
      }
    }),
    settings,
  );
});

test('a claim that is written over a longer one is whole', () => {
  const claims = new Claims(room);
  const [one, two] = [sampleFingerprint(), digestOf('another') as string as Fingerprint];
  const long = {...content('a'), directory: `/é${'x'.repeat(5000)}`};
  claims.release(claimed(claims.claim(one, long)).claim);
  expect(claimed(claims.claim(two, content('b'))).is).toBe('ours');
  expect(new Claims(room).read(two)?.content).toEqual(content('b'));
});

test('the file of a claim is written again once it is given up, and is taken for that of no other task', () => {
  const claims = new Claims(room);
  const [one, two] = [sampleFingerprint(), digestOf('another') as string as Fingerprint];
  const first = claims.claim(one, content('a'));
  const inode = statSync(join(room, `${one}.1`)).ino;
  if (first.ok) claims.release(first.value.claim);
  expect(claims.claim(two, content('b')).ok).toBe(true);
  expect(statSync(join(room, `${two}.1`)).ino).toBe(inode);
  // Who has opened the first one late reads this.
  linkSync(join(room, `${two}.1`), join(room, `${one}.1`));
  expect(claims.read(one)?.content).toBeUndefined();
  claims.close();
  expect(readdirSync(room).filter(name => name.startsWith('.'))).toEqual([]);
  expect(claims.read(two)?.content?.attempt).toBe('b');
});
