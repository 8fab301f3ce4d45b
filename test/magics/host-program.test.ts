import {chmodSync, mkdirSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {StatCache} from '../../kernel/fingerprint/stat-cache.js';
import {fail, ok} from '../../kernel/graph/result.js';
import {hostProgram, onPath} from '../../magics/host-program.js';
import {scratch, type Scratch} from '../rig/scratch.js';

const program = (folder: Scratch, name: string, text: string): string => {
  mkdirSync(folder.at('bin'), {recursive: true});
  writeFileSync(folder.at('bin', name), text);
  chmodSync(folder.at('bin', name), 0o755);
  return folder.at('bin', name);
};

/** The identity of a program, as a kernel that starts now finds it. */
async function identity(path: string, places: string): Promise<string> {
  const cache = new StatCache();
  const found = await hostProgram(path, {PATH: places}, async file => {
    const read = await cache.digest(file);
    return read.ok ? ok(read.value) : fail(read.error.message);
  });
  return found.ok ? found.value : found.error;
}

test('a program is its content, wherever it lies', async () => {
  using folder = scratch();
  const one = await identity(program(folder, 'one', '#!/bin/sh\necho 1\n'), '');
  expect(await identity(program(folder, 'two', '#!/bin/sh\necho 1\n'), '')).toBe(one);
  expect(await identity(program(folder, 'two', '#!/bin/sh\necho 2\n'), '')).not.toBe(one);
});

test('what a script is started with is part of it: by name, through env, and through another script', async () => {
  using folder = scratch();
  const shell = program(folder, 'shell', '#!/bin/sh\n# first\n');
  const scripts = [
    program(folder, 'direct', `#!${shell}\n`),
    program(folder, 'through-env', '#!/usr/bin/env shell\n'),
    program(folder, 'with-words', '#!/usr/bin/env -S A=1 shell -e\n'),
    program(folder, 'twice', `#! ${folder.at('bin', 'direct')} x\n`),
  ];
  const search = `${folder.at('bin')}:/usr/bin:/bin`;
  const before = await Promise.all(scripts.map(path => identity(path, search)));
  program(folder, 'shell', '#!/bin/sh\n# second\n');
  const after = await Promise.all(scripts.map(path => identity(path, search)));
  expect(after.map((each, i) => each === before[i])).toEqual([false, false, false, false]);
});

test('a script that is started with itself, or with nothing that is there, has an end', async () => {
  using folder = scratch();
  const own = program(folder, 'own', `#!${folder.at('bin', 'own')}\n`);
  expect(await identity(own, '')).toMatch(/^[0-9a-f]{64}$/);
  expect(await identity(program(folder, 'lost', '#!/nowhere/at/all\n'), '')).toMatch(/^[0-9a-f]{64}$/);
  expect(await identity(folder.at('bin', 'none'), '')).toContain('is missing');
});

test('the first executable file of a name counts', () => {
  using folder = scratch();
  const path = program(folder, 'x', '');
  mkdirSync(folder.at('other', 'x'), {recursive: true});
  expect(onPath('x', `relative:${folder.at('other')}:${folder.at('bin')}`)).toBe(path);
  expect(onPath('y', folder.at('bin'))).toBeUndefined();
});
