import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {v7 as uuid} from 'uuid';
import {expect, test} from 'vitest';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {AttemptId} from '../../kernel/graph/task.js';
import {fingerprintOfRecipe, shortOf, type Recipe} from '../../kernel/graph/recipe.js';
import {Cache} from '../../kernel/session/cache.js';
import {StoredCheckpoints} from '../../kernel/session/stored-checkpoints.js';
import {Claims} from '../../kernel/store/claim.js';
import {History} from '../../kernel/store/history.js';
import {publish} from '../../kernel/store/publish.js';
import {Store} from '../../kernel/store/store.js';
import {scratch} from '../rig/scratch.js';

async function openStore(directory: string): Promise<Store> {
  const opened = await Store.open({directory});
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

/** Publishes a result as a kernel does: in the store, or among the reruns of a root. */
async function make(
  store: Store,
  text: string,
  {from = [], days = 0, reruns}: {from?: readonly Fingerprint[]; days?: number; reruns?: string} = {},
): Promise<Fingerprint> {
  const recipe: Recipe = {
    kind: 'bash',
    name: text,
    arguments: {text},
    variables: {},
    inputs: from.map(fingerprint => ({is: 'task', fingerprint})),
  };
  const fingerprint = fingerprintOfRecipe(recipe);
  const final =
    reruns === undefined ? store.workDirectory(text, fingerprint) : join(reruns, `${text}-${shortOf(fingerprint)}`);
  const attempt = `${final}.making`;
  mkdirSync(attempt, {recursive: true});
  writeFileSync(join(attempt, 'out.txt'), `result of ${text}`);
  const at = new Date(Date.now() - days * 86_400_000).toISOString();
  const known = {fingerprint, recipe, label: text, read: {}, exit: 0, startedAt: at, endedAt: at, host: 'here'};
  const done = await publish({attempt, final, manifest: known});
  if (!done.ok) throw new Error(done.error.message);
  store.recordResult(done.value.manifest);
  await store.flush();
  return fingerprint;
}

/** Answers by the journals alone. */
/** The history of a store without an index. */
const historyOf = ({directory}: Store): History => new History({store: directory, path: undefined});

const labels = (results: readonly {readonly label: string}[]): readonly string[] =>
  results.map(({label}) => label).toSorted();

const asked = (): boolean => true;

test('results are listed newest first, and verified without being moved', async () => {
  using folder = scratch();
  const store = await openStore(folder.at('.weft'));
  await make(store, 'old', {days: 2});
  const fresh = await make(store, 'new');
  const cache = new Cache(store, historyOf(store));
  expect((await cache.list()).map(({label, files, bytes}) => [label, files, bytes])).toEqual([
    ['new', 1, 13],
    ['old', 1, 13],
  ]);
  expect(await cache.verify('content')).toEqual([]);
  const directory = store.lookup(fresh)?.directory ?? '';
  writeFileSync(join(directory, 'out.txt'), 'edited by me!');
  expect(await cache.verify('size')).toEqual([]);
  expect(await cache.verify('content')).toMatchObject([{result: {label: 'new'}, message: 'out.txt has other content'}]);
  expect(existsSync(directory)).toBe(true);
  await store.close();
});

test('a clean-up takes what nothing reaches: never a parent, a pin, what others made, or what nobody asked for', async () => {
  using folder = scratch();
  const store = await openStore(folder.at('.weft'));
  const reruns = folder.at('data/rerun/weft');
  const parent = await make(store, 'parent', {reruns});
  const wanted = await make(store, 'wanted', {from: [parent], reruns});
  const pinnedParent = await make(store, 'pinned parent');
  const pinned = await make(store, 'pinned', {from: [pinnedParent]});
  const lent = await make(store, 'lent', {reruns});
  const gone = await make(store, 'gone', {reruns});
  await make(store, 'gone too');
  const unaskedParent = await make(store, 'parent of unasked');
  const unasked = await make(store, 'unasked', {from: [unaskedParent]});
  // A result of another notebook in the same root, which only its manifest tells of.
  const other = await openStore(folder.at('other/.weft'));
  await make(other, 'theirs', {from: [lent], reruns});
  // A person's rerun, and what was done to the root itself.
  for (const path of ['data/rerun/manual1/out', 'data/.weft/ingestImages-0123456789ab/x']) {
    mkdirSync(folder.at(path), {recursive: true});
  }
  const cache = new Cache(store, historyOf(store));
  expect(cache.pin([{fingerprint: pinned, label: 'pinned'}], true)).toMatchObject({ok: true});
  const keep = {
    by: 'notebook' as const,
    reached: [wanted],
    asked: (fingerprint: Fingerprint) => fingerprint !== unasked,
    all: false,
  };
  const plan = await cache.plan(keep);
  expect(labels(plan.results)).toEqual(['gone', 'gone too']);
  expect(plan.unasked).toBe(1);
  expect(plan.leftovers).toEqual([]);
  expect(existsSync(store.lookup(gone)?.directory ?? '')).toBe(true);

  expect(await cache.remove(plan)).toEqual({results: 2, leftovers: 0});
  expect(
    readdirSync(reruns)
      .toSorted()
      .map(name => name.replace(/-[0-9a-f]{12}$/, '')),
  ).toEqual(['lent', 'parent', 'theirs', 'wanted']);
  expect(readdirSync(folder.at('data/rerun')).toSorted()).toEqual(['manual1', 'weft']);
  expect(store.lookup(gone)).toBeUndefined();
  const next = await openStore(folder.at('.weft'));
  expect(labels(await new Cache(next, historyOf(next)).list())).not.toContain('gone');
  expect(labels((await cache.plan({...keep, all: true})).results)).toEqual(['parent of unasked', 'unasked']);
  cache.pin([{fingerprint: pinned, label: 'pinned'}], false);
  expect(labels((await cache.plan(keep)).results)).toEqual(['pinned', 'pinned parent']);
  await Promise.all([store.close(), other.close(), next.close()]);
});

test('while somebody else runs tasks, results stay, and attempts that are claimed always do', async () => {
  using folder = scratch();
  const store = await openStore(folder.at('.weft'));
  await make(store, 'gone');
  const claims = new Claims(store.claims.directory);
  const [mine, left] = [uuid(), uuid()];
  const task = 'ab'.repeat(32) as Fingerprint;
  const kernel = {pid: 1, startTime: '1', host: 'login02', bootId: 'b'};
  const at = '2026-01-01T00:00:00.000Z';
  const made = claims.claim(task, {attempt: mine as AttemptId, directory: folder.at('x'), kernel, beat: 'other', at});
  for (const id of [mine, left]) {
    const path = folder.at('.weft/scratch', `.bash-0123456789ab.${id}`);
    mkdirSync(path, {recursive: true});
    utimesSync(path, 1000, 1000);
  }
  mkdirSync(folder.at('.weft/work/aa/.dead-x'), {recursive: true});
  const cache = new Cache(store, historyOf(store));
  const keep = {by: 'notebook' as const, reached: [], asked, all: false};
  const busy = await cache.plan(keep);
  expect(busy.results).toEqual([]);
  expect(busy.busy).toContain('login02');
  expect(busy.leftovers.map(path => path.slice(folder.path.length + 1)).toSorted()).toEqual([
    `.weft/scratch/.bash-0123456789ab.${left}`,
    '.weft/work/aa/.dead-x',
  ]);
  if (made.ok) claims.release(made.value.claim);
  expect(labels((await cache.plan(keep)).results)).toEqual(['gone']);
  await store.close();
});

test('by age and size the oldest go first, and never what a newer one was made from', async () => {
  using folder = scratch();
  const store = await openStore(folder.at('.weft'));
  const base = await make(store, 'base', {days: 90});
  await make(store, 'old', {days: 60});
  await make(store, 'middle', {days: 20});
  await make(store, 'new', {from: [base]});
  const cache = new Cache(store, historyOf(store));
  const day = 86_400_000;
  expect(labels((await cache.plan({by: 'age', older: 30 * day})).results)).toEqual(['old']);
  expect(labels((await cache.plan({by: 'age', older: 30 * day, bytes: 20})).results)).toEqual(['middle', 'old']);
  await store.close();
});

test('lost journals are written again from manifests', async () => {
  using folder = scratch();
  const reruns = folder.at('data/rerun/weft');
  const store = await openStore(folder.at('.weft'));
  await make(store, 'inside');
  await make(store, 'outside', {reruns});
  await store.close();
  rmSync(folder.at('.weft/runs'), {recursive: true});
  const again = await openStore(folder.at('.weft'));
  const cache = new Cache(again, historyOf(again));
  expect(await cache.list()).toEqual([]);
  expect(await cache.rebuild([reruns])).toBe(2);
  expect(await cache.rebuild([reruns])).toBe(0);
  expect(labels(await cache.list())).toEqual(['inside', 'outside']);
  await again.close();
});

test('a copied tree with all times changed stays cached, and its content is read once', async () => {
  using folder = scratch();
  const store = await openStore(folder.at('here/.weft'));
  const fingerprint = await make(store, 'task');
  await store.close();
  cpSync(folder.at('here'), folder.at('there'), {recursive: true});
  const copy = await openStore(folder.at('there/.weft'));
  const directory = copy.lookup(fingerprint)?.directory ?? '';
  expect(directory).toContain(folder.at('there'));
  utimesSync(join(directory, 'out.txt'), 1000, 1000);
  const checkpoints = new StoredCheckpoints(copy, () => 'mtime');
  const manifest = copy.lookup(fingerprint);
  expect(manifest && (await checkpoints.check(manifest)).ok).toBe(true);
  await checkpoints.settled();
  await copy.close();
  // The new stamp is in the journal: not even other content of the same size and time is read again.
  writeFileSync(join(directory, 'out.txt'), 'RESULT OF TASK');
  utimesSync(join(directory, 'out.txt'), 1000, 1000);
  const next = await openStore(folder.at('there/.weft'));
  const renewed = next.lookup(fingerprint);
  expect(renewed?.outputs[0]?.mtimeNs).toBe('1000000000000');
  expect(renewed && (await new StoredCheckpoints(next, () => 'mtime').check(renewed)).ok).toBe(true);
  expect(renewed && (await new StoredCheckpoints(next, () => 'content').check(renewed)).ok).toBe(false);
  await next.close();
});

test('a pin of the first version is one for ever', async () => {
  using folder = scratch();
  const store = await openStore(folder.at('.weft'));
  const fingerprint = await make(store, 'task');
  const golden = readFileSync(new URL('../fixtures/store/pin-1.json', import.meta.url), 'utf8');
  mkdirSync(folder.at('.weft/pins'));
  writeFileSync(folder.at('.weft/pins', fingerprint), golden);
  const cache = new Cache(store, historyOf(store));
  expect((await cache.list())[0]?.pinned).toBe(true);
  cache.pin([{fingerprint: 'ab'.repeat(32) as Fingerprint, label: 'bash'}], true);
  expect(readFileSync(folder.at('.weft/pins', 'ab'.repeat(32)), 'utf8')).toBe(golden);
  await store.close();
});

test('what another kernel that lives has made stays, with what it was made from, though it runs nothing now', async () => {
  using folder = scratch();
  const mine = await openStore(folder.at('.weft'));
  const parent = await make(mine, 'parent', {days: 90});
  await make(mine, 'gone', {days: 90});
  const theirs = await openStore(folder.at('.weft'));
  await make(theirs, 'theirs', {from: [parent], days: 90});
  const cache = new Cache(mine, historyOf(mine));
  const plan = (): ReturnType<Cache['plan']> => cache.plan({by: 'age', older: 86_400_000});
  expect(labels((await plan()).results)).toEqual(['gone']);
  await theirs.close();
  // Its process is gone: the machine was started again since.
  const runs = folder.at('.weft/runs');
  for (const name of readdirSync(runs)) {
    const path = join(runs, name);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"bootId":"[^"]*"/, '"bootId":"before"'));
  }
  expect(labels((await plan()).results)).toEqual(['gone', 'parent', 'theirs']);
  await mine.close();
});

test('what another notebook has pinned in a root stays, and what is pinned or begun after the list was made', async () => {
  using folder = scratch();
  const reruns = folder.at('data/rerun/weft');
  const [mine, other] = [await openStore(folder.at('mine/.weft')), await openStore(folder.at('other/.weft'))];
  const shared = await make(mine, 'shared', {reruns, days: 90});
  await make(mine, 'gone', {reruns, days: 90});
  const manifest = mine.lookup(shared);
  if (manifest !== undefined) other.recordResult(manifest);
  const [cache, theirs] = [new Cache(mine, historyOf(mine)), new Cache(other, historyOf(other))];
  const plan = (): ReturnType<Cache['plan']> => cache.plan({by: 'age', older: 86_400_000});
  const early = await plan();
  expect(labels(early.results)).toEqual(['gone', 'shared']);
  expect(theirs.pin([{fingerprint: shared, label: 'shared'}], true).ok).toBe(true);
  expect(labels((await plan()).results)).toEqual(['gone']);
  const claims = new Claims(join(reruns, '.claims'));
  const kernel = {pid: 1, startTime: '1', host: 'login02', bootId: 'b'};
  const content = {attempt: uuid() as AttemptId, directory: folder.at('x'), kernel, beat: 'other', at: ''};
  const made = claims.claim('ab'.repeat(32) as Fingerprint, content);
  expect(await cache.remove(early)).toEqual({results: 0, leftovers: 0});
  if (made.ok) claims.release(made.value.claim);
  expect(await cache.remove(early)).toEqual({results: 1, leftovers: 0});
  expect(existsSync(manifest?.directory ?? '')).toBe(true);
  expect(theirs.pin([{fingerprint: shared, label: 'shared'}], false).ok).toBe(true);
  expect(labels((await plan()).results)).toEqual(['shared']);
  await Promise.all([mine.close(), other.close()]);
});
