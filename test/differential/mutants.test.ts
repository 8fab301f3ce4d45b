import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {expect, test} from 'vitest';
import {NOT_CAUGHT, OTHERWISE, rowOf} from './mutant-table.js';
import {MUTANTS} from './mutants.js';
import {replaced} from './variant.js';

const root = resolve(import.meta.dirname, '../..');

/** Where the types of what is hashed stand. */
const HASHED: Readonly<Record<string, string>> = {
  Recipe: 'kernel/graph/recipe.ts',
  Code: 'kernel/graph/recipe.ts',
  ScriptArguments: 'magics/script-recipe.ts',
  LsstArguments: 'magics/lsst/lsst-recipe.ts',
  JoinArguments: 'magics/join-draft.ts',
  RootContents: 'magics/lsst/root-identity.ts',
  SetupContents: 'magics/setup-identity.ts',
};

/** The fields of a type, with the last line of the comment above each. */
function fieldsOf(type: string, file: string): readonly (readonly [field: string, documented: boolean])[] {
  const text = readFileSync(`${root}/${file}`, 'utf8');
  const body = new RegExp(`^(?:export )?(?:interface|type) ${type} (?:= )?\\{\\n([^]*?)^\\}`, 'm').exec(text)?.[1];
  if (body === undefined) throw new Error(`${file} has no type ${type}`);
  const lines = body.split('\n');
  return lines.flatMap((line, i) => {
    const field = /^ {2}readonly (\w+)\??:/.exec(line)?.[1];
    return field === undefined ? [] : [[`${type}.${field}`, /\*\/\s*$/.test(lines[i - 1] ?? '')] as const];
  });
}

const fields = Object.entries(HASHED).flatMap(([type, file]) => fieldsOf(type, file));

test('every hashed field says why it is hashed', () => {
  expect(fields.length).toBeGreaterThan(30);
  expect(fields.filter(([, documented]) => !documented)).toEqual([]);
});

test('every hashed field has a mutant, or a reason why not', () => {
  const covered = new Set([...MUTANTS.flatMap(({leaves}) => leaves), ...Object.keys(OTHERWISE)]);
  expect(fields.map(([field]) => field).filter(field => !covered.has(field))).toEqual([]);
});

test('the table of mutants has a row for each that says what caught it, and one for each field that has none', () => {
  const [caught = '', others = ''] = readFileSync(`${root}/docs/mutants.md`, 'utf8').split('Not in the notebooks');
  const rows = (text: string): readonly (readonly string[])[] =>
    [...text.matchAll(/^\| (.*) \| (.*) \|$/gm)].slice(2).map(([, what = '', by = '']) => [what, by]);
  expect(rows(caught).map(([what]) => what)).toEqual(MUTANTS.map(rowOf));
  expect(rows(caught).filter(([, by]) => by === '' || by === NOT_CAUGHT)).toEqual([]);
  expect(rows(others)).toEqual(Object.entries(OTHERWISE).map(([field, file]) => [field, `\`${file}\``]));
});

test('what no notebook of the model has, is tested where the table says', () => {
  for (const [field, file] of Object.entries(OTHERWISE))
    expect(readFileSync(`${root}/${file}`, 'utf8')).toContain(`test('${field}: `);
});

test('what mutants leave out stands in the sources', () => {
  for (const {replacements} of MUTANTS)
    for (const {file} of replacements) expect(replaced(file, replacements)).not.toBe('');
});
