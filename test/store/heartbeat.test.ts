import {mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {BEAT, BeatWatch, Heartbeat, SILENCE, beatOf, beatPath} from '../../kernel/store/heartbeat.js';

let room: string;
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-beat-'))));
afterEach(() => rmSync(room, {recursive: true}));

/** A watch with a clock that the test moves, which looks every few seconds. */
function watching(): {readonly watch: (milliseconds: number, step?: number) => boolean; readonly path: string} {
  let now = 5;
  const path = beatPath(room, 'k');
  const beats = new BeatWatch(() => now);
  beats.isSilent(path);
  return {
    path,
    watch: (milliseconds, step = 2000) => {
      let silent = false;
      for (const end = now + milliseconds; now < end; silent = beats.isSilent(path)) now = Math.min(end, now + step);
      return silent;
    },
  };
}

test('a beat moves a number in place, in each directory of claims, and stopping leaves nothing', () => {
  const [one, other] = [join(room, 'a'), join(room, 'b/claims')];
  const heart = new Heartbeat('k');
  heart.in(one);
  heart.beat();
  heart.in(other);
  heart.beat();
  expect([one, other].map(claims => readFileSync(beatPath(claims, 'k'), 'utf8'))).toEqual([
    '000000000002',
    '000000000002',
  ]);
  expect(readdirSync(one).map(beatOf)).toEqual(['k']);
  // Somebody tidied up.
  rmSync(one, {recursive: true});
  heart.beat();
  expect(readFileSync(beatPath(one, 'k'), 'utf8')).toBe('000000000003');
  heart.stop();
  expect([one, other].flatMap(claims => readdirSync(claims))).toEqual([]);
});

test('who does not beat for ten watched minutes is silent, and who beats at the last moment is not', () => {
  const {watch} = watching();
  const heart = new Heartbeat('k');
  heart.in(room);
  expect(watch(SILENCE - 10_000)).toBe(false);
  heart.beat();
  expect(watch(SILENCE - 10_000)).toBe(false);
  expect(watch(20_000)).toBe(true);
  // It was merely slow: it is heard again.
  heart.beat();
  expect(watch(2000)).toBe(false);
  heart.stop();
  expect(watch(SILENCE + 2000)).toBe(true);
});

test('an hour in which the watcher slept itself counts for one look', () => {
  const {watch} = watching();
  new Heartbeat('k').in(room);
  expect(watch(2000)).toBe(false);
  expect(watch(8 * 3_600_000, 3_600_000)).toBe(false);
  expect(watch(SILENCE - 8 * 2 * BEAT, BEAT)).toBe(true);
});

test('times of files and clocks say nothing: an old time does not make it silent, and a new one does not keep it alive', () => {
  const {watch, path} = watching();
  const heart = new Heartbeat('k');
  heart.in(room);
  utimesSync(path, 0, 0);
  expect(watch(SILENCE - 10_000)).toBe(false);
  utimesSync(path, new Date('2099-01-01'), new Date('2099-01-01'));
  expect(watch(20_000)).toBe(true);
});

test('a beat whose place is not to be read is no silence', () => {
  const {watch, path} = watching();
  new Heartbeat('k').in(room);
  watch(4000);
  rmSync(path);
  // A read of it fails with EISDIR, whoever asks.
  rmSync(room, {recursive: true});
  new Heartbeat('x').in(path);
  expect(watch(2 * SILENCE)).toBe(false);
});
