import fc from 'fast-check';
import {expect, test} from 'vitest';
import {parseDuration} from '../../kernel/cell/duration.js';
import {checkName, isIdentifier, proposeIdentifier} from '../../kernel/cell/identifier.js';
import {parseSize} from '../../kernel/cell/size.js';
import {didYouMean, editDistance, nearest} from '../../kernel/cell/suggest.js';
import {runs} from './magics.js';

const span = {start: 3, end: 7};

test.each([
  ['r-warps', 'r_warps'],
  ['2nd', '_2nd'],
  ['class', 'class_'],
  ['a b.c', 'a_b_c'],
  ['-x-', '_x'],
  ['', 'name'],
  ['--', 'name'],
  ['ünï', 'ünï'],
])('for %j the identifier %j is proposed', (text, proposal) => {
  expect(proposeIdentifier(text)).toBe(proposal);
});

test('what is proposed is an identifier', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      expect(isIdentifier(proposeIdentifier(text))).toBe(true);
    }),
    runs,
  );
});

test('a name of a notebook is an identifier, not reserved, and not taken', () => {
  for (const name of ['warps', '_', '$x', 'é', 'of', 'type', 'r2']) expect(checkName(name, span)).toBeUndefined();
  expect(checkName('r-warps', span)).toMatchObject({code: 'W2005', span, hint: 'write `r_warps`'});
  expect(checkName('await', span)).toMatchObject({code: 'W2006', hint: 'write `await_`'});
  expect(checkName('lsst', span, ['lsst', 'bash'])).toMatchObject({code: 'W2006', hint: 'write `lsst_`'});
});

test.each<[string, number]>([
  ['90s', 90],
  ['10m', 600],
  ['2h', 7200],
  ['1d', 86400],
  ['1.5h', 5400],
])('%j is %d seconds', (text, seconds) => {
  expect(parseDuration(text, span)).toEqual({ok: true, value: seconds});
});

test.each(['', '90', '0s', '-1s', '1 h', 'h', '10M', '1:00', '1e3s', '9'.repeat(400) + 's'])(
  '%j is no duration',
  text => {
    expect(parseDuration(text, span)).toMatchObject({ok: false, error: {code: 'W2008', span}});
  },
);

test.each<[string, number]>([
  ['500M', 500 * 1024 ** 2],
  ['4G', 4 * 1024 ** 3],
  ['1.5g', 1.5 * 1024 ** 3],
  ['64K', 65536],
  ['1T', 1024 ** 4],
])('%j is %d bytes', (text, bytes) => {
  expect(parseSize(text, span)).toEqual({ok: true, value: bytes});
});

test.each(['', '4', '0G', '4GB', 'G', '-1G', '4 G', '9'.repeat(20) + 'T'])('%j is no size', text => {
  expect(parseSize(text, span)).toMatchObject({ok: false, error: {code: 'W2009', span}});
});

test('what is missing in a duration or a size is shown', () => {
  expect(parseDuration('90', span)).toMatchObject({error: {hint: 'write `90s`, `90m` or `90h`'}});
  expect(parseSize('4', span)).toMatchObject({error: {hint: 'write `4M` or `4G`'}});
});

test.each([
  ['makeCoaddTmpExp', 'makeCoaddTempExp'],
  ['processccd', 'processCcd'],
  ['porcessCcd', 'processCcd'],
  ['assemble', 'assembleCoadd'],
])('for %j the nearest is %j', (word, expected) => {
  const tasks = ['processCcd', 'makeSkyMap', 'makeCoaddTempExp', 'assembleCoadd', 'detectCoaddSources'];
  expect(nearest(word, tasks)).toBe(expected);
});

test('nothing is proposed where nothing is near', () => {
  for (const word of ['', 'x', 'zzz', 'processEverything', 'a'.repeat(100)])
    expect(nearest(word, ['processCcd', 'as'])).toBeUndefined();
  expect(didYouMean('zzz', ['as'])).toBeUndefined();
  expect(didYouMean('ass', ['as'], '--')).toBe('did you mean `--as`?');
});

test('the distance is symmetric, 0 for equal words only, and 1 for two neighbours that changed places', () => {
  fc.assert(
    fc.property(fc.string({maxLength: 8}), fc.string({maxLength: 8}), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
    runs,
  );
  expect(editDistance('form', 'from')).toBe(1);
});
