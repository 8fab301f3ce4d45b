import {mkdirSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {expect, test} from 'vitest';
import {CATALOGUE} from '../../../magics/lsst/catalogue.js';
import {TASK_HELP} from '../../../magics/complete/task-help.js';
import {scratch, type Scratch} from '../../rig/scratch.js';
import {fits} from './fits.js';

/** A root repository with three raw images and a rerun of a person's. */
function root(folder: Scratch): void {
  const {Database} = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
  mkdirSync(folder.at('DATA', 'rerun', 'me', 'first', 'config'), {recursive: true});
  mkdirSync(folder.at('DATA', 'rerun', 'weft', 'processCcd-0123456789ab'), {recursive: true});
  writeFileSync(
    folder.at('DATA', 'rerun', 'me', 'first', 'config', 'processCcd.py'),
    '# a comment\nconfig.isr.doBias=True\nconfig.calibrate.name="x"\nprint("config.not=1")\n',
  );
  const database = new Database(folder.at('DATA', 'registry.sqlite3'));
  database.run('CREATE TABLE raw (id INTEGER, visit INT, ccd INT, filter TEXT)');
  for (const [visit, ccd, filter] of [
    [903334, 16, 'HSC-R'],
    [903334, 100, 'HSC-R'],
    [904014, 9, 'HSC-I'],
  ])
    database.run('INSERT INTO raw (visit, ccd, filter) VALUES (?, ?, ?)', [visit!, ccd!, filter!]);
  database.close();
}

test('data ids complete by what the registry and earlier results have, and fit what is typed before', async () => {
  using folder = scratch();
  root(folder);
  const cell = '%%lsst processCcd\n';
  expect(await fits(folder, `${cell}--id |`)).toEqual(['visit=', 'ccd=', 'filter=', 'tract=', 'patch=']);
  expect(await fits(folder, `${cell}--id visit=1 |`)).toEqual(['ccd=', 'filter=', 'tract=', 'patch=']);
  expect(await fits(folder, `${cell}--id visit=|`)).toEqual(['visit=903334', 'visit=904014']);
  expect(await fits(folder, `${cell}--id visit=903334 ccd=|`)).toEqual(['ccd=16', 'ccd=100']);
  expect(await fits(folder, `${cell}--id visit=903334 --selectId ccd=|`)).toEqual(['ccd=9', 'ccd=16', 'ccd=100']);
  expect(await fits(folder, `${cell}--id ccd=16^|`)).toEqual(['ccd=16^9', 'ccd=16^100']);
  expect(await fits(folder, `${cell}--id visit=903334..904014 filter=HSC-|`)).toEqual(['filter=HSC-I', 'filter=HSC-R']);
  expect(await fits(folder, `${cell}--id patch=|`)).toEqual(['patch=1,1']);
  expect(await fits(folder, `%%lsst processCcd --split visit,c|`)).toEqual(['visit,ccd']);
});

test('tasks, reruns, parents and fields of the configuration complete', async () => {
  using folder = scratch();
  root(folder);
  expect(await fits(folder, '%%lsst processCcdW|')).toEqual(['processCcdWithFakes', 'processCcdWithFakesDriver']);
  expect(await fits(folder, '%%lsst processCcd --rerun |')).toEqual(['me/first']);
  expect(await fits(folder, '%%lsst processCcd --from |')).toEqual(['<futures>', 'rerun:me/first']);
  expect(await fits(folder, '%%lsst processCcd\n--config isr|')).toEqual(['isr.doBias=']);
  expect(await fits(folder, '%%lsst processCcd\n-c isr.doBias=|')).toEqual([
    'isr.doBias=',
    'isr.doBias=True',
    'isr.doBias=False',
  ]);
  expect(await fits(folder, '%%lsst assembleCoadd\n--config |')).toEqual([]);
  expect(await fits(folder, '%%lsst processCcd --repo nowhere\n--id visit=|')).toEqual([]);
  expect(await fits(folder, '%%lsst a --container |')).toContain('podman:');
  expect(await fits(folder, '%%join a --mode |')).toEqual(['auto', 'chain', 'link']);
});

test('every task of the catalogue has a line of help, and no other has', () => {
  const without = [...CATALOGUE.keys()].filter(name => !Object.hasOwn(TASK_HELP, name));
  expect(without).toEqual([]);
  expect(Object.keys(TASK_HELP).filter(name => !CATALOGUE.has(name))).toEqual([]);
});
