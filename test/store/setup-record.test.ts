import {chmodSync, readdirSync, statSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {digestOf} from '../../kernel/fingerprint/fingerprint.js';
import {readSetup, writeSetup} from '../../kernel/store/setup-record.js';
import {scratch} from '../rig/scratch.js';

test('what a set-up stands for is kept for its user only, and mended where it can not be read', () => {
  using store = scratch();
  const identity = digestOf('a');
  const file = store.at('setups', `${identity}.json`);
  expect(readSetup(store.path, identity)).toBeUndefined();
  expect(readSetup(store.path, '../../etc/passwd')).toBeUndefined();
  writeSetup(store.path, identity, {products: {afw: '1'}});
  expect(readSetup(store.path, identity)).toEqual({products: {afw: '1'}});
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const {ino} = statSync(file);
  writeSetup(store.path, identity, {products: {afw: '1'}});
  expect(statSync(file).ino).toBe(ino);
  for (const text of [
    '',
    '{"version":1',
    '{"version":2,"contents":{}}',
    '[]',
    'null',
    '{"version":1,"contents":null}',
  ]) {
    writeFileSync(file, text);
    expect(readSetup(store.path, identity), text).toBeUndefined();
    writeSetup(store.path, identity, {text: 'x'});
    expect(readSetup(store.path, identity)).toEqual({text: 'x'});
  }
  expect(readdirSync(store.at('setups'))).toEqual([`${identity}.json`]);
});

test('a store that takes nothing costs nothing but that', () => {
  using store = scratch();
  writeFileSync(store.at('setups'), 'in the way');
  chmodSync(store.at('setups'), 0o400);
  writeSetup(store.path, digestOf('a'), {});
  expect(readSetup(store.path, digestOf('a'))).toBeUndefined();
});
