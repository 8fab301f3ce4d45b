import {createHash} from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {StatCache} from '../../kernel/fingerprint/stat-cache.js';

let room: string;
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-stat-'))));
afterEach(() => rmSync(room, {recursive: true}));

const at = (name: string): string => join(room, name);
const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
/** A clock an hour ahead: every file is old, so the cache trusts what it knows. */
const later = (): number => Date.now() + 3_600_000;

async function digest(cache: StatCache, path: string): Promise<string> {
  const reading = await cache.digest(path);
  return reading.ok ? reading.value : `${reading.error.code}: ${reading.error.message}`;
}

test('a file counts by its content, small or large', async () => {
  const cache = new StatCache();
  const large = Buffer.alloc(3_000_001, 'abc');
  writeFileSync(at('small'), 'hello');
  writeFileSync(at('large'), large);
  writeFileSync(at('empty'), '');
  expect(await digest(cache, at('small'))).toBe(sha256('hello'));
  expect(await digest(cache, at('large'))).toBe(sha256(large));
  expect(await digest(cache, at('empty'))).toBe(sha256(''));
});

test('a file that did not change is not read again, and one that did is', async () => {
  const cache = new StatCache(room, later);
  writeFileSync(at('a'), 'one');
  await digest(cache, at('a'));
  const saved = await cache.save();
  expect(saved.ok).toBe(true);
  // A digest that was changed by hand shows that the content was not looked at.
  const wrong = 'f'.repeat(64);
  const file = at('stat-cache.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace(sha256('one'), wrong));
  const again = await StatCache.open(room);
  expect(await digest(again, at('a'))).toBe(wrong);
  writeFileSync(at('a'), 'two');
  expect(await digest(again, at('a'))).toBe(sha256('two'));
});

test('an edit within the same tick of the clock is seen though size and stamp agree', async () => {
  const cache = new StatCache();
  const stamp = new Date(Date.now() - 100);
  writeFileSync(at('a'), 'one');
  utimesSync(at('a'), stamp, stamp);
  expect(await digest(cache, at('a'))).toBe(sha256('one'));
  // The stamps that a coarse file system would show: the entry is made to agree with the second content.
  writeFileSync(at('a'), 'two');
  utimesSync(at('a'), stamp, stamp);
  const {ctimeNs} = statSync(at('a'), {bigint: true});
  await cache.save();
  const saver = new StatCache(room);
  writeFileSync(at('b'), '');
  await digest(saver, at('b'));
  await saver.save();
  const {size, mtimeNs, ino} = statSync(at('a'), {bigint: true});
  const entry = [at('a'), `${size}`, `${mtimeNs}`, `${ctimeNs}`, `${ino}`, sha256('one'), Date.now()];
  appendFileSync(at('stat-cache.jsonl'), `${JSON.stringify(entry)}\n`);
  expect(await digest(await StatCache.open(room), at('a'))).toBe(sha256('two'));
});

test('an edit that sets the old time back is seen', async () => {
  const cache = new StatCache(undefined, later);
  const stamp = new Date('2020-01-01');
  writeFileSync(at('a'), 'one');
  utimesSync(at('a'), stamp, stamp);
  await digest(cache, at('a'));
  writeFileSync(at('a'), 'two');
  utimesSync(at('a'), stamp, stamp);
  expect(await digest(cache, at('a'))).toBe(sha256('two'));
});

test('a broken cache file costs its broken lines only', async () => {
  const cache = new StatCache(room, later);
  writeFileSync(at('a'), 'one');
  await digest(cache, at('a'));
  await cache.save();
  const file = at('stat-cache.jsonl');
  appendFileSync(file, '{"x":\n["p",1,2]\n[1,2,3,4,5,6,7]\nnull\n\u0000\u0001');
  expect((await StatCache.open(room)).size).toBe(1);
  writeFileSync(file, Buffer.from([0xff, 0xfe, 0, 10, 0x7b]));
  expect((await StatCache.open(room)).size).toBe(0);
  rmSync(file);
  mkdirSync(file);
  const open = await StatCache.open(room);
  expect(await digest(open, at('a'))).toBe(sha256('one'));
  expect((await open.save()).ok).toBe(false);
});

test('two caches that save both keep what they know', async () => {
  writeFileSync(at('a'), 'one');
  writeFileSync(at('b'), 'two');
  const first = await StatCache.open(room);
  const second = await StatCache.open(room);
  await digest(first, at('a'));
  await digest(second, at('b'));
  await first.save();
  await second.save();
  expect((await StatCache.open(room)).size).toBe(2);
});

test('a directory counts with names and contents, not with times, and follows links', async () => {
  const cache = new StatCache();
  mkdirSync(at('d/sub'), {recursive: true});
  writeFileSync(at('d/b'), '2');
  writeFileSync(at('d/sub/a'), '1');
  const before = await digest(cache, at('d'));
  utimesSync(at('d/b'), 1, 1);
  mkdirSync(at('d/empty'));
  expect(await digest(cache, at('d'))).toBe(before);

  renameSync(at('d'), at('moved'));
  expect(await digest(cache, at('moved'))).toBe(before);
  renameSync(at('moved/sub/a'), at('elsewhere'));
  expect(await digest(cache, at('moved'))).not.toBe(before);
  symlinkSync('../../elsewhere', at('moved/sub/a'));
  expect(await digest(cache, at('moved'))).toBe(before);
  writeFileSync(at('elsewhere'), '3');
  expect(await digest(cache, at('moved'))).not.toBe(before);
});

test('a directory that links to itself and one with a dead link have digests', async () => {
  const cache = new StatCache();
  mkdirSync(at('d'));
  symlinkSync('.', at('d/self'));
  const self = await digest(cache, at('d'));
  expect(self).toMatch(/^[0-9a-f]{64}$/);
  symlinkSync('nowhere', at('d/dead'));
  expect(await digest(cache, at('d'))).not.toBe(self);
});

test('what cannot be read is a problem with a reason', async () => {
  const cache = new StatCache();
  expect(await digest(cache, at('none'))).toBe(`ENOENT: ${at('none')} is missing`);
  expect(await digest(cache, '/dev/null')).toBe('EINVAL: /dev/null is no regular file');
  writeFileSync(at('a'), 'one');
  const many = await cache.digestFiles([at('a'), at('none')]);
  expect(many.ok).toBe(false);
});

test('what programs leave in a directory does not count', async () => {
  mkdirSync(at('code/part'), {recursive: true});
  writeFileSync(at('code/part/a.py'), 'a');
  const before = await new StatCache().digestDirectory(at('code'));
  for (const name of ['__pycache__', '.git', '.weft']) {
    mkdirSync(at(`code/part/${name}`));
    writeFileSync(at(`code/part/${name}/left`), 'x');
  }
  expect(await new StatCache().digestDirectory(at('code'))).toEqual(before);
});
