import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {LongLines} from '../../kernel/typescript/long-lines.js';

describe('a line of output', () => {
  it('is cut at its limit, with a note, and the next line is whole', () => {
    const lines = new LongLines(5);
    const pieces = ['12', '3456', '78', '9\nab', 'cde\n', '1234567\r12345\n'];
    expect(pieces.map(piece => lines.cut('a', piece)).join('')).toBe(
      [
        '12345 … the rest of this line is left out: it has more than 5 characters\n',
        'abcde\n',
        '12345 … the rest of this line is left out: it has more than 5 characters\r12345\n',
      ].join(''),
    );
  });

  it('begins anew in another cell', () => {
    const lines = new LongLines(5);
    expect(['1234', '5678'].map((piece, i) => lines.cut(String(i), piece))).toEqual(['1234', '5678']);
  });

  it('is the same however its text is cut into pieces', () => {
    const texts = fc.array(fc.stringMatching(/^[ab\n\r]{0,12}$/), {maxLength: 12});
    fc.assert(
      fc.property(texts, pieces => {
        const [one, other] = [new LongLines(5), new LongLines(5)];
        expect(pieces.map(piece => one.cut('', piece)).join('')).toBe(other.cut('', pieces.join('')));
      }),
      {seed: 5, numRuns: 300},
    );
  });
});
