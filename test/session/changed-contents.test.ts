import {expect, test} from 'vitest';
import {digestOf, type Digest} from '../../kernel/fingerprint/fingerprint.js';
import {ok, type Result} from '../../kernel/graph/result.js';
import {ChangedContents} from '../../kernel/session/changed-contents.js';

/** Waits for some milliseconds without giving the event loop its turn, as listing a large directory does. */
function busy(milliseconds: number): void {
  for (const until = performance.now() + milliseconds; performance.now() < until;);
}

/** A directory that takes so long to look at, and how often that was done. */
function directory(takes: number): {content: Digest; looks: number; digest: () => Promise<Result<Digest, string>>} {
  const tree = {
    content: digestOf('as it was'),
    looks: 0,
    digest: () => {
      tree.looks++;
      const {content} = tree;
      busy(takes);
      return Promise.resolve(ok(content));
    },
  };
  return tree;
}

test('A task that is about to start takes what was seen a moment before.', async () => {
  const tree = directory(30);
  const contents = new ChangedContents(tree.digest);
  const wanted = new Map([['/data', tree.content]]);
  for (let n = 0; n < 5; n++) expect(await contents.find(wanted, false)).toBeUndefined();
  expect(tree.looks).toBe(1);
});

test('A task that was made after an edit starts, however short before that the last look was.', async () => {
  const tree = directory(30);
  const contents = new ChangedContents(tree.digest);
  expect(await contents.find(new Map([['/data', tree.content]]), false)).toBeUndefined();
  const before = tree.content;
  tree.content = digestOf('edited');
  expect(await contents.find(new Map([['/data', tree.content]]), false)).toBeUndefined();
  expect(await contents.find(new Map([['/data', before]]), false)).toContain('has other content');
});

test.each([0, 30])(
  'A task that has ended is told of what was changed after the last look, which took %j ms.',
  async takes => {
    const tree = directory(takes);
    const contents = new ChangedContents(tree.digest);
    const wanted = new Map([['/data', tree.content]]);
    expect(await contents.find(wanted, false)).toBeUndefined();
    expect(await contents.find(wanted, true)).toBeUndefined();
    tree.content = digestOf('edited');
    expect(await contents.find(wanted, true)).toBe('/data has other content than when the cell ran');
  },
);

test('Tasks that have ended together share a dear look.', async () => {
  const tree = directory(30);
  const contents = new ChangedContents(tree.digest);
  const wanted = new Map([['/data', tree.content]]);
  await contents.find(wanted, true);
  tree.looks = 0;
  await Promise.all(Array.from({length: 100}, () => contents.find(wanted, true)));
  expect(tree.looks).toBe(1);
});
