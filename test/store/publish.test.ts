import {execFileSync} from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {readManifest} from '../../kernel/store/manifest-file.js';
import {publish, type Publication, type Published} from '../../kernel/store/publish.js';
import {checkResult} from '../../kernel/store/verify.js';
import {sampleFingerprint, sampleKnown as known} from './sample.js';

let room: string;
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-publish-'))));
afterEach(() => rmSync(room, {recursive: true}));

const at = (name: string): string => join(room, name);

/** An attempt that ended well, with these files. */
function attempt(name: string, files: Readonly<Record<string, string>>): Publication {
  const directory = at(`.bash-1.${name}`);
  mkdirSync(directory);
  const own = {'.weft.log': 'said', '.weft.started': '1 2', '.weft.exit': '0 3', '.weft.script': 'echo'};
  for (const [path, text] of Object.entries({...own, ...files})) {
    mkdirSync(join(directory, path, '..'), {recursive: true});
    writeFileSync(join(directory, path), text);
  }
  return {attempt: directory, final: at('bash-1'), manifest: known};
}

async function published(publication: Publication): Promise<Published> {
  const result = await publish(publication);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const names = (directory: string): string[] => readdirSync(directory).sort();

test('an attempt becomes a result: its files, its log and its manifest under the final name', async () => {
  const {manifest, ours} = await published(attempt('a', {'out.txt': 'x', 'sub/deep/b': 'yy', empty: ''}));
  expect(ours).toBe(true);
  expect(names(room)).toEqual(['bash-1']);
  expect(names(at('bash-1'))).toEqual(['.weft.json', '.weft.log', 'empty', 'out.txt', 'sub']);
  expect(manifest.outputs.map(({path, size}) => [path, size])).toEqual([
    ['empty', 0],
    ['out.txt', 1],
    ['sub/deep/b', 2],
  ]);
  expect(manifest).toMatchObject({edition: 1, directory: at('bash-1')});
  expect(await readManifest(at('bash-1'))).toEqual({ok: true, value: manifest});
  expect(await checkResult(manifest, 'content')).toEqual({ok: true, value: {manifest, renewed: false}});
});

test('a result without files is a directory that is not empty', async () => {
  const {manifest} = await published(attempt('a', {}));
  expect(manifest.outputs).toEqual([]);
  expect(names(at('bash-1'))).toEqual(['.weft.json', '.weft.log']);
});

test('only the named files are outputs, and one that is not there is a failure that names it', async () => {
  const some = await published({...attempt('a', {a: '1', b: '2'}), outputs: ['b']});
  expect(some.manifest.outputs.map(({path}) => path)).toEqual(['b']);
  const none = await publish({...attempt('b', {a: '1'}), final: at('bash-2'), outputs: ['a', 'c']});
  expect(none).toMatchObject({
    ok: false,
    error: {reason: 'publish', message: 'The output c is missing, or is no file'},
  });
  expect(existsSync(at('bash-2'))).toBe(false);
});

test('pipes are no outputs, and links into the attempt still lead there afterwards', async () => {
  const publication = attempt('a', {'sub/a': '1'});
  symlinkSync(join(publication.attempt, 'sub/a'), join(publication.attempt, 'sub/link'));
  symlinkSync(publication.attempt, join(publication.attempt, 'self'));
  execFileSync('mkfifo', [join(publication.attempt, 'pipe')]);
  const {manifest} = await published(publication);
  expect(manifest.outputs.map(({path}) => path)).toEqual(['self', 'sub/a', 'sub/link']);
  expect(readFileSync(at('bash-1/sub/link'), 'utf8')).toBe('1');
  expect(readlinkSync(at('bash-1/self'))).toBe('.');
});

test('the loser of a race takes the result that is there and leaves nothing', async () => {
  const first = await published(attempt('a', {out: 'first'}));
  const second = await published(attempt('b', {out: 'second'}));
  expect(second).toEqual({manifest: first.manifest, ours: false});
  expect(names(room)).toEqual(['bash-1']);
  expect(readFileSync(at('bash-1/out'), 'utf8')).toBe('first');
});

test('several who publish at once agree on one result', async () => {
  const all = await Promise.all(['a', 'b', 'c', 'd'].map(name => published(attempt(name, {out: name}))));
  expect(all.filter(({ours}) => ours).length).toBeGreaterThan(0);
  const kept = await readManifest(at('bash-1'));
  expect(kept.ok && (await checkResult(kept.value, 'content')).ok).toBe(true);
  expect(names(room).filter(name => name.startsWith('.bash'))).toEqual([]);
});

test.each<[string, () => void]>([
  ['lost a file', () => rmSync(at('bash-1/out'))],
  ['was changed', () => writeFileSync(at('bash-1/out'), 'other')],
  ['lost its manifest', () => rmSync(at('bash-1/.weft.json'))],
  ['has a broken manifest', () => writeFileSync(at('bash-1/.weft.json'), '{')],
  [
    'is a file',
    () => {
      rmSync(at('bash-1'), {recursive: true});
      writeFileSync(at('bash-1'), '');
    },
  ],
])('a result that %s is moved aside', async (_name, spoil) => {
  const first = await published(attempt('a', {out: 'first'}));
  spoil();
  const second = await published({...attempt('b', {out: 'again'}), previous: first.manifest});
  expect(second).toMatchObject({ours: true, manifest: {edition: 1}});
  expect(readFileSync(at('bash-1/out'), 'utf8')).toBe('again');
  expect(names(room)).toEqual([expect.stringMatching(/^\.dead-[0-9a-f-]{36}$/), 'bash-1']);
});

test('an empty directory under the final name is replaced', async () => {
  mkdirSync(at('bash-1'));
  expect((await published(attempt('a', {out: 'x'}))).ours).toBe(true);
  expect(names(room)).toEqual(['bash-1']);
});

test('a forced task replaces its result, and the edition rises only if bytes differ', async () => {
  const first = (await published(attempt('a', {out: 'x'}))).manifest;
  const same = await published({...attempt('b', {out: 'x'}), previous: first, force: true});
  expect(same).toMatchObject({ours: true, manifest: {edition: 1}});
  const other = await published({...attempt('c', {out: 'y'}), previous: same.manifest, force: true});
  expect(other.manifest.edition).toBe(2);
  const value = await published({
    ...attempt('d', {out: 'y'}),
    manifest: {...known, value: 1},
    previous: other.manifest,
    force: true,
  });
  expect(value.manifest.edition).toBe(3);
});

test('a task whose fingerprint begins the same is told of, not overwritten', async () => {
  await published(attempt('a', {out: 'x'}));
  const other = sampleFingerprint('other');
  const result = await publish({...attempt('b', {out: 'y'}), manifest: {...known, fingerprint: other}});
  expect(result).toMatchObject({
    ok: false,
    error: {reason: 'publish', remedy: expect.stringContaining('Move') as string},
  });
  expect(result.ok ? '' : result.error.message).toContain(known.fingerprint);
  expect(readFileSync(at('bash-1/out'), 'utf8')).toBe('x');
  expect(existsSync(at('.bash-1.b'))).toBe(true);
});

test('a result of a newer Weft is left alone', async () => {
  mkdirSync(at('bash-1'));
  writeFileSync(at('bash-1/.weft.json'), '{"version":2}');
  expect(await publish(attempt('a', {out: 'x'}))).toMatchObject({ok: false, error: {reason: 'publish'}});
  expect(readFileSync(at('bash-1/.weft.json'), 'utf8')).toBe('{"version":2}');
});

test('a place where nothing can be made is a failure, and the attempt stays', async () => {
  writeFileSync(at('file'), '');
  const publication = {...attempt('a', {out: 'x'}), final: at('file/bash-1')};
  expect(await publish(publication)).toMatchObject({ok: false, error: {reason: 'publish'}});
  expect(existsSync(join(publication.attempt, '.weft.exit'))).toBe(true);
  expect((await published({...publication, final: at('bash-1')})).ours).toBe(true);
});

test('a full disk is a failure with a remedy', async () => {
  const publication = attempt('a', {out: 'x'});
  const full = (name: string): void => {
    if (name === 'rename') throw Object.assign(new Error('no space'), {code: 'ENOSPC'});
  };
  expect(await publish(publication, {step: full})).toMatchObject({
    ok: false,
    error: {
      reason: 'publish',
      message: `${at('bash-1')} could not be written: the disk is full`,
      remedy: expect.any(String) as string,
    },
  });
  expect((await published(publication)).ours).toBe(true);
});
