import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {buildSync} from 'esbuild';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {digestOf} from '../../kernel/fingerprint/fingerprint.js';
import {takenOf} from '../../kernel/store/claim.js';

const COUNT = 300;
let room: string;

beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'weft-claims-'));
  for (const name of ['claim-child', 'race-child']) {
    buildSync({
      entryPoints: [join(import.meta.dirname, `${name}.ts`)],
      outfile: join(room, `${name}.mjs`),
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
  }
});
afterAll(() => rmSync(room, {recursive: true}));

/** Starts all at the same moment, and gives the line that each prints at its end. */
async function race(script: string, directory: string, names: readonly string[], count: number): Promise<unknown[]> {
  const children = names.map(name =>
    spawn(process.execPath, [join(room, script), directory, name, `${count}`], {stdio: ['pipe', 'pipe', 'inherit']}),
  );
  const lines = children.map(child => createInterface(child.stdout)[Symbol.asyncIterator]());
  await Promise.all(lines.map(line => line.next()));
  for (const child of children) child.stdin.write('go\n');
  const said = await Promise.all(lines.map(async line => JSON.parse(String((await line.next()).value)) as unknown));
  await Promise.all(children.map(async child => child.exitCode ?? once(child, 'exit')));
  return said;
}

test('of several processes that claim the same tasks at once, each task gets one owner', async () => {
  const directory = join(room, 'claims');
  mkdirSync(directory);
  for (let at = 0; at < COUNT; at += 2) writeFileSync(join(directory, `${digestOf(`${at}`)}.1`), '');
  const owned = await race('claim-child.mjs', directory, ['a', 'b', 'c', 'd'], COUNT);
  expect(owned.flat().sort()).toEqual(Array.from({length: COUNT}, (_, at) => `${at}`).sort());
  const hidden = readdirSync(directory).filter(name => name.startsWith('.'));
  expect(hidden.filter(name => takenOf(name) === undefined)).toEqual([]);
  expect(hidden).toHaveLength(COUNT / 2);
});

test('of two processes that race for claims, die with some and take over from the dead, never two own a task at once', async () => {
  const directory = mkdtempSync(join(room, 'race-'));
  const count = process.env['WEFT_SOAK'] === undefined ? 1000 : 10_000;
  const said = (await race('race-child.mjs', directory, ['a', 'b'], count)) as readonly {
    readonly owned: number;
    readonly taken: number;
    readonly collided: readonly string[];
  }[];
  expect(said.flatMap(({collided}) => collided)).toEqual([]);
  const sum = (of: 'owned' | 'taken'): number => said.reduce((total, one) => total + one[of], 0);
  expect(sum('owned')).toBeGreaterThanOrEqual(count);
  expect(sum('taken')).toBeGreaterThan(0);
}, 240_000);
