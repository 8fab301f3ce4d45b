import {execFileSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import {dirname} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {play, type Builds, type Scenario} from './scenario.js';
import {buildVariant, NEXT_FORMAT} from './variant.js';

/** The program of `%%python`, where there is one. */
function pythonHere(): string {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {encoding: 'utf8'}).trim();
  } catch {
    return '';
  }
}

let builds: Builds;
beforeAll(async () => {
  const [now, next] = await Promise.all([buildVariant('now', []), buildVariant('next', [NEXT_FORMAT])]);
  builds = {now, next, python: pythonHere()};
});
afterAll(() => {
  for (const bundle of [builds.now, builds.next]) rmSync(dirname(bundle), {recursive: true});
});

const soak = process.env['WEFT_SOAK'] !== undefined;
const python = pythonHere() !== '';

/** The first seed of a soak. */
const SEED = Number(process.env['WEFT_SEED'] ?? 1000);

const PLAIN = {stack: true, python: false, containers: false};

/** What is made first where reruns read through each other, are split, and read a root that changes. */
const WANTED: readonly string[] = [
  'what read something undeclared is forced',
  'one more exposure',
  'a value of a configuration',
  'what changes the root is moved',
  'an exposure that was ingested is taken out of the root',
  'a member of a set fails from now on, and is made again',
  'other keys of --split',
  'one more file to ingest',
  'an output is removed',
  'what failed fails no more',
  '%force',
  'what nobody declares is edited',
];

/** Edits are made three at a time; what must run is still known to the task. */
const scenarios: readonly Scenario[] = soak
  ? Array.from({length: 16}, (_, i) => ({
      seed: SEED + i,
      flavour: {
        kept: i % 2 === 0,
        stack: i % 3 !== 0,
        python: python && i % 4 < 2,
        containers: i % 5 === 0,
        failures: i % 2 === 1,
        persons: i % 6 === 1 || i % 6 === 2,
        chains: i % 2 === 0,
        ingests: i % 3 === 1,
        splits: i % 3 === 2,
      },
      steps: 20,
      edits: i % 4 === 3 ? 1 : 3,
      fromNothing: 1,
    }))
  : [
      {
        seed: 2,
        flavour: {kept: true, stack: true, python, containers: false},
        steps: 13,
        edits: 3,
        fromNothing: 5,
      },
      {
        seed: 3,
        flavour: {kept: false, stack: false, python: false, containers: true},
        steps: 12,
        edits: 3,
        fromNothing: 4,
      },
      {
        seed: 14,
        flavour: {
          kept: false,
          stack: true,
          python: false,
          containers: false,
          failures: true,
          persons: true,
        },
        steps: 9,
        edits: 3,
        fromNothing: 4,
      },
      {
        seed: 6,
        flavour: {...PLAIN, kept: true, bare: true, failures: true, chains: true, ingests: true, splits: true},
        steps: 5,
        edits: 3,
        fromNothing: 5,
        wanted: WANTED,
      },
    ];

test.each(scenarios)(
  'after any edits, what runs is what they reach, and all is as if from nothing (seed $seed)',
  async scenario => {
    const {difference, edits, cosmetic, runs, fromNothing} = await play(scenario, builds);
    if (soak)
      console.log(
        `seed ${scenario.seed}: ${edits} edits, ${cosmetic} of them cosmetic, ${runs} runs and ${fromNothing} from nothing: ${difference === undefined ? 'no false hit, no needless run' : difference.split('\n')[1]}`,
      );
    expect(difference).toBeUndefined();
    expect(edits).toBeGreaterThanOrEqual(scenario.steps);
  },
  soak ? 1_800_000 : 240_000,
);

test('the count of edits is what it is said to be', () => {
  const edits = scenarios.reduce((sum, scenario) => sum + scenario.steps * scenario.edits, 0);
  expect(edits).toBeGreaterThanOrEqual(soak ? 500 : 100);
});
