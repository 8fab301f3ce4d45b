import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {toCodePoints, toUtf16} from '../../kernel/wire/code-points.js';

// Astral characters, joined ones, and halves of a pair, which may meet.
const text = fc
  .array(fc.constantFrom('a', '\n', 'é', '中', '😀', '👩‍🚀', '\ud83d', '\ude00'))
  .map(parts => parts.join(''));

describe('positions in a text', () => {
  it('are counted in code points on the wire and in UTF-16 here', () => {
    expect(toUtf16('a😀b', 2)).toBe(3);
    expect(toCodePoints('a😀b', 3)).toBe(2);
    expect(toUtf16('αβ', 1)).toBe(1);
  });

  it('stay inside the text', () => {
    expect(toUtf16('a😀', 99)).toBe(3);
    expect(toUtf16('a😀', -1)).toBe(0);
    expect(toCodePoints('a😀', 99)).toBe(2);
    expect(toCodePoints('a😀', -1)).toBe(0);
  });

  it('come back the same after both conversions', () => {
    fc.assert(
      fc.property(text, fc.nat(), (code, n) => {
        const points = Array.from(code);
        const at = n % (points.length + 1);
        expect(toUtf16(code, at)).toBe(points.slice(0, at).join('').length);
        expect(toCodePoints(code, toUtf16(code, at))).toBe(at);
      }),
      {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 200 : 20_000},
    );
  });
});
