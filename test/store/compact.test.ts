import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {compactJournals} from '../../kernel/store/compact.js';
import {JournalIndex} from '../../kernel/store/journal-index.js';
import {JournalReader} from '../../kernel/store/journal-reader.js';
import {JournalWriter} from '../../kernel/store/journal-writer.js';
import {scratch} from '../rig/scratch.js';
import {sampleFingerprint, sampleManifest} from './sample.js';

const texts = Array.from({length: 12}, (_, at) => `${at}`);

/** The journal of a run that is over, as the machine was started again since; its last line was torn. */
function writeJournal(runs: string, text: string, {bytes = 0, host = hostname()} = {}): string {
  const manifest = sampleManifest({value: text, ...(bytes === 0 ? {} : {log: 'x'.repeat(bytes)})}, text);
  const lines = [
    {is: 'run', version: 1, run: text, at: 1, host, pid: 1, startTime: '1', bootId: 'earlier'},
    {is: 'result', fingerprint: manifest.fingerprint, at: 5, manifest},
  ];
  const path = join(runs, `${text.padStart(4, '0')}.jsonl`);
  mkdirSync(runs, {recursive: true});
  writeFileSync(path, `${lines.map(line => JSON.stringify(line)).join('\n')}\n{"is":"res`);
  return path;
}

async function valuesIn(runs: string): Promise<readonly unknown[]> {
  const index = new JournalIndex('/store');
  await new JournalReader(runs, index).refresh();
  expect(index.unreadable).toBe(0);
  return texts.map(text => index.manifest(sampleFingerprint(text))?.value);
}

test('whoever is killed while journals are put together has lost nothing, and the next one does it', async () => {
  using folder = scratch();
  const runs = folder.at('runs');
  for (const text of texts) writeJournal(runs, text);
  const snapshots: string[] = [];
  const made = await compactJournals(runs, 'own.jsonl', 2, step => {
    const copy = folder.at(`${snapshots.length} ${step}`);
    cpSync(runs, copy, {recursive: true});
    snapshots.push(copy);
  });
  expect(made).toEqual({ok: true, value: texts.length});
  expect(readdirSync(runs)).toHaveLength(1);
  expect(snapshots.length).toBeGreaterThan(2 * texts.length);
  for (const left of [runs, ...snapshots]) {
    expect(await valuesIn(left)).toEqual(texts);
    // What is empty may be being written just now, but not for hours.
    for (const name of readdirSync(left).filter(one => one.startsWith('.'))) utimesSync(join(left, name), 1, 1);
    expect(await compactJournals(left, 'own.jsonl', 0)).toMatchObject({ok: true});
    expect(await valuesIn(left)).toEqual(texts);
    expect(readdirSync(left)).toHaveLength(1);
  }
});

test('whoever reads while journals are put together sees all of them', async () => {
  using folder = scratch();
  const runs = folder.at('runs');
  for (const text of texts) writeJournal(runs, text);
  // It had read some before, and goes on from there.
  const index = new JournalIndex('/store');
  const reader = new JournalReader(runs, index);
  await reader.refresh();
  for (let round = 0; round < 20; round++) {
    rmSync(runs, {recursive: true});
    for (const text of texts) writeJournal(runs, text);
    const compacting = compactJournals(runs, 'own.jsonl', 2);
    const seen = await Promise.all([valuesIn(runs), valuesIn(runs), compacting.then(() => valuesIn(runs))]);
    for (const values of seen) expect(values).toEqual(texts);
  }
  await reader.refresh();
  expect(texts.map(text => index.manifest(sampleFingerprint(text))?.value)).toEqual(texts);
  expect(index.unreadable).toBe(0);
});

test('a journal that goes while others are read is found in the one that has its lines now', async () => {
  using folder = scratch();
  const runs = folder.at('runs');
  const late = writeJournal(runs, '9');
  // Long enough that reading it leaves others a turn.
  const lines = Array.from({length: 30_000}, (_, at) => {
    const fingerprint = at.toString(16).padStart(64, '0');
    return JSON.stringify({is: 'removed', fingerprint, at: 1});
  });
  const header = {is: 'run', version: 1, run: 'long', at: 1, host: 'h', pid: 1, bootId: 'b'};
  writeFileSync(join(runs, '0000.jsonl'), `${[JSON.stringify(header), ...lines].join('\n')}\n`);
  const index = new JournalIndex('/store');
  const reading = new JournalReader(runs, index).refresh();
  let moved = false;
  setImmediate(() => {
    renameSync(late, join(runs, '0001.jsonl'));
    moved = true;
  });
  await reading;
  expect(moved).toBe(true);
  expect(index.manifest(sampleFingerprint('9'))?.value).toBe('9');
  expect(index.unreadable).toBe(0);
});

test('of two who put journals together at once, none loses a line', async () => {
  using folder = scratch();
  for (let round = 0; round < 10; round++) {
    const runs = folder.at(`runs-${round}`);
    for (const text of texts) writeJournal(runs, text);
    await Promise.all([compactJournals(runs, 'a.jsonl', 2), compactJournals(runs, 'b.jsonl', 2)]);
    expect(await valuesIn(runs)).toEqual(texts);
  }
});

test('large journals, few ones, and those of a kernel elsewhere that wrote this week are left alone', async () => {
  using folder = scratch();
  const runs = folder.at('runs');
  for (const text of texts.slice(0, 3)) writeJournal(runs, text);
  const large = writeJournal(runs, '3', {bytes: 4 * 1024 * 1024});
  const elsewhere = writeJournal(runs, '4', {host: 'login02'});
  expect(await compactJournals(runs, 'own.jsonl', 4)).toEqual({ok: true, value: 0});
  expect(await compactJournals(runs, 'own.jsonl', 3)).toEqual({ok: true, value: 3});
  expect([large, elsewhere].every(path => existsSync(path))).toBe(true);
  const old = Date.now() / 1000 - 8 * 86_400;
  utimesSync(elsewhere, old, old);
  expect(await compactJournals(runs, 'own.jsonl', 1)).toEqual({ok: true, value: 2});
  expect(existsSync(elsewhere)).toBe(false);
  expect((await valuesIn(runs)).slice(0, 5)).toEqual(texts.slice(0, 5));
});

test('a kernel whose journal was taken away goes on in a new one, with its header', async () => {
  using folder = scratch();
  const path = folder.at('runs/r.jsonl');
  const writer = new JournalWriter(path, () => undefined);
  writer.append('header');
  writer.append('one');
  await writer.flush();
  rmSync(path);
  writer.append('two');
  await writer.flush();
  expect(readFileSync(path, 'utf8')).toBe('header\ntwo\n');
  const {ino} = statSync(path);
  writer.append('three');
  expect((await writer.close()).ok).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('header\ntwo\nthree\n');
  expect(statSync(path).ino).toBe(ino);
});
