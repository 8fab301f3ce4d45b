import {expect, test} from 'vitest';
import {hasSubordinateIds} from '../../../kernel/run/containers/subordinate-ids.js';

const ann = {username: 'ann', uid: 1000};
const files = (subuid: string, subgid: string) => (path: string) => (path === '/etc/subuid' ? subuid : subgid);

test.each([
  ['ann:100000:65536\n', 'bob:1:1\nann:100000:65536\n', true],
  ['1000:100000:65536\n', '1000:100000:65536\n', true],
  ['', '', false],
  ['annabel:1:1\n', 'annabel:1:1\n', false],
  ['ann:100000:65536\n', '', false],
])('A user with %j and %j has numbers for containers: %s', (subuid, subgid, has) => {
  expect(hasSubordinateIds(ann, files(subuid, subgid))).toBe(has);
});

test('Where there are no such files, nobody has numbers', () => {
  const missing = () => {
    throw new Error('ENOENT');
  };
  expect(hasSubordinateIds(ann, missing)).toBe(false);
});
