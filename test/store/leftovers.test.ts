import {mkdirSync, readdirSync, utimesSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {v7 as uuid} from 'uuid';
import {randomUUID} from 'node:crypto';
import {expect, test} from 'vitest';
import type {AttemptId} from '../../kernel/graph/task.js';
import {Claims, type ClaimContent} from '../../kernel/store/claim.js';
import {beatPath} from '../../kernel/store/heartbeat.js';
import {attemptIn, HOUR, removeLeftovers} from '../../kernel/store/leftovers.js';
import {scratch} from '../rig/scratch.js';
import {sampleFingerprint} from './sample.js';

const kernel = {pid: 1, startTime: '2', host: 'login01', bootId: 'b'};
const content = (attempt: string, beat = 'k'): ClaimContent => ({
  attempt: attempt as AttemptId,
  directory: `/results/.bash.${attempt}`,
  kernel,
  beat,
  at: '2026-10-12T14:03:00.000Z',
});

/** Makes a file or a directory of so many hours ago. */
function aged(path: string, hours: number, directory = false): string {
  mkdirSync(directory ? path : dirname(path), {recursive: true});
  if (!directory) writeFileSync(path, '');
  const at = Date.now() / 1000 - hours * 3600;
  utimesSync(path, at, at);
  return path;
}

test('claims that were never linked, beats that no claim names, marks of tasks that were taken over, and attempts that nobody has are removed', async () => {
  using folder = scratch();
  const [claims, work] = [folder.at('claims'), folder.at('work/aa')];
  const own = new Claims(claims);
  const [claimed, failed, dead, young, writing] = [uuid(), uuid(), uuid(), uuid(), uuid()];
  own.claim(sampleFingerprint(), content(claimed, 'named'));
  own.close();
  aged(join(claims, `.${randomUUID()}`), 2);
  const fresh = aged(join(claims, `.${randomUUID()}`), 0);
  aged(beatPath(claims, 'gone'), 2);
  const [free, owned, recent] = ['a', sampleFingerprint(), 'b'].map(name => `.taken-${name.padEnd(64, 'a')}`);
  aged(join(claims, free!), 2);
  aged(join(claims, owned!), 2);
  aged(join(claims, recent!), 0);
  aged(beatPath(claims, 'named'), 2);
  aged(beatPath(claims, 'alive'), 0);
  const attempt = (id: string): string => join(work, `.bash-0123456789ab.${id}`);
  for (const id of [claimed, failed, dead, writing]) aged(attempt(id), 2, true);
  aged(attempt(young), 0, true);
  // Its directory is old, and the log is not.
  writeFileSync(join(attempt(writing), '.weft.log'), '');
  aged(attempt(writing), 2, true);
  aged(join(work, 'bash-0123456789ab'), 999, true);
  aged(join(work, `.dead-${randomUUID()}`), 999, true);
  aged(join(work, `.dead-${randomUUID()}-bash-0123456789ab`), 999, true);
  aged(join(work, '.hidden'), 999, true);

  const kept = async (): Promise<ReadonlySet<string>> => new Set([failed]);
  const places = {
    claims,
    claimed: () => own.list().map(claim => claim.content),
    attempts: [work, folder.at('absent')],
    kept,
  };
  expect(await removeLeftovers(places)).toBe(4);
  expect(readdirSync(claims).toSorted()).toEqual(
    [
      `${sampleFingerprint()}.1`,
      owned,
      recent,
      fresh.slice(claims.length + 1),
      '.beat-alive',
      '.beat-named',
    ].toSorted(),
  );
  const there = readdirSync(work);
  for (const id of [claimed, failed, young, writing]) expect(there).toContain(`.bash-0123456789ab.${id}`);
  expect(there).not.toContain(`.bash-0123456789ab.${dead}`);
  expect(there).toHaveLength(8);
  // Older than what its caller allows: a root that others use.
  expect(await removeLeftovers({...places, kept: async () => new Set(), age: 3 * HOUR})).toBe(0);
  expect(await removeLeftovers({...places, kept: async () => new Set()})).toBe(1);
});

test('attempts are not looked for again within an hour, whatever the clock of the machine said then', async () => {
  using folder = scratch();
  const [claims, attempts] = [folder.at('claims'), folder.at('scratch')];
  mkdirSync(claims);
  const places = {claims, claimed: () => [], attempts: [attempts], kept: async () => new Set<string>()};
  const mark = join(claims, '.looked');
  const leave = (): string => aged(join(attempts, `.bash-0123456789ab.${uuid()}`), 2, true);
  leave();
  expect(await removeLeftovers({...places, mark})).toBe(1);
  leave();
  expect(await removeLeftovers({...places, mark})).toBe(0);
  aged(join(claims, `.${randomUUID()}`), 2);
  expect(await removeLeftovers({...places, mark})).toBe(1);
  aged(mark, -5);
  expect(await removeLeftovers({...places, mark})).toBe(1);
  leave();
  aged(mark, 2);
  expect(await removeLeftovers({...places, mark})).toBe(1);
  expect(readdirSync(claims)).toEqual(['.looked']);
});

test('while a claim cannot be read, nothing is a leftover', async () => {
  using folder = scratch();
  const claims = folder.at('claims');
  aged(join(claims, `.${randomUUID()}`), 2);
  const attempts = folder.at('scratch');
  aged(join(attempts, `.bash-0123456789ab.${uuid()}`), 2, true);
  writeFileSync(join(claims, `${sampleFingerprint()}.1`), '{"attempt":');
  const own = new Claims(claims);
  const claimed = (): (ClaimContent | undefined)[] => own.list().map(claim => claim.content);
  expect(await removeLeftovers({claims, claimed, attempts: [attempts], kept: async () => new Set()})).toBe(0);
});

test('an attempt that fails while leftovers are looked for keeps its log', async () => {
  using folder = scratch();
  const [claims, attempts] = [folder.at('claims'), folder.at('scratch')];
  const own = new Claims(claims);
  const id = uuid();
  const made = own.claim(sampleFingerprint(), content(id));
  if (!made.ok) throw new Error('no claim');
  aged(join(attempts, `.bash-0123456789ab.${id}`), 5, true);
  const failures = new Set<string>();
  const places = {
    claims,
    attempts: [attempts],
    claimed: () => {
      // Its kernel records the failure, then gives the claim up: just before we read the claims.
      failures.add(id);
      own.release(made.value.claim);
      return own.list().map(claim => claim.content);
    },
    kept: async () => failures,
  };
  expect(await removeLeftovers(places)).toBe(0);
});

test('only names of attempts are taken for attempts', () => {
  const id = uuid();
  expect(attemptIn(`.processCcd-0123456789ab.${id}`)).toBe(id);
  for (const name of [`processCcd.${id}`, `.${id}`, `.x.${randomUUID()}`, `.dead-${id}-a`, '.weft.json']) {
    expect(attemptIn(name)).toBeUndefined();
  }
});
