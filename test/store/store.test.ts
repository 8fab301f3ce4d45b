import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Failure} from '../../kernel/graph/failure.js';
import {Store, type StoreOptions} from '../../kernel/store/store.js';
import {sampleFingerprint, sampleManifest, sampleOutput} from './sample.js';

let room: string;
const open: Store[] = [];
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-store-'))));
afterEach(async () => {
  await Promise.all(open.splice(0).map(store => store.close()));
  rmSync(room, {recursive: true});
});

async function opened(options: Partial<StoreOptions> = {}): Promise<Store> {
  const result = await Store.open({directory: join(room, '.weft'), ...options});
  if (!result.ok) throw new Error(result.error.message);
  open.push(result.value);
  return result.value;
}

const task = sampleFingerprint();
const failure: Failure = {reason: 'exit', code: 1, log: '/l', tail: 'no such file'};

test('a new kernel finds what the last one made, also in a store that was moved', async () => {
  const first = await opened({notebook: '/home/anna/coadd.ipynb'});
  const directory = first.workDirectory('bash', task);
  const manifest = sampleManifest({directory, outputs: [sampleOutput('a', '1')]});
  first.recordResult(manifest);
  expect(first.lookup(task)).toEqual(manifest);
  await first.flush();
  expect((await opened()).lookup(task)).toEqual(manifest);
  renameSync(join(room, '.weft'), join(room, 'moved'));
  const moved = await opened({directory: join(room, 'moved')});
  expect(moved.lookup(task)?.directory).toBe(moved.workDirectory('bash', task));
});

test('a directory outside the store is kept as it is', async () => {
  const store = await opened();
  const manifest = sampleManifest({directory: '/data/rerun/weft/processCcd-3f2a9c71b0de'});
  store.recordResult(manifest);
  await store.flush();
  expect((await opened()).lookup(task)).toEqual(manifest);
});

test('the places of results are two levels deep, named by task and hash', async () => {
  const store = await opened();
  expect(store.workDirectory('bash', task)).toBe(
    join(room, '.weft/work', task.slice(0, 2), `bash-${task.slice(0, 12)}`),
  );
  expect(store.claims.directory).toBe(join(room, '.weft/claims'));
});

test('opening a store writes nothing but what keeps it out of git', async () => {
  await (await opened()).close();
  expect(readdirSync(join(room, '.weft'))).toEqual(['.gitignore']);
  expect(readFileSync(join(room, '.weft/.gitignore'), 'utf8')).toBe('*\n');
  await opened();
});

test('one kernel sees what another finishes or fails at, after a refresh', async () => {
  const one = await opened();
  const two = await opened();
  one.recordFailure(task, 'bash', failure, {startedAt: 1, endedAt: 2});
  await one.flush();
  await two.refresh();
  expect(two.failure(task)).toMatchObject({failure, run: one.run, startedAt: 1, endedAt: 2});
  two.recordResult(sampleManifest({value: 1}));
  await two.flush();
  await one.refresh();
  expect(one.failure(task)).toBeUndefined();
  expect(one.lookup(task)?.value).toBe(1);
});

test('what was known is older than what is recorded, whatever other clocks say', async () => {
  const ahead = await opened({now: () => Date.now() + 1e9});
  ahead.recordResult(sampleManifest({value: 'ahead'}));
  await ahead.flush();
  const behind = await opened({now: () => 1000});
  behind.recordResult(sampleManifest({value: 'behind', edition: 2}));
  await behind.flush();
  expect((await opened()).lookup(task)?.value).toBe('behind');
});

test('a removed result is no hit, and its edition is still known', async () => {
  const store = await opened();
  store.recordResult(sampleManifest({edition: 4}));
  store.recordRemoved(task);
  await store.flush();
  const next = await opened();
  expect(next.lookup(task)).toBeUndefined();
  expect(next.previous(task)?.edition).toBe(4);
  next.recordResult(sampleManifest({edition: 4}));
  expect(next.lookup(task)?.edition).toBe(4);
});

test('renewed stamps count for the result that they were taken of, and for no other', async () => {
  const store = await opened();
  const manifest = sampleManifest({directory: '/d', outputs: [sampleOutput('a', '1', '5')]});
  store.recordResult(manifest);
  store.recordRenewed({...manifest, outputs: [sampleOutput('a', '1', '9')]});
  await store.flush();
  expect((await opened()).lookup(task)?.outputs[0]?.mtimeNs).toBe('9');
  store.recordResult({...manifest, edition: 2});
  expect(store.lookup(task)?.outputs[0]?.mtimeNs).toBe('5');
});

test('a cancelled task has no failure', async () => {
  const store = await opened();
  store.recordFailure(task, 'bash', failure, {endedAt: 2});
  store.recordCancelled(task, 'bash');
  expect(store.failure(task)).toBeUndefined();
});

test('the lines of a burst are all there, in order', async () => {
  const store = await opened();
  const tasks = Array.from({length: 2000}, (_, at) => `${at}`);
  for (const text of tasks) store.recordResult(sampleManifest({value: text}, text));
  await store.flush();
  const next = await opened();
  expect([...next.fingerprints()]).toEqual(tasks.map(text => sampleFingerprint(text)));
  expect(tasks.every(text => next.lookup(sampleFingerprint(text))?.value === text)).toBe(true);
  expect(next.unreadable).toBe(0);
});

test('a store that cannot be made is a problem in words', async () => {
  writeFileSync(join(room, 'file'), '');
  const result = await Store.open({directory: join(room, 'file/.weft')});
  expect(result.ok ? '' : result.error.message).toBe(
    `${join(room, 'file/.weft')} could not be written: a part of its path is a file`,
  );
});

test('a journal that cannot be written is told of, and nothing is forgotten in memory', async () => {
  writeFileSync(join(room, 'runs'), '');
  const problems: string[] = [];
  const store = await opened({directory: room, onProblem: ({message}) => problems.push(message)});
  store.recordResult(sampleManifest({value: 1}));
  expect((await store.flush()).ok).toBe(false);
  expect(problems.length).toBeGreaterThan(0);
  expect(store.lookup(task)?.value).toBe(1);
  rmSync(join(room, 'runs'));
  expect((await store.flush()).ok).toBe(true);
  expect(existsSync(join(room, 'runs', `${store.run}.jsonl`))).toBe(true);
});

test('the journals of kernels that are over become one, and say the same', async () => {
  const runs = join(room, '.weft/runs');
  for (const text of ['a', 'b', 'c']) {
    const store = await opened();
    store.recordResult(sampleManifest({value: text}, text));
    await store.close();
    // As if the machine had been started again since, and the kernel had died in the middle of a line.
    const path = join(runs, `${store.run}.jsonl`);
    writeFileSync(path, `${readFileSync(path, 'utf8').replace(/"bootId":"[^"]*"/, '"bootId":"earlier"')}{"is":"res`);
  }
  const watcher = await opened();
  const living = await opened();
  living.recordResult(sampleManifest({value: 'd'}, 'd'));
  await living.flush();
  expect(await watcher.compact()).toEqual({ok: true, value: 0});
  expect(await watcher.compact(2)).toEqual({ok: true, value: 3});
  expect(readdirSync(runs).length).toBe(2);
  await watcher.refresh();
  for (const store of [watcher, await opened()]) {
    const values = ['a', 'b', 'c', 'd'].map(text => store.lookup(sampleFingerprint(text))?.value);
    expect(values).toEqual(['a', 'b', 'c', 'd']);
    expect(store.unreadable).toBe(0);
  }
});

/** Where the result of a task belongs. */
function placeOf(text: string, name: string): string {
  const fingerprint = sampleFingerprint(text);
  return join(room, '.weft', 'work', fingerprint.slice(0, 2), `${name}-${fingerprint.slice(0, 12)}`);
}

test('of two results of a task the later one is what it is checked by', async () => {
  const store = await opened();
  const directory = placeOf('a', 'bash');
  const one = [sampleOutput('a', '1')];
  const two = [...one, sampleOutput('b', '2')];
  for (const outputs of [one, two, one, [sampleOutput('a', '22', '7000000000')], two]) {
    store.recordResult(sampleManifest({directory, outputs}, 'a'));
    const found = store.evidence(sampleFingerprint('a'))?.outputs;
    expect(found).toEqual(outputs.map(({path, size, mtimeNs}) => ({path, size, mtimeNs: BigInt(mtimeNs)})));
  }
});

test('what a hit is checked by is read from the beginning of its line, and is the same as in the whole', async () => {
  const directory = join(room, '.weft', 'work', 'ab', 'x');
  const tricky = {edition: 1, version: 1, outputs: [], read: {}, directory: '/other', recipe: {kind: 'x'}};
  const results = [
    sampleManifest(
      {directory, outputs: [sampleOutput('a,"version":1,"edition":', '1'), sampleOutput('ü b', '2')]},
      'one',
    ),
    sampleManifest({value: tricky, log: ',"version":1,"edition":1,"read":{},"outputs":[]'}, 'two'),
    sampleManifest({value: [tricky, tricky], label: 'x","version":1,"edition":1', host: '"recipe":{"kind":"'}, 'three'),
    sampleManifest({directory: '/elsewhere/x', outputs: [sampleOutput('a', '1')]}, 'four'),
    sampleManifest({directory, outputs: [sampleOutput('plain', '1'), sampleOutput('in/b', '22')]}, 'five'),
    sampleManifest({directory, adopted: 'anna', edition: 12, startedAt: '2026-10-11T14:03:00.000Z'}, 'six'),
    sampleManifest({startedAt: '2026-10-12T14:03:00+00:00'}, 'seven'),
    // One file where the task's result belongs, and nearly so.
    ...['0', '999999999', '1760277783000000001', '9223372036854775807', '-5'].map((mtimeNs, at) =>
      sampleManifest(
        {directory: placeOf(`lone ${at}`, 'bash'), outputs: [sampleOutput('a', 'x'.repeat(at), mtimeNs)]},
        `lone ${at}`,
      ),
    ),
    ...['python', 'a-b', 'ü', 'a"b', '..'].map(name =>
      sampleManifest({directory: placeOf(name, name), outputs: [sampleOutput('in/b.fits', '1')]}, name),
    ),
    ...['a"b', 'ü', 'a\\', 'other', 'in/b.fits'].map(name =>
      sampleManifest({directory: placeOf(`of ${name}`, 'python'), outputs: [sampleOutput(name, '1')]}, `of ${name}`),
    ),
    sampleManifest({directory: placeOf('eight', 'bash'), outputs: [sampleOutput('a', '1')], edition: 12}, 'eight'),
    sampleManifest({directory: placeOf('nine', 'bash')}, 'nine'),
    sampleManifest({directory: placeOf('nine', 'bash'), outputs: [sampleOutput('a', '1')]}, 'ten'),
  ];
  const first = await opened();
  for (const manifest of results) first.recordResult(manifest);
  await first.flush();
  for (const store of [first, await opened()])
    for (const {fingerprint, directory: where, outputs, startedAt, endedAt} of results) {
      const found = store.evidence(fingerprint);
      expect(found).toMatchObject({
        ...(where === undefined ? {} : {directory: where}),
        outputs: outputs.map(({path, size, mtimeNs}) => ({path, size, mtimeNs: BigInt(mtimeNs)})),
        took: Date.parse(endedAt) - Date.parse(startedAt),
      });
      expect(found?.outputs).toHaveLength(outputs.length);
      expect(found?.directory).toBe(where);
      expect(store.lookup(fingerprint)).toEqual(results.find(result => result.fingerprint === fingerprint));
    }
});

test('a closer look is asked for where a result read others, was removed, or was renewed', async () => {
  const store = await opened();
  const read = {[sampleFingerprint('x')]: 1};
  store.recordResult(sampleManifest({read}, 'reader'));
  store.recordResult(sampleManifest({}, 'removed'));
  store.recordRemoved(sampleFingerprint('removed'));
  const renewed = sampleManifest({directory: '/x', outputs: [sampleOutput('a', '1')]}, 'renewed');
  store.recordResult(renewed);
  store.recordRenewed({...renewed, outputs: [sampleOutput('a', '1', '7')]});
  await store.flush();
  for (const each of [store, await opened()])
    for (const text of ['reader', 'removed', 'renewed', 'unknown'])
      expect(each.evidence(sampleFingerprint(text))).toBeUndefined();
});

test('a line in the order of an earlier Weft is read as well', async () => {
  const store = await opened();
  const value = {version: 1, edition: 1, read: {}, outputs: []};
  const manifest = sampleManifest({value, label: 'count i=1'}, 'old');
  const {version, edition, read, startedAt, endedAt, outputs, ...rest} = manifest;
  const orders = [manifest, {...rest, version, edition, read, startedAt, endedAt, outputs}];
  for (const [at, ordered] of orders.entries()) {
    const line = JSON.stringify({is: 'result', fingerprint: manifest.fingerprint, at: at + 1, manifest: ordered});
    mkdirSync(join(room, '.weft', 'runs'), {recursive: true});
    writeFileSync(join(room, '.weft', 'runs', `${at}.jsonl`), `${line}\n`);
    await store.refresh();
    expect(store.lookup(manifest.fingerprint)).toEqual(manifest);
    expect(store.evidence(manifest.fingerprint)).toEqual({outputs: [], took: 3100});
    expect(await store.labelled(['count i=1'])).toEqual([manifest]);
    expect(store.durations('count')).toHaveLength(at + 1);
  }
});

test('results are found by their labels, whatever stands in these', async () => {
  const first = await opened();
  const labels = ['count', 'count i=1', 'a "b", \\', '","label":"count', 'ü=\n'];
  for (const [at, label] of labels.entries()) {
    const fingerprint = sampleFingerprint(`labelled ${at}`);
    const {recipe} = sampleManifest();
    const given = {...recipe, arguments: {label: 'count', text: '"label":"count i=1",'}};
    first.recordResult(sampleManifest({fingerprint, label, recipe: given}));
  }
  await first.flush();
  const store = await opened();
  for (const label of labels) expect((await store.labelled([label])).map(manifest => manifest.label)).toEqual([label]);
  expect(await store.labelled(['count i', ''])).toEqual([]);
  expect(await store.labelled(labels)).toHaveLength(labels.length);
});
