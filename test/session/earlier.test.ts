import {expect, test} from 'vitest';
import {fingerprintOf, type Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import type {Recipe} from '../../kernel/graph/recipe.js';
import {EarlierRuns} from '../../kernel/session/earlier.js';
import type {TaskNode} from '../../kernel/session/node.js';
import {manifest} from '../show/tasks.js';

const recipe = (script: string, n: number): Recipe => ({
  kind: 'bash',
  name: 'bash',
  arguments: {script},
  variables: {n: {is: 'json', value: n}},
  inputs: [],
});
const print = (script: string, n: number): Fingerprint => fingerprintOf('task/bash', [script, n]);

/** A result that was made `at` minutes after noon. */
const run = (label: string, script: string, n: number, at: number): Manifest =>
  manifest(1000, {
    label,
    recipe: recipe(script, n),
    fingerprint: print(script, n),
    startedAt: new Date(at * 60_000).toISOString(),
    endedAt: new Date(at * 60_000 + 1000).toISOString(),
  });

const node = (name: string, script: string, n: number, state: object = {is: 'waiting', on: []}, own = name): TaskNode =>
  ({
    name: own,
    state,
    entry: {task: {name, key: '', recipe: recipe(script, n), fingerprint: print(script, n)}},
  }) as unknown as TaskNode;

/** @param held tasks that futures stand for now @param replaced others that this kernel has planned */
const runs = (
  manifests: readonly Manifest[],
  held: readonly Fingerprint[] = [],
  replaced: readonly Fingerprint[] = [],
  names: Readonly<Record<Fingerprint, string>> = {},
) =>
  new EarlierRuns({
    labelled: labels => Promise.resolve(manifests.filter(({label}) => [...labels].includes(label))),
    held: () => held,
    planned: fingerprint => held.includes(fingerprint) || replaced.includes(fingerprint),
    names: fingerprint => [names[fingerprint] ?? ''],
  });

const valuesOf = (found: readonly (Manifest | undefined)[] | undefined): readonly unknown[] =>
  (found ?? []).map(one => one?.recipe.variables['n']).map(one => (one?.is === 'json' ? one.value : undefined));

test('a task is compared with the newest of its label that is another recipe, and older than its own run', async () => {
  const known = [run('a', 's', 1, 1), run('a', 's', 3, 3), run('a', 's', 2, 2), run('b', 's', 4, 4)];
  expect(valuesOf((await runs(known).of([node('a', 's', 3)]))[0])).toEqual([2, 1]);
  expect(valuesOf(await runs(known).before([node('a', 's', 9), node('c', 's', 9), node('b', 's', 9)]))).toEqual([
    3,
    undefined,
    4,
  ]);
  const ran = node('a', 's', 2, {is: 'done', how: 'ran', manifest: run('a', 's', 2, 2)});
  expect(valuesOf((await runs(known).of([ran]))[0])).toEqual([1]);
});

test('another task of the notebook that bears the same label is no earlier run; one that was replaced is', async () => {
  const known = [run('a', 's', 1, 1), run('a', 's', 2, 2)];
  expect(valuesOf(await runs(known, [print('s', 2)]).before([node('a', 's', 9)]))).toEqual([1]);
  const all = [print('s', 1), print('s', 2)];
  expect(valuesOf(await runs(known, all).before([node('a', 's', 9)]))).toEqual([undefined]);
  expect(valuesOf((await runs(known, [print('s', 2)]).of([node('a', 's', 9)]))[0])).toEqual([1, 2]);
  expect(valuesOf(await runs(known, [], [print('s', 2)]).before([node('a', 's', 9)]))).toEqual([2]);
});

test('of scripts without a name only those of the same text are taken for the same, and none of this kernel', async () => {
  const known = [run('bash', 's', 1, 1), run('bash', 'other', 2, 2)];
  const asked = [node('bash', 's', 9)];
  expect(valuesOf(await runs(known).before(asked))).toEqual([1]);
  expect(valuesOf(await runs(known, [], [print('s', 1)]).before(asked))).toEqual([undefined]);
  expect(valuesOf(await runs(known).before([node('bash', 'new', 9)]))).toEqual([undefined]);
  // Who asks is shown what is most alike.
  expect(valuesOf((await runs(known).of(asked))[0])).toEqual([1, 2]);
});

test("a future whose name is not its task's is compared with what had its name, or did the same", async () => {
  const known = [run('task', 'other', 1, 1)];
  const asked = [node('task', 's', 9, undefined, 'mine')];
  const replaced = [print('other', 1)];
  expect(valuesOf(await runs(known).before(asked))).toEqual([undefined]);
  expect(valuesOf(await runs(known, [], replaced, {[print('other', 1)]: 'theirs'}).before(asked))).toEqual([undefined]);
  expect(valuesOf(await runs(known, [], replaced, {[print('other', 1)]: 'mine'}).before(asked))).toEqual([1]);
  expect(valuesOf(await runs([run('task', 's', 2, 1)]).before(asked))).toEqual([2]);
  expect(valuesOf(await runs(known).before([node('task', 's', 9)]))).toEqual([1]);
});
