import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {expandDataId, normalizeDataIds, parseDataId} from '../../magics/lsst/data-id.js';

const expand = (...tokens: string[]) => {
  const parsed = parseDataId(tokens);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return expandDataId(parsed.value);
};

describe('a data id', () => {
  it('expands ranges with both ends and a stride', () => {
    expect(expand('visit=903334..903338:2').map(id => id['visit'])).toEqual(['903334', '903336', '903338']);
    expect(expand('ccd=3..3')).toEqual([{ccd: '3'}]);
    expect(expand('ccd=5..3')).toEqual([]);
  });

  it('is a cross product in the order of its keys, the last key fastest', () => {
    expect(expand('visit=1^2', 'ccd=3^4')).toEqual([
      {visit: '1', ccd: '3'},
      {visit: '1', ccd: '4'},
      {visit: '2', ccd: '3'},
      {visit: '2', ccd: '4'},
    ]);
  });

  it('takes patches and names literally', () => {
    expect(expand('patch=0,0^2,1', 'filter=HSC-R')).toEqual([
      {patch: '0,0', filter: 'HSC-R'},
      {patch: '2,1', filter: 'HSC-R'},
    ]);
    expect(expand('field=a=b')).toEqual([{field: 'a=b'}]);
  });

  it('is the wildcard when it has no tokens', () => expect(expand()).toEqual([{}]));

  it('says where the problem is', () => {
    expect(parseDataId(['visit=1', 'visit=2'])).toMatchObject({ok: false, error: {token: 1, kind: 'repeated-key'}});
    expect(parseDataId(['visit'])).toMatchObject({ok: false, error: {token: 0, kind: 'no-value'}});
    expect(parseDataId(['=3'])).toMatchObject({ok: false, error: {kind: 'no-key'}});
    expect(parseDataId(['visit=1..9:0'])).toMatchObject({ok: false, error: {kind: 'bad-stride'}});
    expect(parseDataId(['visit=0..999999999'])).toMatchObject({ok: false, error: {kind: 'too-many'}});
  });

  it('has one normal form for all orders and repetitions', () => {
    const id = fc.record({visit: fc.nat(20).map(String), ccd: fc.nat(9).map(String)});
    fc.assert(
      fc.property(fc.array(id, {maxLength: 8}), ids => {
        const turned = [...ids, ...ids].reverse().map(({visit, ccd}) => ({ccd: `0${ccd}`, visit}));
        expect(normalizeDataIds(turned)).toEqual(normalizeDataIds(ids));
      }),
      {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 50 : 5000},
    );
  });

  it('sorts numbers by size in its normal form', () => {
    expect(normalizeDataIds([{ccd: '100'}, {ccd: '16'}, {ccd: '016'}])).toEqual([{ccd: '16'}, {ccd: '100'}]);
  });
});
