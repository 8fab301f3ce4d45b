import {chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, expect, test} from 'vitest';
import {valueManifest, type Manifest} from '../../../kernel/graph/manifest.js';
import {CHANGES, RootChanges} from '../../../magics/lsst/root-changes.js';
import {scratch} from '../../rig/scratch.js';

let folder: ReturnType<typeof scratch>;
let root: string;
let final: string;
let attempts = 0;
beforeEach(() => {
  folder = scratch();
  root = folder.at('DATA');
  final = join(root, '.weft/ingest-0123456789ab');
  mkdirSync(join(root, '.weft'), {recursive: true});
  return () => {
    folder[Symbol.dispose]();
  };
});

const make = (...names: readonly string[]): void => {
  for (const name of names) writeFileSync(join(root, name), name);
};

/** One that begins, and makes these files. What is returned publishes it, by a kernel that knows nothing of its beginning if it must. */
async function attempt(...names: readonly string[]): Promise<(other?: RootChanges) => Promise<void>> {
  const changes = new RootChanges(root, final);
  const directory = join(root, `.weft/.attempt-${++attempts}`);
  mkdirSync(directory);
  await changes.begin(directory);
  make(...names);
  return async (other = changes) => {
    await other.end(directory);
    rmSync(final, {recursive: true, force: true});
    renameSync(directory, final);
  };
}

const run = async (...names: readonly string[]): Promise<void> => (await attempt(...names))();

const listed = (): unknown => (JSON.parse(readFileSync(join(final, CHANGES), 'utf8')) as {files: unknown}).files;

const looked = (): string | undefined => {
  const manifest: Manifest = {...valueManifest('ingest', null, 0), directory: final};
  return new RootChanges(root, final).recheck(manifest);
};

test('what attempts made that failed or were killed is listed with what the last one made', async () => {
  make('old');
  await attempt('a');
  await attempt('b');
  await run('c');
  expect(listed()).toEqual(['a', 'b', 'c']);
  rmSync(join(root, 'a'));
  expect(looked()).toBe('a is missing');
});

test('what of a result was lost is made again, and the rest of it is listed still', async () => {
  await run('a', 'b');
  expect(looked()).toBeUndefined();
  make('of another');
  rmSync(join(root, 'a'));
  await run('a');
  expect(listed()).toEqual(['a', 'b']);
  rmSync(join(root, 'b'));
  expect(looked()).toBe('b is missing');
});

test('one that finds all in place lists what the one before listed, and without one all that there is', async () => {
  make('old');
  await run('a');
  await run();
  expect(listed()).toEqual(['a']);
  rmSync(final, {recursive: true});
  expect(looked()).toMatch(/can't be read/);
  rmSync(join(root, '.weft'), {recursive: true});
  mkdirSync(join(root, '.weft'));
  await run();
  expect(listed()).toEqual(['a', 'old']);
});

test('an attempt that another kernel ends, twice where that was killed as it published, lists what it made', async () => {
  make('old');
  await attempt('a');
  const end = await attempt('b');
  await end(new RootChanges(root, final));
  expect(listed()).toEqual(['a', 'b']);
  rmSync(join(final, '.weft.before'));
  await new RootChanges(root, final).end(final);
  expect(listed()).toEqual(['a', 'b']);
});

test('what a successful run has noted is gone once its result was looked at, and that of one which runs is not', async () => {
  await run('a');
  const running = await attempt('b');
  expect(looked()).toBeUndefined();
  expect(readdirSync(join(root, '.weft')).filter(name => name.startsWith('.begun'))).toHaveLength(1);
  await running();
  expect(looked()).toBeUndefined();
  expect(readdirSync(join(root, '.weft')).toSorted()).toEqual(['ingest-0123456789ab', 'ingest-0123456789ab.json']);
});

test.each(['', '{"rows": ["raw', '{}', 'null', '{"rows": {}, "files": []}', '{"rows": [1], "files": []}'])(
  'a list or a note that says %j is none',
  async text => {
    await run('a');
    writeFileSync(join(final, CHANGES), text);
    expect(looked()).toBe(`${CHANGES} can't be read`);
    writeFileSync(join(root, '.weft/.begun-ingest-0123456789ab.json'), text);
    await run('b');
    expect(listed()).toEqual(['b']);
  },
);

test('a directory of the root that a plain user may not read keeps nobody from changing the rest', async () => {
  const user = 65534;
  const plain = process.getuid?.() === 0;
  const closed = join(root, 'lost+found');
  mkdirSync(closed);
  chmodSync(closed, plain ? 0o700 : 0);
  for (const path of [folder.path, root, join(root, '.weft')]) if (plain) chownSync(path, user, user);
  if (plain) process.seteuid?.(user);
  try {
    await run('a');
    expect(listed()).toEqual(['a']);
  } finally {
    if (plain) process.seteuid?.(0);
    chmodSync(closed, 0o700);
  }
});
