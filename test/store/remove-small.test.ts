import {existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {removeSmall} from '../../kernel/store/remove-small.js';
import {scratch} from '../rig/scratch.js';

test('an attempt without outputs is removed, and nothing that its links lead to', () => {
  using folder = scratch();
  mkdirSync(folder.at('attempt', '.weft.tmp'), {recursive: true});
  mkdirSync(folder.at('other'));
  writeFileSync(folder.at('other', 'file'), '');
  writeFileSync(folder.at('attempt', '.weft.log'), '');
  symlinkSync(folder.at('other'), folder.at('attempt', '.weft.link'));
  expect(removeSmall(folder.at('attempt'))).toBe(true);
  expect([readdirSync(folder.path), readdirSync(folder.at('other'))]).toEqual([['other'], ['file']]);
});

test('an attempt that has what nearly all have is removed, with more of its own too, and one with a file of its task is not', () => {
  using folder = scratch();
  for (const name of ['value', 'more', 'files']) {
    mkdirSync(folder.at(name));
    for (const own of ['exit', 'log', 'runner', 'script', 'started'])
      writeFileSync(folder.at(name, `.weft.${own}`), '');
  }
  mkdirSync(folder.at('more', '.weft.tmp'));
  writeFileSync(folder.at('files', 'coadd.fits'), '');
  expect(['value', 'more', 'files'].map(name => removeSmall(folder.at(name)))).toEqual([true, true, false]);
  expect([readdirSync(folder.path), readdirSync(folder.at('files'))]).toEqual([['files'], ['coadd.fits']]);
});

test('an attempt with outputs, a large one, a deep one, and what is none are left to others', () => {
  using folder = scratch();
  mkdirSync(folder.at('large'));
  for (let i = 0; i < 17; i++) writeFileSync(folder.at('large', `.weft.${i}`), '');
  mkdirSync(folder.at('deep', '.weft.in', 'b'), {recursive: true});
  mkdirSync(folder.at('outputs'));
  writeFileSync(folder.at('outputs', 'coadd.fits'), '');
  writeFileSync(folder.at('file'), '');
  expect(['outputs', 'large', 'deep', 'file', 'absent'].map(name => removeSmall(folder.at(name)))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(readdirSync(folder.at('large'))).toHaveLength(17);
  expect([existsSync(folder.at('deep', '.weft.in', 'b')), existsSync(folder.at('outputs', 'coadd.fits'))]).toEqual([
    true,
    true,
  ]);
});
