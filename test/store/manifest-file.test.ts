import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import {manifestText, readManifest, writeManifest} from '../../kernel/store/manifest-file.js';
import {sampleFingerprint, sampleManifest, sampleOutput} from './sample.js';

let room: string;
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-manifest-'))));
afterEach(() => rmSync(room, {recursive: true}));

const rich = sampleManifest({
  label: 'processCcd visit=903334 ccd=16',
  edition: 2,
  read: {[sampleFingerprint('flat')]: 3},
  directory: '/data/rerun/weft/processCcd-3f2a9c71b0de',
  outputs: [sampleOutput('a "quoted"\nname', 'x'), sampleOutput('calexp/é.fits', 'SIMPLE')],
  value: [1, null, {b: 'ü'}],
  log: 'hello\n',
  adopted: 'anna',
});
const fixtures = join(import.meta.dirname, '../fixtures/store');

test('a manifest of version 1 is written as it always was', async () => {
  await expect(manifestText(rich)).toMatchFileSnapshot(join(fixtures, 'manifest-1.json'));
});

test('a manifest of version 1 that was written long ago stays readable', async () => {
  writeFileSync(join(room, '.weft.json'), readFileSync(join(fixtures, 'manifest-1.json')));
  expect(await readManifest(room)).toEqual({ok: true, value: {...rich, directory: room}});
});

test('what is written is read again, and nothing else is left behind', async () => {
  for (const manifest of [rich, sampleManifest({value: null})]) {
    expect((await writeManifest(room, manifest)).ok).toBe(true);
    expect(await readManifest(room)).toEqual({ok: true, value: {...manifest, directory: room}});
    expect(readdirSync(room)).toEqual(['.weft.json']);
  }
});

test('any value and any names of files survive', async () => {
  const settings = {seed: 11, numRuns: process.env['WEFT_SOAK'] === undefined ? 40 : 2000};
  const name = fc.string({unit: 'grapheme', minLength: 1}).filter(path => !path.includes('/') && path !== '..');
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({stringUnit: 'grapheme'}), fc.array(name), async (value, names) => {
      const normal = JSON.parse(JSON.stringify(value)) as JsonValue;
      const manifest = sampleManifest({value: normal, outputs: names.map(path => sampleOutput(path, path))});
      await writeManifest(room, manifest, false);
      expect(await readManifest(room)).toEqual({ok: true, value: {...manifest, directory: room}});
      expect(manifestText(manifest).split('\n').length).toBe(names.length === 0 ? 2 : names.length + 3);
    }),
    settings,
  );
});

test('bash reads the outputs line by line', async () => {
  await writeManifest(room, sampleManifest({outputs: [sampleOutput('a', '1'), sampleOutput('b/c', '22')]}));
  const script = `while IFS= read -r line; do
    [[ $line =~ ^\\{\\"mtimeNs\\":\\"([0-9]+)\\",\\"path\\":\\"(.*)\\",\\"sha256\\":\\"([0-9a-f]{64})\\",\\"size\\":([0-9]+)\\},?$ ]] &&
      echo "\${BASH_REMATCH[2]} \${BASH_REMATCH[4]}"
  done <"$1"; true`;
  expect(execFileSync('bash', ['-c', script, '-', join(room, '.weft.json')], {encoding: 'utf8'})).toBe('a 1\nb/c 2\n');
});

test.each<[string, string, string]>([
  ['no JSON', '{"version":1', 'broken: PATH is no JSON: it was cut or changed'],
  [
    'a newer version',
    '{"version":2}',
    "version: PATH cannot be used: it has version 2 of the manifest's form; this Weft reads version 1",
  ],
  ['something else', '[]', 'broken: PATH cannot be used: it is no manifest'],
  [
    'a fingerprint too short',
    JSON.stringify({...rich, fingerprint: 'abc'}),
    'broken: PATH cannot be used: its field fingerprint is wrong: is no fingerprint',
  ],
  [
    'an output outside',
    JSON.stringify({...rich, outputs: [sampleOutput('a/../../b', '')]}),
    'broken: PATH cannot be used: its field outputs.0.path is wrong: leads out of the directory',
  ],
])('%s is refused with a reason', async (_name, text, expected) => {
  writeFileSync(join(room, '.weft.json'), text);
  const read = await readManifest(room);
  expect(read.ok ? '' : `${read.error.is}: ${read.error.message.replace(join(room, '.weft.json'), 'PATH')}`).toBe(
    expected,
  );
});

test('a directory without a manifest has none', async () => {
  const read = await readManifest(join(room, 'none'));
  expect(read.ok ? '' : read.error.is).toBe('missing');
});

test('a directory that is not there cannot be written to', async () => {
  const written = await writeManifest(join(room, 'none'), rich);
  expect(written.ok).toBe(false);
});
