import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {expect, test} from 'vitest';
import {NOT_CAUGHT, OTHERWISE, rowOf} from './mutant-table.js';
import {MUTANTS, type Mutant} from './mutants.js';
import {NEVER_ENDS} from './kernels.js';
import {play} from './scenario.js';
import {buildVariant, NEXT_FORMAT} from './variant.js';

const all = process.env['WEFT_MUTANTS'] !== undefined;
/** The few that every run of the tests tries. */
const FEW = new Set(['Recipe.variables', 'the check of outputs']);
const rows = new Map<string, string>();
const TABLE = resolve(import.meta.dirname, '../../docs/mutants.md');

/** What caught a mutant: the edits before the first difference, and the difference. */
async function caughtBy(mutant: Mutant, name: string): Promise<string | undefined> {
  const now = await buildVariant(name, mutant.replacements);
  const next = await buildVariant(`${name}-next`, [...mutant.replacements, NEXT_FORMAT]);
  const containers = mutant.edits.some(edit => edit === 'another image');
  const languages = mutant.edits.includes('the other language');
  try {
    const wanted = Array.from({length: 6}, () => mutant.edits).flat();
    for (const seed of [5, 21, 22]) {
      const {failures = false, persons = false, chains = false, ingests = false} = mutant;
      const flavour = {
        ...{
          kept: true,
          stack: !containers && !languages,
          python: languages,
          containers,
          failures,
          persons,
          chains,
          ingests,
          bare: ingests,
        },
      };
      const scenario = {seed, flavour, steps: wanted.length, edits: 1, fromNothing: 0, wanted, limit: 75_000};
      const {difference, caught} = await play(scenario, {now, next, python: 'python3'});
      // A slow machine must not catch anything.
      if (difference?.includes(NEVER_ENDS) === true && mutant.hangs !== true) throw new Error(difference);
      if (difference !== undefined)
        return `${caught?.join('; ') || 'the first run'}: ${shortened(difference.split('\n')[1] ?? '')}`;
    }
    return undefined;
  } finally {
    for (const bundle of [now, next]) rmSync(dirname(bundle), {recursive: true});
  }
}

const each = all ? test.concurrent : test;

each.each(
  MUTANTS.filter(({leaves: [first = '']}) => all || FEW.has(first)).map((mutant, i) => ({
    mutant,
    i,
    what: mutant.leaves.join(', '),
  })),
)(
  'a build without $what is caught',
  async ({mutant, i, what}) => {
    const caught = await caughtBy(mutant, `mutant${i}`);
    rows.set(what, caught ?? NOT_CAUGHT);
    if (all) writeTable();
    expect(caught).toBeDefined();
  },
  600_000,
);

/** A difference in one line of the table: its first names. */
const shortened = (difference: string): string =>
  difference.length <= 60 ? difference : difference.slice(0, 60).replace(/,?[^,]*$/, ', …');

/** Writes docs/mutants.md: what was left out, and what caught it. Rows of mutants that did not run now stay. */
function writeTable(): void {
  const before = new Map(
    [...(existsSync(TABLE) ? readFileSync(TABLE, 'utf8') : '').matchAll(/^\| (.*) \| (.*) \|$/gm)].map(
      ([, what = '', by = '']) => [what, by] as const,
    ),
  );
  const lines = MUTANTS.flatMap(mutant => {
    const caught = rows.get(mutant.leaves.join(', ')) ?? before.get(rowOf(mutant));
    return caught === undefined ? [] : [`| ${rowOf(mutant)} | ${caught.replaceAll('|', '¦')} |`];
  });
  const others = Object.entries(OTHERWISE).map(([field, file]) => `| ${field} | \`${file}\` |`);
  writeFileSync(
    TABLE,
    [
      '# Mutants of the fingerprint',
      '',
      'Each row is a build with one thing left out of what is hashed or checked, the edit of a notebook at which the differential test (`test/differential/`) found it out, and how: `s1`, `c0 1` and so on are tasks of its notebooks, a false hit is one that had to run and did not. Made by `npm run mutants`.',
      '',
      '| left out | caught by |',
      '| --- | --- |',
      ...lines,
      '',
      'Not in the notebooks of the model:',
      '',
      '| field | what tests it |',
      '| --- | --- |',
      ...others,
      '',
    ].join('\n'),
  );
}
