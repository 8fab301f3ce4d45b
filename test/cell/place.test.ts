import fc from 'fast-check';
import {expect, test} from 'vitest';
import {placeAt, typeScriptOf, type Place} from '../../kernel/cell/place.js';
import type {MagicShape} from '../../kernel/cell/syntax.js';

const shapes: readonly MagicShape[] = [
  {name: 'foreach', use: 'cell', options: {}, raw: true, body: 'inner'},
  {name: 'lsst', use: 'cell', options: {as: 'one', from: 'one', force: 'none'}, body: 'arguments'},
  {name: 'bash', use: 'cell', options: {as: 'one', in: 'many', value: 'none'}, body: 'script'},
  {name: 'status', use: 'line', options: {}, body: 'none'},
  {name: 'setup', use: 'line', options: {}, raw: true, body: 'none'},
  {name: '!', use: 'line', options: {}, raw: true, body: 'none'},
];

/** The place of the `|` in a text. */
function placeOf(marked: string): Place {
  const at = marked.indexOf('|');
  return placeAt(marked.slice(0, at) + marked.slice(at + 1), at, shapes);
}

/** The same, in short: what it is, what is typed of the word, and what stands before. */
function short(marked: string): unknown {
  const place = placeOf(marked);
  if (place.is !== 'magic') return place.is;
  const {at, text, words} = place.place;
  const what = at.is === 'value' ? `value of ${at.option}` : at.is;
  return [place.place.shape.name, what, text, at.is === 'body' ? at.words : words];
}

test('a cursor in a magic line stands in a name, a word, the name or the value of an option', () => {
  for (const marked of [
    '%|',
    '%%|',
    '%%ls|',
    '%sta|',
    'x\n%sta|\ny',
    '%%foreach x in [1]\n%%ba|',
    '%%ls|st processCcd',
  ])
    expect(short(marked), marked).toBe('magic name');
  expect(short('%%lsst |')).toEqual(['lsst', 'word', '', []]);
  expect(short('%%lsst proc|')).toEqual(['lsst', 'word', 'proc', []]);
  expect(short('%%lsst a b|')).toEqual(['lsst', 'word', 'b', ['a']]);
  expect(short('%%lsst a --fr|')).toEqual(['lsst', 'option name', '--fr', ['a']]);
  expect(short('%%lsst a --from |')).toEqual(['lsst', 'value of from', '', ['a']]);
  expect(short('%%lsst a --from=w|')).toEqual(['lsst', 'value of from', 'w', ['a']]);
  expect(short('%%lsst a --from x -|')).toEqual(['lsst', 'option name', '-', ['a']]);
  expect(short('%%lsst a --force b|')).toEqual(['lsst', 'word', 'b', ['a']]);
  expect(short('%%lsst a \\\n  --from w|')).toEqual(['lsst', 'value of from', 'w', ['a']]);
  expect(short('%%bash --in a b|')).toEqual(['bash', 'value of in', 'b', []]);
  expect(short('%%bash --in a --|')).toEqual(['bash', 'option name', '--', []]);
  expect(short("%%bash --in 'a b|")).toEqual(['bash', 'value of in', 'a b', []]);
  expect(short('const a = 1\n%status war|\nb')).toEqual(['status', 'word', 'war', []]);
  expect(short('!cat x|')).toEqual(['!', 'word', 'x', ['cat']]);
  expect(short('%%nope a|')).toBe('other');
});

test('a cursor in a body stands behind its words, in a script, or in TypeScript', () => {
  expect(short('%%lsst a\n--id visit=1\n  cc|')).toEqual(['lsst', 'body', 'cc', ['--id', 'visit=1']]);
  expect(short('%%lsst a\n--id |\n--config x=1')).toEqual(['lsst', 'body', '', ['--id']]);
  expect(short('%%foreach x in [1]\n%%lsst a\n--id |')).toEqual(['lsst', 'body', '', ['--id']]);
  expect(short('%%bash\necho $|')).toBe('other');
  expect(short('%%foreach x in wa|\n%%lsst a')).toBe('list');
  expect(short('%%foreach x in [wa, b|]')).toBe('list');
  expect(placeOf('%%foreach x in [1]\ny.|')).toEqual({is: 'typescript', code: `;${' '.repeat(17)}\ny.`, start: 0});
  expect(placeOf('const a = 1\n%status\na.|')).toEqual({is: 'typescript', code: 'const a = 1\n;      \na.', start: 0});
  expect(placeOf('%%lsst ${a.b|}')).toEqual({is: 'typescript', code: 'a.b', start: 9});
  expect(placeOf('%%lsst t\n--id visit=${f({a: 1}).b| ccd=1')).toMatchObject({is: 'typescript', start: 22});
  expect(short('%%lsst ${a} b|')).toEqual(['lsst', 'word', 'b', ['${a}']]);
  expect(short('|')).toBe('typescript');
});

test('blanks and a semicolon stand for a magic, so that every other place stays', () => {
  const text = 'const a = f\n%status x\\\n y\n(b)';
  const code = typeScriptOf(text, [{span: {start: 12, end: 25}}]);
  expect(code).toBe('const a = f\n;         \n  \n(b)');
});

const SAMPLES = [
  '%%foreach filter in [HSC-R, HSC-I], ccd in 1..3\n%%lsst processCcd --as "a b" --from ${x.y} \\\n --force\n--id visit=9 ccd=${f({a: `}`})} # 𝒳',
  '%%bash --in raw/*.fits --value\necho "$x" | tr a b',
  'const é = `a${{b: 1}}`; %status\n%status warps["é😀"][*]\n!ls ${x} \'\nname?\n{a: 1}',
  '%setup source "x\n%% \n%',
  '%%lsst\r\n--id visit=1^2\r\n',
];

test('every cursor of every sample, whole or cut, has a place', () => {
  for (const sample of SAMPLES)
    for (let cut = 0; cut <= sample.length; cut++)
      for (const text of [sample, sample.slice(0, cut), sample.slice(cut)]) {
        const place = placeAt(text, cut, shapes);
        if (place.is === 'magic') expect(place.place.start).toBeLessThanOrEqual(Math.min(cut, text.length));
        if (place.is === 'typescript') expect(place.start).toBeLessThanOrEqual(Math.min(cut, text.length));
      }
});

test('whatever is typed, finding the place never throws', () => {
  const piece = fc.constantFrom(
    '%%lsst ',
    '%',
    '--',
    '--from',
    '${',
    '}',
    '"',
    "'",
    '\\',
    '\n',
    '[',
    'a=',
    ' ',
    '!',
    '😀',
    'x',
  );
  const runs = process.env['WEFT_SOAK'] === undefined ? 500 : 50_000;
  fc.assert(
    fc.property(fc.array(piece, {maxLength: 14}), fc.nat(80), (pieces, at) => {
      placeAt(pieces.join(''), at, shapes);
    }),
    {seed: 20261123, numRuns: runs},
  );
});
