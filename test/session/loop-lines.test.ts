import {expect, test} from 'vitest';
import type {MagicLine} from '../../kernel/cell/syntax.js';
import {checkNames} from '../../kernel/session/cell-names.js';
import {readLoops} from '../../kernel/session/loops.js';

const read = (...rests: readonly string[]): ReturnType<typeof readLoops> =>
  readLoops(
    rests.map((rest): MagicLine => {
      const span = {start: 10, end: 10 + rest.length};
      return {sigil: '%%', name: 'foreach', nameSpan: span, words: [], options: [], rest, restSpan: span, span};
    }),
  );

/** The names that lines give, and what is wrong with them: `W2002 typed text`. */
const said = (...rests: readonly string[]): readonly string[] => {
  const {as, diagnostics} = read(...rests);
  const wrong = [...diagnostics, ...checkNames(as, ['lsst'])];
  return [
    ...as.map(({name}) => name),
    ...wrong.map(({code, span}) => `${code} ${rests[0]?.slice((span?.start ?? 0) - 10, (span?.end ?? 0) - 10) ?? ''}`),
  ];
};

test.each([
  ['x in [1, 2] --as d', ['d']],
  ['x in [1, 2] --as=d # comment', ['d']],
  ["x in 1..2 --as 'd'  ", ['d']],
  ['x in ["a --as z", b]', []],
  ['x in ["a --as z", "\\"b"] --as d', ['d']],
  ['x in ${l.map(i => i--)} \\\n--as d', ['d']],
  ['x in xs, y in ys --as d', ['d']],
  ['x in [1] --as e4 --as e5', ['e4', 'e5', 'W2012 e5']],
  ['x in [1] --as', ['W2002 --as']],
  ['x in [1] --cpus 1 --as d', ['d', 'W2001 --cpus']],
  ['x in [1] --as ${nm}', ['${nm}', 'W2005 ${nm}']],
  ['x in [1] --as a$HOME', ['a$HOME', 'W2005 a$HOME']],
  ['x in [1] --as r-w', ['r-w', 'W2005 r-w']],
  ['x in --as d', ['d', 'W3003 -']],
  ['--as d', ['d', 'W3001 -']],
  ['x in [1], --as d', ['d', 'W3001 -']],
  ['x in [1] y --as d', ['W3017 y']],
])('behind the lists of %s', (rest, expected) => {
  expect(said(rest)).toEqual(expected);
});

test('an option of the task is told where it stands', () => {
  expect(read('x in [1] --cpus 1').diagnostics).toMatchObject([
    {code: 'W2001', hint: expect.stringContaining('stand on its line, below') as string},
  ]);
});

test('the lines of a stack give one name', () => {
  expect(said('x in [1] --as d', 'y in [x] --as d')).toEqual(['d', 'd']);
  expect(read('x in [1]', 'y in [x] --as d').binders.map(({variable}) => variable)).toEqual(['x', 'y']);
});
