import {afterEach, beforeEach, expect, test} from 'vitest';
import {memberNames} from '../../kernel/session/member-names.js';
import {TestNotebook} from '../typescript/notebook.js';

let notebook: TestNotebook;
beforeEach(() => void (notebook = new TestNotebook()));
afterEach(() => notebook.dispose());

async function names(before: string): Promise<readonly string[]> {
  const {evaluator} = notebook;
  const user = {
    evaluate: (_: string, codes: readonly string[], rows: readonly object[], later: boolean) =>
      evaluator.table(codes, rows as readonly Record<string, never>[], later),
  };
  return (await memberNames(before, user)).map(({text}) => text);
}

test('what a value has is told by the value: its own properties, those of its class, and those further in', async () => {
  await notebook.run(
    'class Base { up() {} }; class Star extends Base { mag = 1; #secret = 2; get color() { throw new Error("ran") } shine() {} }; const star = new Star(), sky = {stars: {first: star}, list: [1, 2]};',
  );
  expect(await names('star.')).toEqual(['mag', 'color', 'shine', 'up']);
  expect(await names('const x = 1;\nfoo(sky.stars.')).toEqual(['first']);
  expect(await names('sky.stars.first.\n  ')).toEqual(['mag', 'color', 'shine', 'up']);
  expect(await names('Math.')).toContain('hypot');
  expect(await names('sky.list.')).toEqual(expect.arrayContaining(['map', 'filter']));
  expect(await names('sky.list.')).not.toContain('0');
});

test('nothing is told, and nothing runs, where no name stands before the dot or a getter would', async () => {
  await notebook.run(
    'let ran = 0; const trap = {get deep() { ran++; return {a: 1} }}, odd = new Proxy({}, {ownKeys() { ran++; throw new Error("no") }}), none = null; const strict = Object.create(null);',
  );
  for (const before of [
    'trap.deep.',
    'unknown.',
    'f().',
    'a[0].',
    '"text".',
    'none.',
    'odd.',
    '1.',
    'if.',
    '.',
    'strict.x.',
  ])
    expect(await names(before), before).toEqual([]);
  expect(await names('trap.')).toEqual(['deep']);
  expect(await notebook.value('ran')).toBe(1);
});
