import fc from 'fast-check';
import {expect, test, vi} from 'vitest';
import {parseCell} from '../../kernel/cell/cell.js';
import {CODES} from '../../kernel/cell/codes.js';
import type {Parsed} from '../../kernel/cell/diagnostic.js';
import {formatDiagnostics} from '../../kernel/cell/diagnostic-text.js';
import {parseForeach} from '../../kernel/cell/foreach.js';
import {looksLikePython} from '../../kernel/cell/python.js';
import {parseReference} from '../../kernel/cell/reference.js';
import {bodyWords, lineWords} from '../../kernel/cell/words.js';
import {fragments, runs, shapes, spansOf} from './magics.js';

// A soak tries many more texts.
vi.setConfig({testTimeout: 120_000});

const broken = fc.oneof(
  fc.array(fc.constantFrom(...fragments), {maxLength: 30}).map(parts => parts.join('')),
  fc.string({unit: 'binary', maxLength: 40}),
);

const parsers: Readonly<Record<string, (text: string) => Parsed<unknown>>> = {
  cell: text => parseCell(text, shapes),
  'magic cell': text => parseCell(`%%foreach ${text}`, shapes),
  'task cell': text => parseCell(`%%lsst ${text}`, shapes),
  line: text => lineWords(text),
  body: text => bodyWords(text),
  loop: text => parseForeach(text),
  'loop with a list': text => parseForeach(`x in [${text}`),
  'loop with a word': text => parseForeach(`x in ${text}`),
  reference: text => parseReference(text),
};

const whole: Readonly<Record<string, string>> = {
  'magic cell': '%%foreach ',
  'task cell': '%%lsst ',
  'loop with a list': 'x in [',
  'loop with a word': 'x in ',
};

test.each(Object.entries(parsers))('whatever the text, a %s is read, and all spans lie inside it', (kind, parse) => {
  fc.assert(
    fc.property(broken, text => {
      const all = (whole[kind] ?? '') + text;
      const parsed = parse(text);
      for (const {start, end} of spansOf(parsed)) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThanOrEqual(start);
        expect(end).toBeLessThanOrEqual(all.length);
      }
      for (const {code, message, hint} of parsed.diagnostics) {
        expect(CODES).toHaveProperty(code);
        expect(message).not.toMatch(/\.$/);
        expect(hint).not.toBe('');
      }
      const lines = formatDiagnostics(parsed.diagnostics, {count: 1, text: all}).split('\n');
      if (parsed.diagnostics.length > 0) expect(lines).toHaveLength(parsed.diagnostics.length * 3);
    }),
    runs,
  );
});

test('reading a cell twice gives the same', () => {
  fc.assert(
    fc.property(broken, text => {
      expect(parseCell(text, shapes)).toEqual(parseCell(text, shapes));
    }),
    runs,
  );
});

test('a cell with CRLF has the words, options and errors of the one with LF', () => {
  const bare = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, inner: unknown) => {
        if (/span$/i.test(key)) return undefined;
        return typeof inner === 'string' ? inner.replaceAll('\r\n', '\n') : inner;
      }),
    );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...fragments.filter(text => !text.includes('\r'))), {maxLength: 30}),
      parts => {
        const text = parts.join('');
        const crlf = text.replaceAll('\n', '\r\n');
        expect(bare(parseCell(crlf, shapes))).toEqual(bare(parseCell(text, shapes)));
      },
    ),
    runs,
  );
});

test('whatever the text, the question whether it is Python has an answer', () => {
  fc.assert(
    fc.property(broken, text => {
      expect(typeof looksLikePython(text)).toBe('boolean');
    }),
    runs,
  );
});

test('long cells are read in a time that grows with their length', () => {
  const started = performance.now();
  for (const text of [
    '${',
    '`${',
    '"',
    "'a",
    '[',
    '(',
    '/',
    '{',
    'a\n',
    '%x\n',
    '!a\n',
    '%%x\n',
    '\\',
    '"\\"',
    '1..3^',
    '--a ',
    '^',
  ]) {
    const long = text.repeat(2_000);
    for (const parse of Object.values(parsers)) parse(long);
  }
  expect(performance.now() - started).toBeLessThan(8_000);
});
