import {expect, test} from 'vitest';
import {errorAt, warningAt} from '../../kernel/cell/diagnostic.js';
import type {Diagnostic} from '../../kernel/cell/diagnostic.js';
import {formatDiagnostics} from '../../kernel/cell/diagnostic-text.js';

/** The diagnostic at the first place of `what` in the text. */
function at(text: string, what: string, message = 'wrong', hint?: string): Diagnostic {
  const start = text.indexOf(what);
  return errorAt('W2007', {start, end: start + what.length}, message, hint);
}

const show = (text: string, ...diagnostics: readonly Diagnostic[]): string =>
  formatDiagnostics(diagnostics, {count: 7, text});

test('a diagnostic shows its place, its line, and what to do', () => {
  const text = '%%foreach filter in [HSC-R]\n%%lsst makeCoaddTmpExp --from skymap\n--id';
  const diagnostic = at(text, 'makeCoaddTmpExp', 'unknown task `makeCoaddTmpExp`', 'did you mean `makeCoaddTempExp`?');
  expect(show(text, diagnostic)).toBe(`cell [7]:2:8  W2007  unknown task \`makeCoaddTmpExp\`
  %%lsst makeCoaddTmpExp --from skymap
         ~~~~~~~~~~~~~~~  did you mean \`makeCoaddTempExp\`?`);
});

test('several stand in the order of their places', () => {
  const text = 'a b c';
  expect(
    show(text, at(text, 'c', 'third'), at(text, 'a', 'first'), warningAt('W1104', {start: 2, end: 3}, 'second')),
  ).toBe(
    `cell [7]:1:1  W2007  first
  a b c
  ~
cell [7]:1:3  W1104  warning: second
  a b c
    ~
cell [7]:1:5  W2007  third
  a b c
      ~`,
  );
});

test('of several lines the first is shown', () => {
  const text = 'x (a\r\nb) y';
  expect(show(text, at(text, '(a\r\nb)'))).toBe('cell [7]:1:3  W2007  wrong\n  x (a\n    ~~');
});

test('tabs, wide letters, marks and characters beyond the first plane keep the place', () => {
  expect(show('\ta\tb c', at('\ta\tb c', 'b'))).toBe('cell [7]:1:4  W2007  wrong\n      a   b c\n          ~');
  expect(show('日本 x', at('日本 x', 'x'))).toBe('cell [7]:1:4  W2007  wrong\n  日本 x\n       ~');
  expect(show('x 日本', at('x 日本', '日本'))).toBe('cell [7]:1:3  W2007  wrong\n  x 日本\n    ~~~~');
  expect(show('e\u0301 x', at('e\u0301 x', 'x'))).toBe('cell [7]:1:4  W2007  wrong\n  e\u0301 x\n    ~');
  expect(show('😀 x', at('😀 x', 'x'))).toBe('cell [7]:1:3  W2007  wrong\n  😀 x\n     ~');
});

test('an empty place has one mark, also at the end of the text', () => {
  expect(show('a', errorAt('W3003', {start: 1, end: 1}, 'wrong'))).toBe('cell [7]:1:2  W3003  wrong\n  a\n   ~');
  expect(show('a\n', errorAt('W3003', {start: 2, end: 2}, 'wrong'))).toBe('cell [7]:2:1  W3003  wrong\n\n  ~');
  expect(show('', errorAt('W3003', {start: 0, end: 0}, 'wrong'))).toBe('cell [7]:1:1  W3003  wrong\n\n  ~');
});

test('a place outside the text is moved to its end', () => {
  expect(show('ab', errorAt('W3003', {start: 9, end: 12}, 'wrong'))).toBe('cell [7]:1:3  W3003  wrong\n  ab\n    ~');
});

test('a long line is cut around the place', () => {
  const text = `${'a'.repeat(500)} here ${'b'.repeat(500)}`;
  const [, line = '', marks = ''] = show(text, at(text, 'here')).split('\n');
  expect(line.length).toBeLessThanOrEqual(122);
  expect(line.indexOf('here')).toBe(marks.indexOf('~~~~'));
  expect(line).toMatch(/^ {2}…a+ here b+…$/);
});

test('control characters are shown as dots', () => {
  const text = 'a\u001b[31m b';
  expect(show(text, at(text, 'b', 'unknown `\u001b[0m`'))).toBe(
    'cell [7]:1:8  W2007  unknown `·[0m`\n  a·[31m b\n         ~',
  );
});

test('colours are there when they are asked for, and a cell may have no number', () => {
  const plain = formatDiagnostics([at('a', 'a')], {count: undefined, text: 'a'});
  expect(plain).toBe('cell [ ]:1:1  W2007  wrong\n  a\n  ~');
  const coloured = formatDiagnostics([at('a', 'a')], {count: undefined, text: 'a', colour: true});
  expect(coloured).toContain('\u001b[31mW2007\u001b[39m');
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain);
});
