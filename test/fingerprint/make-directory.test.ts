import {existsSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {makeDirectory, makeDirectorySync} from '../../kernel/fingerprint/make-directory.js';
import {scratch} from '../rig/scratch.js';

test.each([
  ['later', makeDirectory],
  ['at once', async (path: string) => makeDirectorySync(path)],
])('makes a directory and all above it %s, and leaves one that is there', async (_, make) => {
  using folder = scratch();
  await make(folder.at('a/b/c'));
  await make(folder.at('a/b/c'));
  expect(existsSync(folder.at('a/b/c'))).toBe(true);
  mkdirSync(folder.at('real'));
  symlinkSync('real', folder.at('link'));
  await make(folder.at('link'));
  await make(folder.at('link/below'));
  expect(existsSync(folder.at('real/below'))).toBe(true);
});

test.each([
  ['later', makeDirectory],
  ['at once', async (path: string) => makeDirectorySync(path)],
])('says what the system says where none can be made (%s)', async (_, make) => {
  using folder = scratch();
  writeFileSync(folder.at('file'), '');
  symlinkSync('nowhere', folder.at('dangling'));
  await expect(make(folder.at('file'))).rejects.toMatchObject({code: 'EEXIST'});
  await expect(make(folder.at('file/a/b'))).rejects.toMatchObject({code: 'ENOTDIR'});
  await expect(make(folder.at('dangling/a'))).rejects.toMatchObject({code: 'EEXIST'});
});
