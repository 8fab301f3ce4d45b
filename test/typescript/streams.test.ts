import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {MarkReader, orderMark, type Piece} from '../../kernel/typescript/streams.js';

const owned = (cell: string, text: string): string =>
  `\0weft>${Buffer.from(cell).toString('base64url')}\0${text}\0weft<\0`;

/** Neighbours of one cell joined: how a stream is cut is nothing that a reader says. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (piece !== 'mark' && last !== undefined && last !== 'mark' && last.cell === piece.cell)
      all[all.length - 1] = {...last, text: last.text + piece.text};
    else all.push(piece);
  }
  return all;
}

describe('a reader of marks', () => {
  it('tells text of the cell that executes, text of others, and marks of order', () => {
    const reader = new MarkReader();
    expect(reader.read(`a${owned('msg-é', 'b')}c${orderMark}d`)).toEqual([
      {text: 'a'},
      {text: 'b', cell: 'msg-é'},
      {text: 'c'},
      'mark',
      {text: 'd'},
    ]);
  });

  it('gives zeros and half marks as the text that they are', () => {
    const reader = new MarkReader();
    expect(joined([...reader.read('a\0b\0we'), ...reader.read('ek\0weft?\0'), ...reader.rest()])).toEqual([
      {text: 'a\0b\0week\0weft?\0'},
    ]);
  });

  it('reads the same wherever the stream is cut', () => {
    const part = fc.oneof(
      fc.constant(orderMark),
      fc.stringMatching(/^[a\0]{1,4}$/),
      fc
        .tuple(fc.constantFrom('1', 'msg-2'), fc.stringMatching(/^[b\n]{1,4}$/))
        .map(([cell, text]) => owned(cell, text)),
    );
    fc.assert(
      fc.property(fc.array(part, {maxLength: 8}), fc.array(fc.nat(60), {maxLength: 6}), (parts, cuts) => {
        const text = parts.join('');
        const [whole, pieces] = [new MarkReader(), new MarkReader()];
        const read: Piece[] = [];
        let from = 0;
        for (const cut of [...cuts, text.length].sort((a, b) => a - b)) {
          read.push(...pieces.read(text.slice(from, cut)));
          from = Math.max(from, cut);
        }
        expect(joined([...read, ...pieces.rest()])).toEqual(joined([...whole.read(text), ...whole.rest()]));
      }),
      {seed: 7, numRuns: 300},
    );
  });
});
