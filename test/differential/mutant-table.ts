import type {Mutant} from './mutants.js';

/** The name of a mutant in `docs/mutants.md`. */
export const rowOf = ({leaves, note}: Mutant): string =>
  `${leaves.join(', ')}${note === undefined ? '' : ` (${note})`}`;

/** What the table says of a mutant that nothing caught. */
export const NOT_CAUGHT = 'not caught';

/** Where fields are tested that no notebook of the model has: each by a test whose title begins with the field. */
const UNIT = 'test/magics/hashed-fields.test.ts';

/** Hashed fields that no notebook of the model has, each with what tests them instead. */
export const OTHERWISE: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'Code.python',
    'ScriptArguments.in',
    'ScriptArguments.root',
    'LsstArguments.root',
    'SetupContents.text',
    'SetupContents.files',
  ].map(field => [field, UNIT]),
);
