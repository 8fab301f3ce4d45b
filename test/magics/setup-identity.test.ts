import {mkdirSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {expect, test} from 'vitest';
import {StatCache} from '../../kernel/fingerprint/stat-cache.js';
import {fail, ok} from '../../kernel/graph/result.js';
import {setupIdentity, type FoundSetup} from '../../magics/setup-identity.js';
import {probeSetup} from '../../magics/setup-probe.js';
import {scratch, type Scratch} from '../rig/scratch.js';

const PRODUCTS: FoundSetup = {
  text: 'source /opt/lsst/loadLSST.bash\nsetup lsst_distrib',
  directory: '/nb',
  rows: ['afw 18.1.0'],
  environment: {PATH: '/opt/a', AFW_DIR: '/opt/afw', MODE: 'fast'},
  files: {},
};

test('of products, paths and the text do not count, versions do', () => {
  const one = setupIdentity(PRODUCTS);
  expect(setupIdentity({...PRODUCTS, text: 'setup afw', environment: {PATH: '/b', AFW_DIR: '/c'}})).toBe(one);
  expect(setupIdentity({...PRODUCTS, rows: ['afw 19.0.0']})).not.toBe(one);
});

test('a variable that the text makes counts beside products', () => {
  const of = (text: string, MODE: string): string =>
    setupIdentity({...PRODUCTS, text, environment: {...PRODUCTS.environment, MODE}});
  for (const text of ['export MODE=x', 'setup afw; MODE=x', 'if true; then export MODE=x; fi', 'declare -x MODE=x'])
    expect([text, of(text, 'slow') === of(text, 'fast')]).toEqual([text, false]);
  // What nobody typed comes from products, or from the machine.
  expect(of('setup afw', 'slow')).toBe(of('setup afw', 'fast'));
  expect(of('export PATH=/x:$PATH', 'slow')).toBe(of('setup afw', 'fast'));
});

const probe = async (folder: Scratch, text: string) => {
  const cache = new StatCache();
  const digest = async (path: string) => {
    const read = await cache.digest(path);
    return read.ok ? ok(read.value) : fail(read.error.message);
  };
  const probed = await probeSetup({text, directory: folder.path, environment: {PATH: process.env['PATH']}, digest});
  if (!probed.ok) throw new Error(probed.error.message);
  return {...probed.value, now: () => probed.value.current?.(digest)};
};

test('a file that the text sources is part of it, wherever the notebook lies', async () => {
  using folder = scratch();
  using other = scratch();
  writeFileSync(folder.at('setup.sh'), 'export MODE=fast\n');
  writeFileSync(other.at('setup.sh'), 'export MODE=fast\n');
  const one = await probe(folder, 'source ./setup.sh');
  expect((await probe(other, 'source ./setup.sh')).identity).toBe(one.identity);
  expect(await one.now()).toBe(true);
  writeFileSync(folder.at('setup.sh'), 'export MODE=slow\n');
  expect(await one.now()).toBe(false);
  const two = await probe(folder, 'source ./setup.sh');
  expect(two.identity).not.toBe(one.identity);
  expect(two.environment['MODE']).toBe('slow');
});

test('a kernel that a service started with next to no environment gives its tasks a whole one', async () => {
  using folder = scratch();
  for (const text of ['', 'export A=1'])
    expect((await probe(folder, text)).environment).toMatchObject({
      HOME: '/',
      USER: userInfo().username,
      LANG: 'C.UTF-8',
      TERM: 'dumb',
    });
});

test('beside products, variables of a file of the notebook count', async () => {
  using folder = scratch();
  mkdirSync(folder.at('etc'));
  const eups = "eups() { echo '   afw  18.1.0  setup'; }\n";
  const identities: string[] = [];
  for (const mode of ['fast', 'slow', 'fast']) {
    writeFileSync(folder.at('etc', 'setup.sh'), `${eups}export MODE=${mode}\n`);
    identities.push((await probe(folder, 'source etc/setup.sh')).identity);
  }
  expect(identities[0]).toBe(identities[2]);
  expect(identities[0]).not.toBe(identities[1]);
});
