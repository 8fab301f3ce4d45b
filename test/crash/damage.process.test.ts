import {
  cpSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join, sep} from 'node:path';
import {expect, test} from 'vitest';
import {need} from '../rig/component.js';
import {Faults, library} from '../rig/faults/faults.js';
import {Random} from '../rig/random.js';
import {CrashNotebook} from './crash-notebook.js';
import {WORK} from './crash-rig.js';
import {lookAtStore} from './look-at-store.js';

const soak = process.env['WEFT_SOAK'] !== undefined;
const sets = [1, 2];
const tasks = sets.flatMap(set => [`a${set}`, `b${set}`, `v${set}.1`, `v${set}.2`, `v${set}.3`]);

interface Summary {
  readonly ok: boolean;
  readonly tasks: Readonly<Record<'ran' | 'cached' | 'attached' | 'failed', number>>;
}

/** Runs the sets, and sees that what they print is right. Gives how many tasks ran, and so on. */
async function run(
  notebook: CrashNotebook,
  environment: Readonly<Record<string, string>> = {},
  damaged = false,
): Promise<Summary['tasks']> {
  const {code, out, err} = await notebook.run(sets, environment).ended;
  expect(code, err).toBe(0);
  expect(notebook.printed(sets)).toBe(notebook.expected(sets));
  // A manifest that a test has broken stays so where the journal knows what it said.
  expect(lookAtStore(notebook, damaged).wrong.filter(line => !line.includes('has no manifest'))).toEqual([]);
  return (JSON.parse(out) as Summary).tasks;
}

/** All files of the store that match. */
const files = (notebook: CrashNotebook, of: RegExp): readonly string[] =>
  (readdirSync(notebook.at('.weft'), {recursive: true}) as string[])
    .map(name => notebook.at('.weft', name))
    .filter(path => of.test(path) && !path.includes('/.dead-') && lstatSync(path).isFile())
    .sort();

const garble = (path: string, random: Random): void => {
  switch (random.below(4)) {
    case 0:
      truncateSync(path, random.below(lstatSync(path).size + 1));
      break;
    case 1:
      writeFileSync(path, random.bytes(random.below(400)));
      break;
    case 2:
      writeFileSync(path, '');
      break;
    default: {
      const bytes = readFileSync(path);
      for (let n = 0; n < 5 && bytes.length > 0; n++) bytes[random.below(bytes.length)] = random.below(256);
      writeFileSync(path, bytes);
    }
  }
};

test('a purge that takes any outputs away costs their tasks alone, and nothing false is read', async () => {
  using notebook = new CrashNotebook();
  const random = new Random(11);
  await run(notebook);
  for (let round = 0; round < (soak ? 60 : 3); round++) {
    const gone = files(notebook, /\/work\/.*\/(out|more)\.txt$/).filter(() => random.below(3) === 0);
    for (const path of gone) rmSync(path);
    const hurt = new Set(gone.map(path => path.split(`${sep}work${sep}`)[1]!.split(sep)[1]!));
    const before = tasks.map(task => notebook.begun(task));
    const {ran} = await run(notebook);
    expect(ran).toBe(hurt.size);
    expect(tasks.map(task => notebook.begun(task)).reduce((a, b) => a + b)).toBe(
      before.reduce((a, b) => a + b) + hurt.size,
    );
  }
});

test.each([
  ['manifests', /\/\.weft\.json$/],
  ['journals', /\/runs\/.*\.jsonl$/],
  ['manifests and journals', /\/\.weft\.json$|\.jsonl$/],
])('with %s that are cut or garbage, the kernel goes on, and nothing false is read', async (_, of) => {
  using notebook = new CrashNotebook();
  const random = new Random(13);
  await run(notebook);
  for (let round = 0; round < (soak ? 40 : 2); round++) {
    for (const path of files(notebook, of)) if (random.below(2) === 0) garble(path, random);
    await run(notebook, {}, of.test('/runs/a.jsonl'));
  }
});

test('of the journals or the manifests, one is enough', async () => {
  using notebook = new CrashNotebook();
  await run(notebook);
  for (const path of files(notebook, /\/\.weft\.json$/)) garble(path, new Random(1));
  expect(await run(notebook)).toMatchObject({ran: 0, cached: tasks.length});
});

test('a tree that was copied without its times stays cached, where it was and elsewhere', async () => {
  using notebook = new CrashNotebook();
  await run(notebook);
  const copy = notebook.at('../copy');
  cpSync(notebook.directory, copy, {recursive: true});
  for (const path of files(notebook, /./)) {
    const elsewhere = join(copy, path.slice(notebook.directory.length));
    if (existsSync(elsewhere)) utimesSync(elsewhere, 1_000_000_000, 1_000_000_000);
  }
  rmSync(notebook.directory, {recursive: true});
  renameSync(copy, notebook.directory);
  expect(await run(notebook)).toMatchObject({ran: 0, cached: tasks.length});
  // One of the same size and with other bytes is no hit.
  const [output] = files(notebook, /\/out\.txt$/);
  const text = readFileSync(output!, 'utf8');
  writeFileSync(output!, text.replace(/e/, 'E'));
  expect(await run(notebook)).toMatchObject({ran: 1, cached: tasks.length - 1});
});

test('results that cannot be read are made again, and nothing is lost', async context => {
  need(context, library);
  using notebook = new CrashNotebook();
  await run(notebook);
  for (const error of soak ? (['EIO', 'EACCES', 'ESTALE'] as const) : (['EIO'] as const)) {
    using faults = new Faults(notebook.directory, [
      {role: 'kernel', operation: 'stat', path: `${WORK}/#/bash#/out.txt`, action: {error}},
    ]);
    await run(notebook, faults.environment);
    expect(await run(notebook)).toMatchObject({ran: 0, cached: tasks.length});
  }
});

const DAY = 86_400;

test.each([
  ['back', DAY, 0],
  ['ahead', 0, DAY],
  ['back before all times of files', 0, -DAY],
])('a clock that was moved %s takes no result away, and no old one for new', async (_, first, second) => {
  using notebook = new CrashNotebook();
  const clock = async (seconds: number): Promise<Summary['tasks']> => {
    using faults = new Faults(notebook.directory, [], {clock: seconds});
    return await run(notebook, faults.environment);
  };
  expect(await clock(first)).toMatchObject({ran: tasks.length});
  expect(await clock(second)).toMatchObject({ran: 0, cached: tasks.length});
  // What is lost after the clock was moved is made again, and is then newer than the line of the journal from the future.
  rmSync(files(notebook, /\/out\.txt$/)[0]!);
  expect(await clock(second)).toMatchObject({ran: 1});
  expect(await clock(first)).toMatchObject({ran: 0});
});
