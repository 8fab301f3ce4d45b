import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {digestOf} from '../../kernel/fingerprint/fingerprint.js';
import {fingerprintOfRecipe, type Recipe} from '../../kernel/graph/recipe.js';
import {History, type HistoryEvent} from '../../kernel/store/history.js';
import {loadSqlite, type OpenDatabase} from '../../kernel/store/index/database.js';
import {indexPath} from '../../kernel/store/index/index-place.js';
import {scanHistory} from '../../kernel/store/index/history-scan.js';
import {scanResults} from '../../kernel/store/index/result-scan.js';
import {Store} from '../../kernel/store/store.js';
import {found as foundOf, need, type Component} from '../rig/component.js';
import {scratch} from '../rig/scratch.js';
import {sampleOutput} from './sample.js';

const loaded = await loadSqlite();
const sqlite: Component<OpenDatabase> = {
  name: 'better-sqlite3',
  found: loaded === undefined ? {ok: false, why: 'it does not load'} : {ok: true, value: loaded},
};

/** A test of the index. */
const indexed = (title: string, run: (Sqlite: OpenDatabase) => Promise<void>): void =>
  test(title, async context => {
    need(context, sqlite);
    await run(foundOf(sqlite));
  });

async function openStore(directory: string): Promise<Store> {
  const opened = await Store.open({directory});
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

interface Made {
  readonly text: string;
  readonly kind: 'files' | 'value' | 'failed' | 'cancelled' | 'removed';
  /** Seconds since some moment. */
  readonly at: number;
}

function recipeOf(text: string): Recipe {
  return {
    kind: 'bash',
    name: 'detect',
    arguments: {text: 'sextract --sigma 5_0%\nsort', out: ['*.csv']},
    variables: {visit: {is: 'json', value: text}},
    inputs: [],
    environment: {BAND: 'HSC-R'},
    files: {[`raw/${text}.fits`]: digestOf(text)},
  };
}

function record(store: Store, {text, kind, at}: Made): void {
  const recipe = recipeOf(text);
  const fingerprint = fingerprintOfRecipe(recipe);
  const label = `detect visit=${text}`;
  const ended = 1_790_000_000_000 + at * 1000;
  if (kind === 'removed') store.recordRemoved(fingerprint);
  else if (kind === 'cancelled') store.recordCancelled(fingerprint, label);
  else if (kind === 'failed') {
    const failure = {reason: 'exit' as const, code: 3, log: '/logs/x.log', tail: `no star near ${text}\n`};
    store.recordFailure(fingerprint, label, failure, {startedAt: ended - 500, endedAt: ended});
  }
  if (kind !== 'files' && kind !== 'value') return;
  store.recordResult({
    version: 1,
    fingerprint,
    recipe,
    label,
    edition: 1,
    read: {},
    ...(kind === 'value' ? {value: {stars: 7}, log: 'magnitude limit 26.5\n'} : {}),
    ...(kind === 'files' ? {directory: store.workDirectory('detect', fingerprint)} : {}),
    outputs: kind === 'files' ? [sampleOutput('a.csv', 'a'), sampleOutput('b.csv', 'bb')] : [],
    exit: 0,
    startedAt: new Date(ended - 1500).toISOString(),
    endedAt: new Date(ended).toISOString(),
    host: 'nid00123',
  });
}

/** Writes runs, each of them a journal. */
async function write(directory: string, ...runs: readonly (readonly Made[])[]): Promise<void> {
  for (const run of runs) {
    const store = await openStore(directory);
    for (const made of run) record(store, made);
    await store.close();
  }
}

const told = (events: readonly HistoryEvent[]): readonly string[] => events.map(({is, label}) => `${is} ${label}`);

async function found(history: History, text: string): Promise<readonly string[]> {
  const events = await history.search(text, 100);
  if (!events.ok) throw new Error(events.error);
  return told(events.value);
}

const three: readonly Made[] = [
  {text: 'one', kind: 'files', at: 10},
  {text: 'two', kind: 'value', at: 30},
  {text: 'three', kind: 'failed', at: 20},
];

test('the history is that of all runs, the newest first', async () => {
  using folder = scratch();
  const directory = folder.at('.weft');
  await write(directory, three, [{text: 'one', kind: 'failed', at: 5}]);
  const events = await new History({store: directory, path: undefined}).newest(20);
  expect(told(events)).toEqual([
    'ran detect visit=two',
    'failed detect visit=three',
    'ran detect visit=one',
    'failed detect visit=one',
  ]);
  expect(events[2]).toMatchObject({took: 1500, host: 'nid00123', directory: expect.stringMatching(/\/work\b/)});
  expect(events[1]).toMatchObject({took: 500, failure: {reason: 'exit', code: 3}});
  expect(events[1]?.host).not.toBe('');
  expect(told(await new History({store: directory, path: undefined}).newest(2))).toEqual(told(events).slice(0, 2));
});

test('without better-sqlite3 the history is told, and only searching it is not', async () => {
  using folder = scratch();
  const directory = folder.at('.weft');
  await write(directory, three);
  const history = new History({store: directory, path: folder.at('index'), load: () => Promise.resolve(undefined)});
  expect(await history.newest(20)).toHaveLength(3);
  expect((await history.results()).map(({label}) => label)).toEqual(['detect visit=two', 'detect visit=one']);
  expect(await history.search('one', 20)).toMatchObject({ok: false, error: expect.stringContaining('better-sqlite3')});
});

indexed('search finds names, code, arguments, variables, files, logs, hosts and digits, in any case', async () => {
  using folder = scratch();
  const directory = folder.at('.weft');
  await write(directory, three);
  const history = new History({store: directory, path: folder.at('index')});
  const [one, two, three_] = ['ran detect visit=one', 'ran detect visit=two', 'failed detect visit=three'];
  expect(await found(history, 'VISIT=one')).toEqual([one]);
  expect(await found(history, 'sextract')).toEqual([two, one]);
  expect(await found(history, 'hsc-r')).toEqual([two, one]);
  expect(await found(history, 'raw/two.fits')).toEqual([two]);
  expect(await found(history, 'magnitude 26.5')).toEqual([two]);
  expect(await found(history, 'star near')).toEqual([three_]);
  expect(await found(history, 'nid00123 one')).toEqual([one]);
  expect(await found(history, fingerprintOfRecipe(recipeOf('one')).slice(0, 12))).toEqual([one]);
  // Signs that SQL gives a meaning are signs here.
  expect(await found(history, '5_0%')).toEqual([two, one]);
  expect(await found(history, '5__%')).toEqual([]);
  expect(await found(history, "o'clock")).toEqual([]);
  const newest = await history.search('detect', 1);
  expect(newest.ok && told(newest.value)).toEqual([two]);
  await history.close();
});

indexed('the index reads on where it was, and what was put together is not told twice', async () => {
  using folder = scratch();
  const directory = folder.at('.weft');
  await write(directory, three);
  const history = new History({store: directory, path: folder.at('index')});
  expect(await found(history, 'detect')).toHaveLength(3);
  await write(directory, [{text: 'four', kind: 'files', at: 40}]);
  expect((await found(history, 'detect'))[0]).toBe('ran detect visit=four');
  // Two runs' journals are merged by concatenation; for a while both are there.
  const runs = join(directory, 'runs');
  const names = readdirSync(runs);
  const all = names.map(name => readFileSync(join(runs, name), 'utf8')).join('');
  writeFileSync(join(runs, 'merged.jsonl'), all);
  const before = await history.search('detect', 100);
  for (const name of names) rmSync(join(runs, name));
  const after = await history.search('detect', 100);
  expect(before).toEqual(after);
  expect(after.ok && after.value).toEqual(await scanHistory(directory, 100));
  expect(after.ok && after.value).toHaveLength(4);
  const store = await openStore(directory);
  expect([...store.fingerprints()]).toHaveLength(4);
  expect((await history.results()).map(({label}) => label).sort()).toEqual(
    ['four', 'one', 'two'].map(text => `detect visit=${text}`),
  );
  await store.close();
  await history.close();
});

indexed('what no journal tells any more is forgotten: one that was removed, or replaced under its name', async () => {
  using folder = scratch();
  const directory = folder.at('.weft');
  await write(directory, three, [{text: 'four', kind: 'files', at: 40}]);
  const history = new History({store: directory, path: folder.at('index')});
  expect(await history.results()).toHaveLength(3);
  const runs = join(directory, 'runs');
  const [first = '', second = ''] = readdirSync(runs).sort();
  rmSync(join(runs, second));
  expect((await history.results()).map(({label}) => label)).toEqual(['detect visit=two', 'detect visit=one']);
  // Another file of the same name, longer than what was read of the old one.
  await write(
    folder.at('other'),
    [0, 1, 2, 3, 4, 5].map(at => ({text: `new ${at}`, kind: 'files', at})),
  );
  const [other = ''] = readdirSync(folder.at('other/runs'));
  expect(statSync(folder.at('other/runs', other)).size).toBeGreaterThan(statSync(join(runs, first)).size);
  renameSync(folder.at('other/runs', other), join(runs, first));
  expect((await history.results()).map(({label}) => label)).toEqual(
    [5, 4, 3, 2, 1, 0].map(at => `detect visit=new ${at}`),
  );
  await history.close();
});

indexed('an index that is garbage, cut off, of another version or of another program is made again', async Sqlite => {
  using folder = scratch();
  const directory = folder.at('.weft');
  const path = folder.at('index');
  await write(directory, three);
  const fill = async (): Promise<void> => {
    const history = new History({store: directory, path});
    await history.search('detect', 1);
    await history.close();
  };
  const damage: Readonly<Record<string, () => void>> = {
    garbage: () => writeFileSync(path, 'garbage '.repeat(2000)),
    'garbage inside': () => {
      const bytes = readFileSync(path);
      bytes.fill(0x5a, 4096);
      writeFileSync(path, bytes);
    },
    'cut off': () => writeFileSync(path, readFileSync(path).subarray(0, 5000)),
    empty: () => writeFileSync(path, ''),
    'another version': () => {
      const db = new Sqlite(path, {timeout: 0});
      db.pragma('user_version = 99');
      db.close();
    },
    'other tables': () => {
      rmSync(path);
      const db = new Sqlite(path, {timeout: 0});
      db.exec('CREATE TABLE event(x); PRAGMA user_version = 1');
      db.close();
    },
  };
  for (const [what, spoil] of Object.entries(damage)) {
    await fill();
    spoil();
    const history = new History({store: directory, path});
    expect(await found(history, 'visit=one'), what).toEqual(['ran detect visit=one']);
    expect(await history.results(), what).toHaveLength(2);
    await history.close();
    const db = new Sqlite(path, {timeout: 0});
    expect(db.prepare('SELECT count(*) AS n FROM event').get(), what).toEqual({n: 3});
    db.close();
  }
});

indexed('an index that another process keeps, or that has no place, is done without', async Sqlite => {
  using folder = scratch();
  const directory = folder.at('.weft');
  const path = folder.at('index');
  await write(directory, three);
  const other = new Sqlite(path, {timeout: 0});
  other.exec('BEGIN EXCLUSIVE');
  const locked = new History({store: directory, path});
  expect(await found(locked, 'visit=one')).toEqual(['ran detect visit=one']);
  expect(await locked.newest(1)).toHaveLength(1);
  expect(await locked.results()).toHaveLength(2);
  other.exec('ROLLBACK');
  other.close();
  expect(await locked.results()).toHaveLength(2);
  await locked.close();
  const nowhere = new History({store: directory, path: folder.at('none/such/index')});
  expect(await found(nowhere, 'visit=one')).toEqual(['ran detect visit=one']);
  expect(await nowhere.newest(5)).toHaveLength(3);
  await nowhere.close();
});

indexed('a torn last line, and lines that nobody understands, cost themselves only', async () => {
  using folder = scratch();
  const directory = folder.at('.weft');
  await write(directory, three);
  const runs = join(directory, 'runs');
  const [name = ''] = readdirSync(runs);
  const path = join(runs, name);
  const [header = ''] = readFileSync(path, 'utf8').split('\n');
  const good = readFileSync(path, 'utf8').split('\n')[1] ?? '';
  appendFileSync(path, `garbage\n{"is":"result"}\n[]\nnull\n{"is":"failed","fingerprint":7}\n${good.slice(0, 300)}`);
  const newer = header.replace('"version":1', '"version":2');
  const other = good.replaceAll('visit=one', 'visit=newer');
  writeFileSync(join(runs, 'newer.jsonl'), `${newer}\n${other}\n${header}\n`);
  const history = new History({store: directory, path: folder.at('index')});
  expect(await found(history, 'detect')).toHaveLength(3);
  expect(await scanHistory(directory, 10)).toHaveLength(3);
  appendFileSync(path, `${good.slice(300).replace('visit=one', 'visit=torn')}\n`);
  expect(await found(history, 'detect')).toEqual(told(await scanHistory(directory, 10)));
  await history.close();
});

indexed('of lines that tell the same the latest counts, in whatever order their files are read', async () => {
  using folder = scratch();
  const directory = folder.at('.weft');
  const files = (at: number): Made => ({text: 'a', kind: 'files', at});
  mkdirSync(join(directory, 'runs'), {recursive: true});
  await write(directory, [files(0)]);
  merge(join(directory, 'runs'));
  await write(directory, [files(1), files(0)]);
  const history = new History({store: directory, path: folder.at('index')});
  const results = await history.results();
  expect(results).toEqual(await scanResults(directory));
  expect(results.map(({endedAt}) => endedAt)).toEqual([new Date(1_790_000_000_000).toISOString()]);
  await history.close();
});

indexed('whatever was recorded, in whatever files it lies: the index, the journals and the store agree', async () => {
  const made = fc.record({
    text: fc.constantFrom('a', 'b', 'c', 'd', 'é'),
    kind: fc.constantFrom('files', 'value', 'failed', 'cancelled', 'removed'),
    at: fc.integer({min: 0, max: 20}),
  }) as fc.Arbitrary<Made>;
  const step = fc.oneof(
    fc.record({is: fc.constant('run' as const), made: fc.array(made, {minLength: 1, maxLength: 5})}),
    fc.constant({is: 'merge' as const}),
    fc.constant({is: 'ask' as const}),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 8}), async steps => {
      using folder = scratch();
      const directory = folder.at('.weft');
      mkdirSync(join(directory, 'runs'), {recursive: true});
      const history = new History({store: directory, path: folder.at('index')});
      for (const one of [...steps, {is: 'ask' as const}]) {
        if (one.is === 'run') await write(directory, one.made);
        else if (one.is === 'merge') merge(join(directory, 'runs'));
        else {
          expect(await history.newest(50)).toEqual(await scanHistory(directory, 50));
          const store = await openStore(directory);
          const known = [...store.fingerprints()].flatMap(fingerprint => store.lookup(fingerprint) ?? []);
          const listed = await history.results();
          expect(listed).toEqual(await scanResults(directory));
          const by = (a: {fingerprint: string}, b: {fingerprint: string}): number =>
            a.fingerprint < b.fingerprint ? -1 : 1;
          expect(
            listed.map(({fingerprint, directory: at, endedAt, files}) => ({fingerprint, at, endedAt, files})).sort(by),
          ).toEqual(
            known
              .map(({fingerprint, directory: at, endedAt, outputs}) => ({
                fingerprint,
                at,
                endedAt,
                files: outputs.length,
              }))
              .sort(by),
          );
          await store.close();
        }
      }
      await history.close();
    }),
    {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 25 : 500},
  );
});

/** Puts the journals together to one, as a person may who copies stores. */
function merge(runs: string): void {
  const names = readdirSync(runs);
  if (names.length === 0) return;
  const text = names.map(name => readFileSync(join(runs, name), 'utf8')).join('');
  writeFileSync(join(runs, '.new'), text);
  for (const name of names) rmSync(join(runs, name));
  renameSync(join(runs, '.new'), join(runs, `merged-${names.length}-${text.length}.jsonl`));
}

test('the index lies on a local disk: in the home, or in the temporary directory where the home is behind a network', () => {
  using folder = scratch();
  const [home, temporary, cache] = [folder.at('home'), folder.at('tmp'), folder.at('cache')];
  for (const path of [home, temporary]) mkdirSync(path);
  const behind =
    (...paths: readonly string[]) =>
    (path: string): boolean =>
      paths.some(one => path.startsWith(one));
  const at = (isRemote: (path: string) => boolean, xdg?: string): string | undefined =>
    indexPath('/data/notebook/.weft', {home, temporary, cache: xdg, isRemote});
  expect(at(behind())).toMatch(new RegExp(`^${home}/.cache/weft/[0-9a-f]{24}\\.sqlite$`));
  expect(at(behind(), cache)).toMatch(new RegExp(`^${cache}/weft/`));
  expect(at(behind(), 'relative')).toMatch(new RegExp(`^${home}/`));
  expect(at(behind(home))).toMatch(new RegExp(`^${temporary}/weft-\\d+/`));
  expect(at(behind(home, temporary))).toBeUndefined();
  expect(statSync(join(temporary, readdirSync(temporary)[0] ?? '')).mode & 0o777).toBe(0o700);
  expect(indexPath('/data/other/.weft', {home, temporary, isRemote: behind()})).not.toBe(at(behind()));
});
