import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {ok} from '../../kernel/graph/result.js';
import type {Task} from '../../kernel/graph/work.js';
import {StoredCheckpoints} from '../../kernel/session/stored-checkpoints.js';
import {publish} from '../../kernel/store/publish.js';
import {Store} from '../../kernel/store/store.js';
import {stampOf} from '../../kernel/machine/process-life.js';
import {newAttemptId} from '../../kernel/session/attempt-id.js';
import {scratch} from '../rig/scratch.js';

const fingerprint = 'ab'.repeat(32) as Fingerprint;

/** Publishes a result with one file, as the kernel that owns the task does. */
async function publishText(root: string, text: string, previous?: Manifest): Promise<Manifest> {
  const attempt = join(root, `.attempt-${text}`);
  mkdirSync(attempt, {recursive: true});
  writeFileSync(join(attempt, 'out.txt'), text);
  const known = {
    fingerprint,
    recipe: {kind: 'bash', name: 'bash', arguments: {script: 'date'}, variables: {}, inputs: []},
    label: 'bash',
    read: {},
    exit: 0,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    host: 'here',
  };
  const done = await publish({
    attempt,
    final: join(root, 'result'),
    manifest: known,
    previous,
    force: previous !== undefined,
  });
  if (!done.ok) throw new Error(done.error.message);
  return done.value.manifest;
}

test('A result that another kernel has made anew is taken as it is, not moved aside for what an old journal line says.', async () => {
  using folder = scratch();
  const opened = await Store.open({directory: folder.at('.weft')});
  if (!opened.ok) throw new Error(opened.error.message);
  const checkpoints = new StoredCheckpoints(opened.value, () => 'mtime');
  const old = await publishText(folder.path, 'old');
  opened.value.recordResult(old);
  const anew = await publishText(folder.path, 'newer bytes', old);
  expect(anew.edition).toBe(2);

  const checked = await checkpoints.check(old);
  expect(checked).toMatchObject({ok: true, value: {edition: 2}});
  expect(readFileSync(folder.at('result', 'out.txt'), 'utf8')).toBe('newer bytes');
  expect(opened.value.lookup(fingerprint)?.edition).toBe(2);

  // What really is no result any more goes aside, as before.
  writeFileSync(folder.at('result', 'out.txt'), 'somebody else was here');
  expect(await checkpoints.check(anew)).toMatchObject({ok: false});
  expect(existsSync(folder.at('result'))).toBe(false);
  expect(readdirSync(folder.path).filter(name => name.startsWith('.dead-'))).not.toEqual([]);
  await opened.value.close();
});

test('The claim of a dead kernel on a result that is there goes, unless an attempt that was made later may run.', async () => {
  using folder = scratch();
  const opened = await Store.open({directory: folder.at('.weft')});
  if (!opened.ok) throw new Error(opened.error.message);
  const store = opened.value;
  store.recordResult(await publishText(folder.path, 'text'));
  const kernel = {...stampOf()!, startTime: '1'};
  const directory = folder.at('.bash-abababababab.attempt');
  const claim = (): void => {
    const made = store.claims.claim(fingerprint, {attempt: newAttemptId(), directory, kernel, at: ''});
    expect(made).toMatchObject({ok: true, value: {is: 'ours'}});
  };
  claim();
  mkdirSync(directory);
  await new StoredCheckpoints(store, () => 'mtime').settled();
  expect(store.claims.read(fingerprint)?.number).toBe(1);
  // It found the result, and was killed before it gave its claim up.
  rmSync(directory, {recursive: true});
  await new StoredCheckpoints(store, () => 'mtime').settled();
  expect(store.claims.read(fingerprint)).toBeUndefined();
  await store.close();
});

test.each([true, false])(
  'A result of equal bytes that was made of others is another one exactly where these are read through it: %j.',
  async through => {
    using folder = scratch();
    const opened = await Store.open({directory: folder.at('.weft')});
    if (!opened.ok) throw new Error(opened.error.message);
    const checkpoints = new StoredCheckpoints(opened.value, () => 'mtime');
    const need = 'cd'.repeat(32) as Fingerprint;
    const task: Task = {
      fingerprint,
      recipe: {kind: 'join', name: 'join', arguments: {}, variables: {}, inputs: [{is: 'task', fingerprint: need}]},
      name: 'join',
      key: '',
      needs: [need],
      placement: {executor: 'local', cpus: 1, retries: 0},
      work: {
        directory: folder.at('result'),
        attempts: folder.path,
        stem: 'join-abababababab',
        claims: folder.at('claims'),
        ...(through ? {through} : {}),
        prepare: () => Promise.resolve(ok(undefined)),
        finish: () => Promise.resolve(ok({})),
      },
    };
    const editions: number[] = [];
    for (const edition of [1, 1, 2, 2, 3]) {
      const directory = folder.at(`.attempt-${editions.length}`);
      mkdirSync(directory);
      writeFileSync(join(directory, 'repositoryCfg.yaml'), 'the same');
      const read = {[need]: edition};
      const published = await checkpoints.publish({
        ...{task, attempt: newAttemptId(), directory, read, log: '', force: false, startedAt: 1, endedAt: 2},
      });
      if (!published.ok) throw new Error(published.error.reason);
      editions.push(published.value.edition);
    }
    expect(editions).toEqual(through ? [1, 1, 2, 2, 3] : [1, 1, 1, 1, 1]);
    await opened.value.close();
  },
);
