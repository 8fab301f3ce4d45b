import {expect, test} from 'vitest';
import type {Digest} from '../../../kernel/fingerprint/fingerprint.js';
import {ok} from '../../../kernel/graph/result.js';
import type {Work} from '../../../kernel/graph/work.js';
import {RootReader} from '../../../magics/lsst/root-reader.js';

test('What reads a root is done as it would be without one, in all that its work says of itself.', () => {
  const {prepare, mounts, finish, recheck, explain, ...said} = {
    directory: '/data/rerun/weft/processCcd-abababababab',
    attempts: '/data/rerun/weft',
    stem: 'processCcd-abababababab',
    claims: '/data/rerun/weft/.claims',
    through: true,
    plain: true,
    stdout: 'out.txt',
    prepare: () => Promise.resolve(ok(undefined)),
    mounts: () => [{source: '/refs', target: '/refs', write: false}],
    finish: () => Promise.resolve(ok({})),
    explain: (log: string) => log.split('\n').at(-1),
    recheck: () => Promise.resolve('it wrote nothing'),
  } satisfies Required<Work>;
  const identity = 'cd'.repeat(32) as Digest;
  const root = {path: '/data', identity, take: () => Promise.resolve(identity), changes: () => 0};
  const reader = new RootReader({...said, prepare, mounts, finish, explain, recheck}, root);
  expect(reader).toMatchObject(said);
  expect(reader.explain?.('a\nb')).toBe('b');
});
