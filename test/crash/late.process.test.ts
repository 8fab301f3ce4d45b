import {beforeEach, expect, test} from 'vitest';
import {need} from '../rig/component.js';
import {Faults, library} from '../rig/faults/faults.js';
import {CrashNotebook, type Tasks} from './crash-notebook.js';
import {lookAtStore} from './look-at-store.js';

const soak = process.env['WEFT_SOAK'] !== undefined;

/** Those of the second one with files take a second each. */
const sets = [1, 3];
const tasks: Readonly<Record<Tasks, readonly string[]>> = {
  scripts: sets.flatMap(set => [`a${set}`, `b${set}`, `v${set}.1`, `v${set}.2`, `v${set}.3`]),
  reruns: sets.flatMap(set => [`w${set}`, `m${set}`]),
  roots: sets.flatMap(set => [`r${set}`, `w${set}`, `m${set}`]),
};

/**
 * Two machines on one directory. What one makes is seen by the other so many milliseconds later, if it is not told before. The clock of
 * the second is two minutes ahead.
 */
const machines = (notebook: CrashNotebook, late: number): readonly [Faults, Faults] => {
  const a = new Faults(notebook.directory, [], {host: 'a', late});
  return [a, new Faults(notebook.directory, [], {host: 'b', late, clock: 120, beside: a})];
};

async function run(notebook: CrashNotebook, faults: Faults, name: string): Promise<void> {
  const {code, err} = await notebook.run(sets, faults.environment, {name}).ended;
  expect(code, err).toBe(0);
  expect(notebook.printed(sets, name)).toBe(notebook.expected(sets));
  // No task is blamed, nor tried again.
  expect(err).not.toMatch(/failed|missing|lost/);
}

function look(notebook: CrashNotebook, kind: Tasks): void {
  expect(notebook.twice).toEqual([]);
  expect(lookAtStore(notebook).wrong).toEqual([]);
  // What one machine can't see yet the other may make again, after it, and takes the first one's result.
  for (const task of tasks[kind]) expect(notebook.begun(task)).toBeOneOf([1, 2]);
}

beforeEach(context => need(context, library));

const delays = soak ? [100, 300, 1500, 4000, 12_000] : [2500];

test.each(
  delays.flatMap(late =>
    [...(['scripts', 'reruns'] as const), ...(soak ? (['roots'] as const) : [])].map(kind => [late, kind] as const),
  ),
)(
  'of two machines that see each other’s files %i ms late none runs a task beside the other, misses an output or blames a task (%s)',
  async (late, kind) => {
    using notebook = new CrashNotebook(kind);
    const [a, b] = machines(notebook, late);
    try {
      await Promise.all([run(notebook, a, 'a'), run(notebook, b, 'b')]);
      look(notebook, kind);
    } finally {
      for (const faults of [a, b]) faults[Symbol.dispose]();
    }
  },
  120_000,
);

test('what another machine has made a moment ago is used or made again, and never taken for broken', async () => {
  using notebook = new CrashNotebook();
  const [a, b] = machines(notebook, 2500);
  try {
    await run(notebook, a, 'a');
    await run(notebook, b, 'b');
    look(notebook, 'scripts');
    // Neither has put the other's results aside.
    expect(lookAtStore(notebook).aside).toEqual([]);
  } finally {
    for (const faults of [a, b]) faults[Symbol.dispose]();
  }
});
