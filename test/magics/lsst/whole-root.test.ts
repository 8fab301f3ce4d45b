import {chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Digest} from '../../../kernel/fingerprint/fingerprint.js';
import {StatCache} from '../../../kernel/fingerprint/stat-cache.js';
import {fail, ok, type Result} from '../../../kernel/graph/result.js';
import {wholeRootIdentity} from '../../../magics/lsst/whole-root.js';

let folder: string;
let root: string;
let cache: StatCache;
const asked: string[] = [];

const digest = async (path: string): Promise<Result<Digest, string>> => {
  asked.push(path);
  const read = await cache.digest(path);
  return read.ok ? ok(read.value) : fail(read.error.message);
};
const identity = (path = root, take = digest): Promise<Digest> =>
  wholeRootIdentity({path, mapper: 'm', nested: true}, take);
const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(root, name)), {recursive: true});
  writeFileSync(join(root, name), text);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-whole-'));
  root = join(folder, 'DATA');
  cache = new StatCache();
  asked.length = 0;
  write('_mapper', 'm\n');
  write('SKY/one.fits', 'pixels 1');
  write('ref_cats/shard.fits', 'stars');
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

test('a root that was touched or copied is the same root', async () => {
  const before = await identity();
  utimesSync(join(root, 'SKY/one.fits'), 1e9, 1e9);
  utimesSync(join(root, 'ref_cats/shard.fits'), 1e9, 1e9);
  expect(await identity()).toBe(before);
  cpSync(root, join(folder, 'copy'), {recursive: true});
  expect(await identity(join(folder, 'copy'))).toBe(before);
});

test('another byte in a file of the same size and time is another root, and so is another name', async () => {
  const path = join(root, 'SKY/one.fits');
  utimesSync(path, 1e9, 1e9);
  const before = await identity();
  writeFileSync(path, 'pixels 2');
  utimesSync(path, 1e9, 1e9);
  const after = await identity();
  expect(after).not.toBe(before);
  writeFileSync(path, 'pixels 1');
  expect(await identity()).toBe(before);
  cpSync(path, join(root, 'SKY/two.fits'));
  rmSync(path);
  expect(await identity()).not.toBe(before);
});

test('files behind links count by what they lead to; hidden ones and reruns do not count', async () => {
  write('../store/flat.fits', 'flat 1');
  symlinkSync('../store', join(root, 'CALIB'));
  symlinkSync('../store/flat.fits', join(root, 'flat.fits'));
  const before = await identity();
  write('.note', 'x');
  write('rerun/manual1/x.txt', 'x');
  expect(await identity()).toBe(before);
  write('../store/flat.fits', 'flat 2');
  expect(await identity()).not.toBe(before);
  expect(asked.filter(path => path.includes('rerun') || path.includes('.note'))).toEqual([]);
});

test('a file that cannot be read counts by its size and time', async () => {
  const path = join(root, 'SKY/one.fits');
  const refuse = (asks: string): ReturnType<typeof digest> =>
    asks === path ? Promise.resolve(fail('EACCES')) : digest(asks);
  chmodSync(path, 0o000);
  const before = await identity(root, refuse);
  expect(await identity(root, refuse)).toBe(before);
  utimesSync(path, 1e9, 1e9);
  expect(await identity(root, refuse)).not.toBe(before);
});
