import {expect, test} from 'vitest';
import {parseForeach} from '../../kernel/cell/foreach.js';
import type {ElementSyntax, ListSyntax} from '../../kernel/cell/syntax.js';
import {codes, said} from './magics.js';

type Plain = string | number | readonly Plain[];

/** Elements as JSON; an expression as `${code}`. */
function plain(element: ElementSyntax): Plain {
  if (element.is === 'value') return element.value;
  return element.is === 'expression' ? `\${${element.code}}` : element.elements.map(plain);
}

function list(syntax: ListSyntax): Plain {
  return syntax.is === 'elements' ? syntax.elements.map(plain) : `${syntax.is}: ${syntax.code}`;
}

function binders(text: string, inForce: readonly string[] = []): Readonly<Record<string, Plain>> {
  const {value, diagnostics} = parseForeach(text, 0, inForce);
  expect(said(text, {value, diagnostics})).toBe('');
  return Object.fromEntries(value.map(binder => [binder.variable, list(binder.list)]));
}

test.each<[string, Readonly<Record<string, Plain>>]>([
  ['filter in [HSC-R, HSC-I]', {filter: ['HSC-R', 'HSC-I']}],
  ['filter in [HSC-R,HSC-I]', {filter: ['HSC-R', 'HSC-I']}],
  ['visit in 903334..903338:2, ccd in [16, 22, 23, 100]', {visit: [903334, 903336, 903338], ccd: [16, 22, 23, 100]}],
  ['patch in 0,0^0,1^1,1', {patch: ['0,0', '0,1', '1,1']}],
  ['patch in 0,0, filter in [HSC-R]', {patch: ['0,0'], filter: ['HSC-R']}],
  ["patch in ['0,0', '0,1']", {patch: ['0,0', '0,1']}],
  ['patch in ["0,0","0,1"]', {patch: ['0,0', '0,1']}],
  ['patch in [0..2]', {patch: [0, 1, 2]}],
  ['f in ${files}', {f: 'expression: files'}],
  ['f in ${files.map(f => ({f}))}, g in ${[1, 2]}', {f: 'expression: files.map(f => ({f}))', g: 'expression: [1, 2]'}],
  ['p in patches', {p: 'name: patches'}],
  ['p in patches, q in others', {p: 'name: patches', q: 'name: others'}],
  ['f in [HSC-R], p in lists[f]', {f: ['HSC-R'], p: 'name: lists[f]'}],
  ['p in lists[HSC-R]["a b"][0,1]', {p: 'name: lists["HSC-R"]["a b"]["0,1"]'}],
  ['p in lists["f"], f in [1]', {p: 'name: lists["f"]', f: [1]}],
  ['ccd in 16^22..24^100', {ccd: [16, 22, 23, 24, 100]}],
  ['ccd in 16', {ccd: [16]}],
  ['f in HSC-R', {f: ['HSC-R']}],
  ['f in HSC-R^HSC-I', {f: ['HSC-R', 'HSC-I']}],
  ["f in 'a b'", {f: ['a b']}],
  [
    'x in [1, 2.5, -3, 007, 1e3, 1.0, +1, 0x10, -0, .5, Infinity, NaN]',
    {x: [1, 2.5, -3, '007', '1e3', '1.0', '+1', '0x10', '-0', '.5', 'Infinity', 'NaN']},
  ],
  ['x in [12345678901234567890, 9007199254740991, 1e+21]', {x: ['12345678901234567890', 9007199254740991, 1e21]}],
  ['x in 007^1e3^2.5', {x: ['007', '1e3', 2.5]}],
  ['x in [true, null]', {x: ['true', 'null']}],
  [String.raw`x in ["a\n\u00e9", 'b\n"', '', "'"]`, {x: ['a\né', String.raw`b\n"`, '', "'"]}],
  ['x in [1..3, 10..20:5, 5..5]', {x: [1, 2, 3, 10, 15, 20, 5]}],
  ['x in [[1, 2], [3,4], []]', {x: [[1, 2], [3, 4], []]}],
  ['x in [[1..3, a], [[b]]]', {x: [[1, 2, 3, 'a'], [['b']]]}],
  ['x in [${a}, ${b ? [1, 2] : "]"}]', {x: ['${a}', '${b ? [1, 2] : "]"}']}],
  ['x in [v${n}, a${b}c`]', {x: ['${`v${n}`}', '${`a${b}c\\``}']}],
  ['x in []', {x: []}],
  ['x in [ a , b ]', {x: ['a', 'b']}],
  ['x in [a, b,]', {x: ['a', 'b']}],
  ['x in [a, \\\n  b], \\\r\n  y in [c]', {x: ['a', 'b'], y: ['c']}],
  ['x in [a, b] # , y in [c', {x: ['a', 'b']}],
  ['x in [a#b]', {x: ['a#b']}],
  ['x in[1]', {x: [1]}],
  ['  x   in   [1]  ,  y in [2]  ', {x: [1], y: [2]}],
])('%j', (text, expected) => {
  expect(binders(text)).toEqual(expected);
});

test('a list may be indexed by a variable of a line above', () => {
  expect(binders('p in lists[filter]', ['filter'])).toEqual({p: 'name: lists[filter]'});
  expect(codes(parseForeach('filter in [a]', 0, ['filter']))).toEqual(['W3005']);
});

test('spans are those of the cell', () => {
  const cell = '%%foreach x in [a, 1..2], y in ${z}';
  const {value} = parseForeach(cell.slice(10), 10);
  const [x, y] = value;
  const at = (span = {start: 0, end: 0}): string => cell.slice(span.start, span.end);
  expect([at(x?.variableSpan), at(x?.list.span), at(y?.variableSpan), at(y?.list.span)]).toEqual([
    'x',
    '[a, 1..2]',
    'y',
    '${z}',
  ]);
  expect(x?.list.is === 'elements' && x.list.elements.map(element => at(element.span))).toEqual(['a', '1..2', '1..2']);
});

const wrong = [
    '', 'filter', 'filter in', 'filter in , ccd in [1]', 'in [1]', 'filter [HSC-R]', 'filter = [HSC-R]', 'filter of [HSC-R]', 'filter: [HSC-R]',
    'r-warps in [1]', 'class in [1]', '2x in [1]', '$filter in [HSC-R]', '${filter} in [1]', 'x in [1], x in [2]',
    'a in 1..3,b in [1]', 'a in [1],b in [2]', 'a in ${x},b in [2]', 'a in [1] b in [2]', 'a in p,b in q', 'a in [1], ', 
    'a in HSC-R HSC-I', 'a in [1] x',
    'x in [$HOME]', 'x in [a, $b/c]', 'x in $files',
    'patch in [0,0, 0,1]', 'patch in [1,1, 2,2]', 'x in [HSC-R,HSC-I, HSC-Z]', 'patch in [0, 1]', 'patch in [0,0,0,1]', 'patch in [0,0,1]', 'patch in [0,0^0,1]',
    'x in [0,0,0,1]', "x in [1, '1']", 'x in 1^1..2', 'x in [[1, 2], [1, 2]]',
    'x in [a b]', "x in ['a'b]", "x in [it's]", 'x in [a,,b]', 'x in [[1] [2]]', 'x in 16^^23', 'x in [1', 'x in [[1, 2]', 'x in ["a]', "x in ['a, b]", String.raw`x in ["\q"]`,
    'x in 5..3', 'x in 1..5:0', 'x in [0..999999999]', 'x in [1..${n}]', 'x in [-1..3]', 'x in [1...3]',
    'x in lists.good', 'x in f(1)', 'x in ["${a}"]', 'x in [${a]', 'x in ${a', 'x in [${a b}]', 'x in lists[]',
  ]; // prettier-ignore

test('what is wrong with a loop is said at its place', async () => {
  const all = wrong.map(text => {
    const parsed = parseForeach(text, 10);
    expect(parsed.diagnostics, text).not.toEqual([]);
    return said(`%%foreach ${text}`, parsed);
  });
  await expect(`${all.join('\n\n')}\n`).toMatchFileSnapshot('goldens/foreach.txt');
});

test('one mistake is said once', () => {
  for (const text of ['a in 1..3,b in [1]', 'patch in [0,0, 0,1]', 'x in [${a', 'x in ["a', 'x in [[[1']) {
    expect(parseForeach(text).diagnostics).toHaveLength(1);
  }
});

test('a list that is nested very deeply is refused, not a crash', () => {
  expect(codes(parseForeach(`x in ${'['.repeat(100_000)}`))).toEqual(['W3016']);
});
