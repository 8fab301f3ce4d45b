import {mkdirSync, mkdtempSync, utimesSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {setImmediate} from 'node:timers/promises';
import {dirname, join} from 'node:path';
import {beforeEach, describe, expect, it} from 'vitest';
import type {Digest} from '../../../kernel/fingerprint/fingerprint.js';
import {StatCache} from '../../../kernel/fingerprint/stat-cache.js';
import {fail, ok, type Result} from '../../../kernel/graph/result.js';
import type {RootPart} from '../../../magics/lsst/catalogue.js';
import type {DataId} from '../../../magics/lsst/data-id.js';
import {rootIdentity} from '../../../magics/lsst/root-identity.js';

const {Database} = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');

let root: string;
const write = (name: string, text = ''): void => {
  mkdirSync(dirname(join(root, name)), {recursive: true});
  writeFileSync(join(root, name), text);
};
const raw = (visit: number, ccd: number, filter: string): void => {
  const database = new Database(join(root, 'registry.sqlite3'));
  database.run(
    'CREATE TABLE IF NOT EXISTS raw (id INTEGER PRIMARY KEY, field TEXT, visit INT, ccd INT, pointing INT, filter TEXT, dateObs TEXT)',
  );
  database.run('INSERT INTO raw (field, visit, ccd, pointing, filter, dateObs) VALUES (?, ?, ?, ?, ?, ?)', [
    'F',
    visit,
    ccd,
    533,
    filter,
    '2013-06-17',
  ]);
  database.close();
  write(
    `F/2013-06-17/00533/${filter}/HSC-${String(visit).padStart(7, '0')}-${String(ccd).padStart(3, '0')}.fits`,
    `${visit} ${ccd}`,
  );
};
const ALL: readonly RootPart[] = ['raw', 'calib', 'refcat', 'transmission'];
const digestFile = async (path: string): Promise<Result<Digest, string>> => {
  const read = await new StatCache().digest(path);
  return read.ok ? ok(read.value) : fail(read.error.message);
};
/** Asked in a turn of its own: within one turn of the event loop, the same trees are read once. */
const identity = async (ids: readonly DataId[] = [{}], parts = ALL): Promise<string> => {
  await setImmediate();
  return rootIdentity({path: root, mapper: 'm', nested: true}, {parts, ids}, digestFile);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weft-root-'));
  raw(1, 16, 'HSC-R');
  raw(2, 22, 'HSC-I');
  for (const [filter, ccd] of [
    ['HSC-R', '016'],
    ['HSC-I', '022'],
  ] as const)
    write(`CALIB/FLAT/2013/${filter}/NONE/FLAT-2013-${filter}-${ccd}.fits`, 'x');
  write('CALIB/BIAS/2013/NONE/BIAS-2013-016.fits', 'x');
  const database = new Database(join(root, 'CALIB', 'calibRegistry.sqlite3'));
  database.run('CREATE TABLE flat (id INTEGER PRIMARY KEY, ccd INT, filter TEXT)');
  for (const [ccd, filter] of [
    [16, 'HSC-R'],
    [22, 'HSC-I'],
  ] as const)
    database.run('INSERT INTO flat (ccd, filter) VALUES (?, ?)', [ccd, filter]);
  database.close();
  write('ref_cats/ps1/config.py', 'a');
});

describe('the identity of what a task reads of a root', () => {
  it('does not change when another exposure is ingested, but for a wildcard', async () => {
    const [one, all] = [await identity([{visit: '1', ccd: '16'}]), await identity()];
    raw(3, 16, 'HSC-R');
    expect(await identity([{visit: '1', ccd: '16'}])).toBe(one);
    expect(await identity()).not.toBe(all);
  });

  it('changes with the raw file of its own data id only', async () => {
    const [one, other] = [await identity([{visit: '1'}]), await identity([{visit: '2'}])];
    write('F/2013-06-17/00533/HSC-R/HSC-0000001-016.fits', 'overwritten');
    expect(await identity([{visit: '1'}])).not.toBe(one);
    expect(await identity([{visit: '2'}])).toBe(other);
  });

  it('changes with a flat of its own chip and filter only', async () => {
    const [one, other] = [await identity([{visit: '1'}]), await identity([{visit: '2'}])];
    write('CALIB/FLAT/2013/HSC-I/NONE/FLAT-2013-HSC-I-022.fits', 'y');
    expect(await identity([{visit: '1'}])).toBe(one);
    expect(await identity([{visit: '2'}])).not.toBe(other);
  });

  it('holds files by content, whenever they were written', async () => {
    const before = await identity();
    for (const name of [
      'ref_cats/ps1/config.py',
      'F/2013-06-17/00533/HSC-R/HSC-0000001-016.fits',
      'CALIB/FLAT/2013/HSC-I/NONE/FLAT-2013-HSC-I-022.fits',
    ])
      utimesSync(join(root, name), 1, 1);
    expect(await identity()).toBe(before);
    write('ref_cats/ps1/config.py', 'b');
    expect(await identity()).not.toBe(before);
  });

  it('is the mapper alone for a task that reads nothing of it', async () => {
    const before = await identity([{}], []);
    raw(4, 16, 'HSC-R');
    write('ref_cats/ps1/config.py', 'b');
    expect(await identity([{}], [])).toBe(before);
  });

  it('matches filters and lists of ids', async () => {
    expect(await identity([{filter: 'HSC-R'}])).toBe(await identity([{visit: '1', tract: '0'}]));
    expect(await identity([{visit: '1'}, {visit: '2'}])).toBe(await identity());
  });
});
