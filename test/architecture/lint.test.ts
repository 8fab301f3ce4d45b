import {readFileSync} from 'node:fs';
import {ESLint} from 'eslint';
import {expect, test} from 'vitest';

/** What the quick linter lacks of ESLint's rules. */
const LACKING = [
  '@typescript-eslint/no-unsafe-class-instance-assignment',
  '@typescript-eslint/no-unsafe-enum-assignment',
];

interface Quick {
  readonly rules: Readonly<Record<string, unknown>>;
}

const isOn = (setting: unknown): boolean => {
  const severity: unknown = Array.isArray(setting) ? setting[0] : setting;
  return severity === 2 || severity === 1 || severity === 'error' || severity === 'warn';
};

const plain = (name: string): string => name.replace(/^(?:@typescript-eslint|typescript)\//, '');

test('the quick linter has the rules of ESLint', async () => {
  const root = new URL('../..', import.meta.url).pathname;
  const full = (await new ESLint({cwd: root}).calculateConfigForFile(`${root}kernel/main.ts`)) as Quick;
  const quick = JSON.parse(readFileSync(`${root}.oxlintrc.json`, 'utf8')) as Quick;
  const rulesOf = ({rules}: Quick): string[] => Object.keys(rules).filter(name => isOn(rules[name]));
  const wanted = rulesOf(full).filter(name => !LACKING.includes(name));
  expect(rulesOf(quick).map(plain).sort()).toEqual(wanted.map(plain).sort());
});
