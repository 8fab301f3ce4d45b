import {rmSync, writeFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {expect, test} from 'vitest';
import {MUTANTS, OTHERWISE, type Mutant} from './mutants.js';
import {play} from './scenario.js';
import {buildVariant, NEXT_FORMAT} from './variant.js';

const all = process.env['WEFT_MUTANTS'] !== undefined;
/** The few that every run of the tests tries. */
const FEW = new Set(['Recipe.variables', 'the check of outputs']);
const rows = new Map<string, string>();

/** What caught a mutant: the edits before the first difference, and the difference. */
async function caughtBy(mutant: Mutant, name: string): Promise<string | undefined> {
  const now = await buildVariant(name, mutant.replacements);
  const next = await buildVariant(`${name}-next`, [...mutant.replacements, NEXT_FORMAT]);
  const containers = mutant.edits.some(edit => edit === 'another image');
  const languages = mutant.edits.includes('the other language');
  try {
    const wanted = Array.from({length: 6}, () => mutant.edits).flat();
    for (const seed of [5, 21, 22]) {
      const flavour = {kept: true, stack: !containers && !languages, python: languages, containers};
      const scenario = {seed, flavour, steps: wanted.length, edits: 1, fromNothing: 0, wanted};
      const {difference, caught} = await play(scenario, {now, next, python: 'python3'});
      if (difference !== undefined)
        return `${caught?.join('; ') || 'the first run'}: ${difference.split('\n')[1]?.slice(0, 60) ?? ''}`;
    }
    return undefined;
  } finally {
    for (const bundle of [now, next]) rmSync(dirname(bundle), {recursive: true});
  }
}

test.each(
  MUTANTS.filter(({leaves: [first = '']}) => all || FEW.has(first)).map((mutant, i) => ({
    mutant,
    i,
    what: mutant.leaves.join(', '),
  })),
)(
  'a build without $what is caught',
  async ({mutant, i, what}) => {
    const caught = await caughtBy(mutant, `mutant${i}`);
    rows.set(what, caught ?? 'not caught');
    if (all) writeTable();
    expect(caught).toBeDefined();
  },
  300_000,
);

/** Writes docs/mutants.md: what was left out, and what caught it. */
function writeTable(): void {
  const lines = MUTANTS.flatMap(({leaves, note}) => {
    const what = leaves.join(', ');
    const caught = rows.get(what);
    return caught === undefined
      ? []
      : [`| ${what}${note === undefined ? '' : ` (${note})`} | ${caught.replaceAll('|', '¦')} |`];
  });
  const others = Object.entries(OTHERWISE).map(([field, why]) => `| ${field} | ${why} |`);
  writeFileSync(
    resolve(import.meta.dirname, '../../docs/mutants.md'),
    [
      '# Mutants of the fingerprint',
      '',
      'Each row is a build with one thing left out of what is hashed or checked, and the edit of a notebook at which the differential test (`test/differential/`) found it out. Made by `npm run mutants`.',
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
