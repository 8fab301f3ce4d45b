import {expect, test} from 'vitest';
import {outProblem} from '../../magics/out-problem.js';

test.each([
  '*.fits',
  'a',
  './a',
  'a/../b',
  '**/*',
  'a b',
  '..a',
  '.hidden',
  'out/',
  '.weft/x',
  '.weftfoo',
  'a/.weft.log',
])('%j may be an output', pattern => {
  expect(outProblem(pattern)).toEqual([]);
});

test.each([
  ['', 'an empty name is no output'],
  ['  ', 'an empty name is no output'],
  ['/tmp/a', '`/tmp/a` lies outside of the directory in which the script works'],
  ['..', '`..` lies outside of the directory in which the script works'],
  ['../a', '`../a` lies outside of the directory in which the script works'],
  ['a/../../b', '`a/../../b` lies outside of the directory in which the script works'],
  ['.weft.log', "`.weft.log` is a name of Weft's own, as all that begin with `.weft.`"],
])('%j never is one: %s', (pattern, message) => {
  const span = {start: 3, end: 5};
  expect(outProblem(pattern, span)).toMatchObject([{code: 'W7006', severity: 'error', message, span}]);
  expect(outProblem(pattern)[0]).not.toHaveProperty('span');
});
