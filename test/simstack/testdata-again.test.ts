import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {writeTestData} from '../../notebooks/simstack/testdata.js';
import {scratch} from '../rig/scratch.js';

test('Data that are made again where they are keep their times, so that what was made from them stays valid.', () => {
  using folder = scratch();
  const stamps = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(folder.path, {recursive: true, encoding: 'utf8'})
        .filter(name => statSync(join(folder.path, name)).isFile())
        .map(name => [name, String(statSync(join(folder.path, name), {bigint: true}).mtimeNs)]),
    );
  writeTestData(folder.path);
  const before = stamps();
  expect(Object.keys(before).length).toBeGreaterThan(80);
  writeTestData(folder.path);
  expect(stamps()).toEqual(before);
});
