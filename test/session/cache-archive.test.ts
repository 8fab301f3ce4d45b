import {execFileSync} from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Digest, Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import {fingerprintOfRecipe, shortOf, type Recipe} from '../../kernel/graph/recipe.js';
import type {AttemptId} from '../../kernel/graph/task.js';
import {stampOf} from '../../kernel/machine/process-life.js';
import {writePins, type Pin} from '../../kernel/run/containers/lock-file.js';
import {Cache} from '../../kernel/session/cache.js';
import {Claims} from '../../kernel/store/claim.js';
import {History} from '../../kernel/store/history.js';
import {publish} from '../../kernel/store/publish.js';
import {Store} from '../../kernel/store/store.js';
import {checkResult} from '../../kernel/store/verify.js';
import {scratch, type Scratch} from '../rig/scratch.js';

const noHistory = new History({store: '', path: undefined});

interface Machine {
  readonly store: Store;
  readonly cache: Cache;
}

async function machine(directory: string): Promise<Machine> {
  const opened = await Store.open({directory: join(directory, '.weft')});
  if (!opened.ok) throw new Error(opened.error.message);
  return {store: opened.value, cache: new Cache(opened.value, noHistory)};
}

interface Making {
  readonly from?: readonly Fingerprint[];
  readonly reruns?: string;
  readonly content?: string;
  readonly image?: JsonObject;
  readonly edition?: number;
  /** The edition that it has read of each of `from`. */
  readonly read?: number;
  /** A value has no files. */
  readonly value?: boolean;
}

const recipeOf = (text: string, {from = [], image}: Making): Recipe => ({
  kind: 'bash',
  name: text,
  arguments: {text},
  variables: {},
  inputs: from.map(fingerprint => ({is: 'task', fingerprint})),
  ...(image === undefined ? {} : {code: {image}}),
});

/** Publishes a result as a kernel does. */
async function make({store}: Machine, text: string, making: Making = {}): Promise<Fingerprint> {
  const {reruns, content = `result of ${text}`, edition = 1, value = false, from = []} = making;
  const read: Record<Fingerprint, number> = {};
  for (const need of making.read === undefined ? [] : from) read[need] = making.read ?? 0;
  const recipe = recipeOf(text, making);
  const fingerprint = fingerprintOfRecipe(recipe);
  const at = new Date(0).toISOString();
  const known = {fingerprint, recipe, label: text, read, exit: 0, startedAt: at, endedAt: at, host: 'there'};
  if (value) {
    store.recordResult({...known, version: 1, edition, outputs: [], value: content});
    return fingerprint;
  }
  const final =
    reruns === undefined ? store.workDirectory(text, fingerprint) : join(reruns, `${text}-${shortOf(fingerprint)}`);
  mkdirSync(join(`${final}.making`, 'deep'), {recursive: true});
  writeFileSync(join(`${final}.making`, 'deep/out.txt'), content);
  writeFileSync(join(`${final}.making`, '.weft.log'), `log of ${text}\n`);
  symlinkSync('deep/out.txt', join(`${final}.making`, 'inside'));
  writeFileSync(`${final}.elsewhere`, 'elsewhere');
  symlinkSync(`${final}.elsewhere`, join(`${final}.making`, 'outside'));
  symlinkSync('nowhere', join(`${final}.making`, 'dangling'));
  const previous = {...known, version: 1 as const, edition, outputs: []};
  const done = await publish({attempt: `${final}.making`, final, manifest: known, previous});
  if (!done.ok) throw new Error(done.error.message);
  store.recordResult(done.value.manifest);
  await store.flush();
  return fingerprint;
}

const root = (folder: Scratch, name: string): string => {
  const directory = folder.at(name, 'DATA');
  mkdirSync(join(directory, 'rerun/weft'), {recursive: true});
  writeFileSync(join(directory, '_mapper'), 'lsst.obs.hsc.HscMapper\n');
  return directory;
};

/** All that lies in a directory, but what is only counted. */
const everything = (directory: string): readonly string[] =>
  readdirSync(directory, {recursive: true, encoding: 'utf8'})
    .filter(
      name => !name.startsWith('.weft/runs') && statSync(join(directory, name), {throwIfNoEntry: false})?.isFile(),
    )
    .sort();

test('what was exported is cached elsewhere: files, links, logs, values, reruns, and what they were made from', async () => {
  using folder = scratch();
  const [here, there] = [await machine(folder.at('here')), await machine(folder.at('there'))];
  const [ours, theirs] = [root(folder, 'here'), root(folder, 'there')];
  const parent = await make(here, 'parent', {edition: 3});
  const value = await make(here, 'value', {value: true, content: 'seven'});
  const child = await make(here, 'child', {from: [parent, value], reruns: join(ours, 'rerun/weft')});
  await make(here, 'unwanted');
  expect(await here.cache.export(folder.at('a.tar'), [child])).toEqual({ok: true, value: {results: 3, left: []}});
  // Nothing but the archive: the machine that it was made on is gone.
  const before = readFileSync(join(here.store.lookup(child)?.directory ?? '', 'deep/out.txt'), 'utf8');
  await here.store.close();
  rmSync(folder.at('here'), {recursive: true});

  expect(await there.cache.import(folder.at('a.tar'), {})).toMatchObject({
    value: {
      labels: expect.toSatisfy((all: string[]) => all.length === 2) as unknown,
      left: [{label: 'child', why: expect.stringContaining('--root')}],
    },
  });
  const again = await there.cache.import(folder.at('a.tar'), {root: theirs});
  expect(again).toMatchObject({value: {labels: ['child'], there: 2, left: []}});
  const manifest = there.store.lookup(child);
  expect(manifest?.directory).toBe(join(theirs, 'rerun/weft', `child-${shortOf(child)}`));
  expect(manifest && (await checkResult(manifest, 'content')).ok).toBe(true);
  expect(readFileSync(join(manifest?.directory ?? '', 'deep/out.txt'), 'utf8')).toBe(before);
  expect(readFileSync(join(manifest?.directory ?? '', 'outside'), 'utf8')).toBe('elsewhere');
  expect(readFileSync(join(manifest?.directory ?? '', '.weft.log'), 'utf8')).toBe('log of child\n');
  expect(there.store.lookup(parent)).toMatchObject({edition: 3, host: 'there'});
  expect(there.store.lookup(value)).toMatchObject({value: 'seven'});
  expect(await there.cache.import(folder.at('a.tar'), {root: theirs})).toMatchObject({value: {labels: [], there: 3}});
  expect(there.store.claims.list()).toEqual([]);
  expect(new Claims(join(theirs, 'rerun/weft/.claims')).list()).toEqual([]);
  expect(readdirSync(folder.at('there/.weft/scratch'))).toEqual([]);
  // The next kernel reads it from the journal.
  await there.store.close();
  const next = await machine(folder.at('there'));
  expect(next.store.lookup(child)?.directory).toBe(manifest?.directory);
  await next.store.close();
});

test('an archive that was cut off anywhere, or changed anywhere, is refused whole', async () => {
  using folder = scratch();
  const here = await machine(folder.at('here'));
  for (const name of ['a', 'b', 'c']) await make(here, name);
  await make(here, 'value', {value: true});
  await here.cache.export(folder.at('whole.tar'), here.store.fingerprints());
  await here.store.close();
  const whole = readFileSync(folder.at('whole.tar'));
  const end = whole.findLastIndex(byte => byte !== 0);
  const there = await machine(folder.at('there'));
  const nothing = everything(folder.at('there'));
  const file = folder.at('broken.tar');
  const refused = async (what: string): Promise<void> => {
    const done = await there.cache.import(file, {});
    expect(done, what).toMatchObject({ok: false, error: expect.stringContaining('nothing of it was taken')});
    expect(everything(folder.at('there')), what).toEqual(nothing);
    expect([...there.store.fingerprints()], what).toEqual([]);
  };
  const sizes = [0, 512, Math.floor(end / 2), end - 1];
  // Where a member begins tar itself sees no fault: before the last, all results are whole, but perhaps not their logs.
  sizes.push(
    whole.lastIndexOf('weft-end', end - 16),
    whole.indexOf('result.json') - 65,
    whole.lastIndexOf('result.json') - 65,
  );
  for (const size of sizes) {
    writeFileSync(file, whole);
    truncateSync(file, size);
    await refused(`cut at ${size}`);
  }
  const at = whole.indexOf('result of b');
  writeFileSync(file, whole);
  const changed = Buffer.from(whole);
  changed.write('RESULT', at);
  writeFileSync(file, changed);
  await refused('another content');
  writeFileSync(file, 'no archive');
  await refused('no archive');
  execFileSync('tar', ['-cf', file, '-C', folder.at('here'), '.weft']);
  await refused('an archive of something else');
  rmSync(file);
  await refused('no file');
  writeFileSync(file, whole);
  expect(await there.cache.import(file, {dry: true})).toMatchObject({value: {labels: {length: 4}}});
  expect(everything(folder.at('there'))).toEqual(nothing);
  expect(await there.cache.import(file, {})).toMatchObject({value: {labels: {length: 4}}});
  await there.store.close();
});

test('nothing is overwritten: no file by an export, no result by an import, no task that somebody has', async () => {
  using folder = scratch();
  const [here, there] = [await machine(folder.at('here')), await machine(folder.at('there'))];
  const own = await make(here, 'own');
  const held = await make(here, 'held');
  writeFileSync(folder.at('a.tar'), 'a thesis');
  expect(await here.cache.export(folder.at('a.tar'), [own])).toMatchObject({
    error: expect.stringContaining('there already'),
  });
  expect(readFileSync(folder.at('a.tar'), 'utf8')).toBe('a thesis');
  expect(readdirSync(folder.path).sort()).toEqual(['a.tar', 'here', 'there']);
  await here.cache.export(folder.at('b.tar'), [own, held]);
  // The same task came out with other bytes there.
  await make(there, 'own', {content: 'made here'});
  const kernel = stampOf();
  if (kernel === undefined) throw new Error('no stamp');
  const content = {attempt: 'x' as AttemptId, directory: '/x', kernel, at: ''};
  const claimed = there.store.claims.claim(held, content);
  const done = await there.cache.import(folder.at('b.tar'), {});
  expect(done).toMatchObject({
    value: {labels: [], there: 1, left: [{label: 'held', why: expect.stringContaining('claimed')}]},
  });
  const directory = there.store.lookup(own)?.directory ?? '';
  expect(readFileSync(join(directory, 'deep/out.txt'), 'utf8')).toBe('made here');
  expect(claimed.ok && there.store.claims.isHeld(claimed.value.claim)).toBe(true);
  // Where its result was removed, the imported one has other bytes than what readers here may have read.
  rmSync(directory, {recursive: true});
  there.store.recordRemoved(own);
  if (claimed.ok) there.store.claims.release(claimed.value.claim);
  expect(await there.cache.import(folder.at('b.tar'), {})).toMatchObject({value: {labels: {length: 2}}});
  expect(there.store.lookup(own)?.edition).toBe(2);
  await Promise.all([here.store.close(), there.store.close()]);
});

test('what has read a result that is here counts the editions of here, and is left out where that has other bytes', async () => {
  using folder = scratch();
  const from = await machine(folder.at('from'));
  const needs = [
    await make(from, 'equal', {edition: 4}),
    await make(from, 'other'),
    await make(from, 'old', {edition: 2}),
  ];
  const [equal, other, old] = needs as [Fingerprint, Fingerprint, Fingerprint];
  const reader = await make(from, 'of equal', {from: [equal], read: 4});
  const second = await make(from, 'of its reader', {from: [reader], read: 1});
  await make(from, 'of other', {from: [other], read: 1});
  await make(from, 'of old', {from: [old], read: 1});
  expect(await from.cache.export(folder.at('a.tar'), from.store.fingerprints())).toMatchObject({value: {results: 7}});

  const to = await machine(folder.at('to'));
  await make(to, 'equal');
  await make(to, 'other', {content: 'by chance'});
  for (const dry of [true, false]) {
    const taken = await to.cache.import(folder.at('a.tar'), {dry});
    const {labels, there, left} = taken.ok ? taken.value : {};
    expect([labels?.toSorted(), there]).toEqual([['of equal', 'of its reader', 'old'], 2]);
    expect(left?.map(({label, why}) => `${label}: ${why}`).toSorted()).toEqual([
      'of old: old was made again since of old has read it',
      'of other: it was made from another result of other than the one here: its cell makes it from that',
    ]);
  }
  expect(to.store.lookup(reader)?.read).toEqual({[equal]: 1});
  expect(to.store.lookup(second)?.read).toEqual({[reader]: 1});
  await Promise.all([from, to].map(({store}) => store.close()));
});

test('checkpoints of an image that is another one here are left out, and it is said which', async () => {
  using folder = scratch();
  const [here, there] = [await machine(folder.at('here')), await machine(folder.at('there'))];
  const image = (digit: string): JsonObject => ({manifest: digit.repeat(64)});
  const lock = (name: string, digit: string): void => {
    const identity = {manifest: digit.repeat(64) as Digest};
    const pinned = '2026-01-01T00:00:00.000Z';
    const pin: Pin = {text: 'stack:w_2020', runtime: 'podman', architecture: 'amd64', image: 'x', identity, pinned};
    writeFileSync(folder.at(name, 'weft.lock'), writePins([pin]));
  };
  lock('here', 'a');
  const inside = await make(here, 'inside', {image: image('a')});
  const outside = await make(here, 'outside');
  await here.cache.export(folder.at('a.tar'), [inside, outside]);
  lock('there', 'b');
  expect(await there.cache.import(folder.at('a.tar'), {})).toMatchObject({
    value: {
      labels: ['outside'],
      left: [
        {
          label: 'inside',
          why: 'it was made in stack:w_2020 as manifest:aaaaaaaaaaaa…, which weft.lock here pins to manifest:bbbbbbbbbbbb…',
        },
      ],
    },
  });
  expect(there.store.lookup(inside)).toBeUndefined();
  lock('there', 'a');
  expect(await there.cache.import(folder.at('a.tar'), {})).toMatchObject({
    value: {labels: ['inside'], there: 1, left: []},
  });
  await Promise.all([here.store.close(), there.store.close()]);
});

test('what is not as it was recorded is not exported, and it is said', async () => {
  using folder = scratch();
  const here = await machine(folder.at('here'));
  const [good, bad] = [await make(here, 'good'), await make(here, 'bad')];
  rmSync(join(here.store.lookup(bad)?.directory ?? '', 'deep/out.txt'));
  const done = await here.cache.export(folder.at('a.tar'), [good, bad]);
  expect(done).toMatchObject({value: {results: 1, left: [{label: 'bad', why: 'deep/out.txt is missing'}]}});
  expect(await here.cache.export(folder.at('b.tar'), [bad])).toMatchObject({ok: false});
  expect(existsSync(folder.at('b.tar'))).toBe(false);
  await here.store.close();
});

test('an archive of the first version can be read for ever', async () => {
  using folder = scratch();
  const there = await machine(folder.at('there'));
  const golden = join(import.meta.dirname, '../fixtures/store/archive-1.tar');
  expect(await there.cache.import(golden, {})).toMatchObject({value: {labels: {length: 2}, left: []}});
  const results = [...there.store.fingerprints()].map(fingerprint => there.store.lookup(fingerprint));
  const files = results.find(manifest => manifest?.directory !== undefined);
  expect(results.find(manifest => manifest?.directory === undefined)).toMatchObject({
    value: {stars: 7},
    label: 'value',
  });
  expect(readFileSync(join(files?.directory ?? '', 'deep/out.txt'), 'utf8')).toBe('made by version 1\n');
  expect(files).toMatchObject({host: 'nid00123', endedAt: '2026-10-12T14:03:03.100Z'});
  const header = execFileSync('tar', ['-xOf', golden, 'weft-checkpoints.json'], {encoding: 'utf8'});
  writeFileSync(folder.at('weft-checkpoints.json'), header.replace('"version":1', '"version":2'));
  execFileSync('tar', ['-cf', folder.at('newer.tar'), '-C', folder.path, 'weft-checkpoints.json']);
  expect(await there.cache.import(folder.at('newer.tar'), {})).toMatchObject({
    error: expect.stringContaining('a newer Weft wrote it'),
  });
  await there.store.close();
});
