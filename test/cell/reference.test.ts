import {expect, test} from 'vitest';
import {parseReference} from '../../kernel/cell/reference.js';
import {codes, said} from './magics.js';

function shape(raw: string): readonly string[] {
  const {value} = parseReference(raw);
  const indexes = value.indexes.map(index => `${index.is} ${index.text}`);
  return [...(value.alias === undefined ? [] : [`as ${value.alias}`]), value.name, ...indexes];
}

test.each<[string, readonly string[]]>([
  ['warps', ['warps']],
  ['warps[filter]', ['warps', 'bare filter']],
  ['warps[HSC-R]', ['warps', 'bare HSC-R']],
  ['warps["HSC-R"][*]', ['warps', 'key HSC-R', 'all *']],
  ["warps['HSC-R'][23]", ['warps', 'key HSC-R', 'bare 23']],
  ['warps[*]', ['warps', 'all *']],
  ['warps["*"]', ['warps', 'key *']],
  ['warps[0,1]', ['warps', 'bare 0,1']],
  ['warps["a b"]', ['warps', 'key a b']],
  [String.raw`warps["a\"]"]`, ['warps', 'key a"]']],
  ["warps['']", ['warps', 'key ']],
  ['warps[a"]"b]', ['warps', 'key a]b']],
  ['a=psf[r]', ['as a', 'psf', 'bare r']],
  ['rerun:manual1', ['rerun:manual1']],
  ['rerun:u/me/x-1', ['rerun:u/me/x-1']],
  ['*', ['*']],
  ['w[a=b]', ['w', 'bare a=b']],
])('%j is read as %j', (raw, expected) => {
  expect(shape(raw)).toEqual(expected);
  expect(codes(parseReference(raw))).toEqual([]);
});

test('the parts of a reference stand where they were typed', () => {
  const text = '--from a=psf[r]["x"]';
  const {value} = parseReference(text.slice(7), 7);
  const at = ({start, end}: {start: number; end: number}): string => text.slice(start, end);
  expect([at(value.span), at(value.nameSpan), ...value.indexes.map(index => at(index.span))]).toEqual([
    'a=psf[r]["x"]',
    'psf',
    '[r]',
    '["x"]',
  ]);
});

const wrong = [
  'r-warps', 'class', 'warps.filter', 'warps[', 'warps[]', 'warps[a][]', 'warps["a]', 'warps[a]b', 'warps[a].path', 'warps[*][filter]',
  'warps[${filter}]', 'warps[$filter]', '${warps}', "'warps[filter]'", '=warps', 'a-b=warps', 'a=', '', '[filter]',
]; // prettier-ignore

test('what is wrong with a reference is said at its place', async () => {
  const all = wrong.map(raw => {
    const parsed = parseReference(raw, 7);
    expect(parsed.diagnostics, raw).not.toEqual([]);
    return said(`--from ${raw}`, parsed);
  });
  await expect(`${all.join('\n\n')}\n`).toMatchFileSnapshot('goldens/reference.txt');
});
