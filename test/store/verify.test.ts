import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {readOutput} from '../../kernel/store/output-stamp.js';
import {checkResult, type Verify} from '../../kernel/store/verify.js';
import {sampleManifest} from './sample.js';

let room: string;
let manifest: Manifest;
const at = (name: string): string => join(room, 'result', name);

beforeEach(async () => {
  room = mkdtempSync(join(tmpdir(), 'weft-verify-'));
  mkdirSync(at('deepCoadd'), {recursive: true});
  writeFileSync(at('deepCoadd/1,1.fits'), 'SIMPLE');
  writeFileSync(at('log'), 'done');
  symlinkSync('log', at('link'));
  symlinkSync('nowhere', at('dead'));
  const names = ['dead', 'deepCoadd/1,1.fits', 'link', 'log'];
  const outputs = await Promise.all(names.map(name => readOutput(at(name), name, false)));
  manifest = sampleManifest({directory: join(room, 'result'), outputs: outputs.map(output => output!)});
});
afterEach(() => rmSync(room, {recursive: true}));

async function check(how: Verify = 'mtime'): Promise<string> {
  const result = await checkResult(manifest, how);
  if (!result.ok) return result.error.message.replace(room, '');
  return result.value.renewed ? 'renewed' : 'hit';
}

test.each(['size', 'mtime', 'content'] as const)('an untouched result is a hit by %s', async how => {
  for (const name of ['.weft.json', '.weft.log', 'deepCoadd/.nfs0001']) writeFileSync(at(name), 'nobody asked');
  mkdirSync(at('empty'));
  expect(await check(how)).toBe('hit');
});

test('a file that was added is seen by content only, wherever it lies', async () => {
  writeFileSync(at('deepCoadd/extra'), 'nobody asked');
  for (const how of ['size', 'mtime'] as const) expect(await check(how)).toBe('hit');
  expect(await check('content')).toBe('deepCoadd/extra was added to it');
  rmSync(at('deepCoadd/extra'));
  symlinkSync('log', at('.link'));
  expect(await check('content')).toBe('.link was added to it');
  for (const name of ['.link', 'deepCoadd', 'link', 'log', 'dead']) rmSync(at(name), {recursive: true, force: true});
  manifest = {...manifest, outputs: []};
  expect(await check('content')).toBe('hit');
  writeFileSync(at('log'), 'nobody asked');
  expect(await check('content')).toBe('log was added to it');
});

test('a purged file is a miss that names the file', async () => {
  unlinkSync(at('deepCoadd/1,1.fits'));
  expect(await check()).toBe('deepCoadd/1,1.fits is missing');
  rmSync(at('deepCoadd'), {recursive: true});
  expect(await check()).toBe('deepCoadd/1,1.fits is missing');
});

test('a purged directory is a miss that names the directory', async () => {
  rmSync(join(room, 'result'), {recursive: true});
  expect(await check()).toBe('its directory /result is missing');
  manifest = {...manifest, outputs: []};
  expect(await check()).toBe('its directory /result is missing');
  mkdirSync(join(room, 'result'));
  expect(await check()).toBe('hit');
});

test('a file of another size is a miss by any measure', async () => {
  appendFileSync(at('log'), '!!');
  for (const how of ['size', 'mtime', 'content'] as const) {
    manifest = {...manifest, outputs: manifest.outputs.filter(({path}) => path === 'log')};
    expect(await check(how)).toBe('log has another size: 4 → 6 bytes');
  }
});

test('other content of the same size and another time is a miss, but by size', async () => {
  writeFileSync(at('deepCoadd/1,1.fits'), 'simple');
  utimesSync(at('deepCoadd/1,1.fits'), 1, 1);
  expect(await check()).toBe('deepCoadd/1,1.fits has other content');
  expect(await check('size')).toBe('hit');
});

test('a touched file is compared by content, and then has a new stamp', async () => {
  utimesSync(at('deepCoadd/1,1.fits'), 1, 1);
  const result = await checkResult(manifest, 'mtime');
  expect(result.ok && result.value.renewed).toBe(true);
  if (result.ok) manifest = result.value.manifest;
  expect(manifest.outputs[1]).toMatchObject({path: 'deepCoadd/1,1.fits', mtimeNs: '1000000000'});
  expect(await check()).toBe('hit');
});

test('other content with the recorded size and time is seen by content only', async () => {
  const stamp = new Date(1_700_000_000_000);
  utimesSync(at('log'), stamp, stamp);
  const first = await checkResult(manifest, 'mtime');
  if (first.ok) manifest = first.value.manifest;
  writeFileSync(at('log'), 'DONE');
  utimesSync(at('log'), stamp, stamp);
  expect(await check('mtime')).toBe('hit');
  expect(await check('content')).toBe('link has other content');
});

test('a link that leads elsewhere is a miss', async () => {
  unlinkSync(at('dead'));
  symlinkSync('noplace', at('dead'));
  expect(await check('content')).toBe('dead has other content');
  unlinkSync(at('dead'));
  mkdirSync(at('dead'));
  expect(await check()).toBe('dead is missing');
});

test('a result that was moved as a whole is checked where it is now', async () => {
  renameSync(join(room, 'result'), join(room, 'moved'));
  manifest = {...manifest, directory: join(room, 'moved')};
  expect(await check()).toBe('hit');
});

test('a value without files is always good', async () => {
  manifest = sampleManifest({value: 1});
  expect(await check('content')).toBe('hit');
});

test('what cannot be looked at is a miss with the reason', async () => {
  const path = 'x'.repeat(300);
  manifest = {...manifest, outputs: manifest.outputs.map(output => ({...output, path}))};
  expect(await check()).toBe(`${path} could not be read (ENAMETOOLONG)`);
});
