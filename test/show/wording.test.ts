import {describe, expect, test} from 'vitest';
import type {Failure} from '../../kernel/graph/failure.js';
import {cleanText, lastLines, oneLine, shorten} from '../../kernel/show/clean-text.js';
import {durationText, roughDurationText} from '../../kernel/show/duration-text.js';
import {failureMessage, failureText} from '../../kernel/show/failure-text.js';
import {escapeHtml, markup, withCode} from '../../kernel/show/html.js';
import {sizeText} from '../../kernel/show/size-text.js';
import {timeText} from '../../kernel/show/time-text.js';
import {NOON, fatal} from './tasks.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('durations, times and sizes', () => {
  test.each([
    [-5, '0 ms'],
    [NaN, '0 ms'],
    [45, '45 ms'],
    [3100, '3.1 s'],
    [9949, '9.9 s'],
    [9960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [14 * MINUTE + 2 * SECOND, '14 min 2 s'],
    [HOUR - 400, '1 h'],
    [HOUR + 20 * MINUTE, '1 h 20 min'],
    [24 * HOUR - 1, '1 d'],
    [51 * HOUR, '2 d 3 h'],
  ])('%d ms is %s', (duration, text) => expect(durationText(duration)).toBe(text));

  test.each([
    [100, '10 s'],
    [31 * SECOND, '40 s'],
    [51 * SECOND, '1 min'],
    [5.2 * MINUTE, '6 min'],
    [HOUR + 11 * MINUTE, '1 h 20 min'],
    [26 * HOUR, '1 d 2 h'],
  ])('%d ms is roughly %s', (duration, text) => expect(roughDurationText(duration)).toBe(text));

  test('a time is that of the reader, with the year if it is another one', () => {
    expect(timeText(NOON, {now: NOON, zone: 'UTC'})).toBe('12 Oct 14:03');
    expect(timeText(NOON, {now: NOON, zone: 'America/Los_Angeles'})).toBe('12 Oct 07:03');
    expect(timeText('2024-12-31T23:59:00Z', {now: NOON, zone: 'UTC'})).toBe('31 Dec 2024 23:59');
    expect(timeText('2025-12-31T23:59:00Z', {now: NOON, zone: 'Asia/Tokyo'})).toBe('1 Jan 08:59');
    expect(timeText('nonsense', {now: NOON})).toBe('at an unknown time');
    const local = new Date(2026, 5, 1, 4, 5).getTime();
    expect(timeText(local, {now: local})).toBe('1 Jun 04:05');
  });

  test.each([
    [0, '0 B'],
    [512, '512 B'],
    [1234, '1.2 kB'],
    [34_000_000, '34 MB'],
    [999_900, '1.0 MB'],
    [2e18, '2000 PB'],
  ])('%d bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));
});

describe('failures', () => {
  const ended = {log: 'a/b.log', tail: 'first\nlast\n'};
  const cases: readonly (readonly [Failure, string, readonly string[]])[] = [
    [fatal(''), 'exit 1: FATAL: no astrometric solution', []],
    [{reason: 'exit', code: 127, ...ended}, 'exit 127: last', ['command not found']],
    [{reason: 'exit', code: 3, log: '', tail: ''}, 'exit 3', []],
    [
      {reason: 'signal', signal: 'SIGKILL', ...ended},
      'ended by SIGKILL',
      ['somebody killed it; or memory ran out, where the machine does not tell'],
    ],
    [{reason: 'time', limit: 600, ...ended}, 'took longer than its 10 min', ['give it more with --time']],
    [
      {reason: 'memory', ...ended},
      'ran out of memory: it was ended because this machine, or what the kernel runs in, had no more',
      ['run fewer at once (%executor local --slots N), or on a larger machine'],
    ],
    [
      {reason: 'memory', limit: 64 * 2 ** 20, ...ended},
      'ran out of memory: it was ended at its --mem 64M, or because the machine had no more',
      ['ask for more with --mem'],
    ],
    [
      {reason: 'memory', limit: 2 * 2 ** 30, used: 2 * 2 ** 30 + 1, ...ended},
      'took 2049M of memory, over its --mem 2G, and was ended',
      ['ask for more with --mem'],
    ],
    [
      {reason: 'output', message: '1 file is missing', paths: ['a.fits'], ...ended},
      'exit 0, but 1 file is missing',
      ['missing: a.fits'],
    ],
    [{reason: 'log', line: 'FATAL x', ...ended}, 'exit 0, but its log says: FATAL x', []],
    [
      {reason: 'value', message: 'the last line is no JSON', ...ended},
      'its value cannot be read: the last line is no JSON',
      [],
    ],
    [
      {reason: 'start', message: 'no such image', remedy: 'pull it'},
      'could not be started: no such image',
      ['pull it'],
    ],
    [{reason: 'publish', message: 'disk full'}, 'succeeded, but its result could not be published: disk full', []],
    [{reason: 'lost', message: 'its node went down'}, 'lost: its node went down', ['%retry starts it again']],
    [{reason: 'bug', message: 'oops'}, 'a fault of Weft itself: oops', []],
  ];

  test.each(cases)('%o', (failure, title, details) => {
    expect(failureText(failure)).toMatchObject({title, details});
  });

  test('are one line in the error of an awaited future', () => {
    expect(failureMessage('processCcd visit=903334 ccd=16', fatal('x\n'))).toBe(
      'processCcd visit=903334 ccd=16 failed: exit 1: FATAL: no astrometric solution; log weft/logs/processCcd-3f2a9c71b0de.log',
    );
    expect(
      failureMessage('x', {reason: 'output', message: 'a', paths: ['1', '2', '3', '4', '5', '6', '7'], ...ended}),
    ).toBe(
      'x failed: exit 0, but a; missing: 1; missing: 2; missing: 3; missing: 4; missing: 5; and 2 more; log a/b.log',
    );
  });
});

describe('text', () => {
  test('loses colours, links, control characters and what progress bars wrote over', () => {
    expect(cleanText('\u001b[1;31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007\u0000\u0008')).toBe(
      'red link',
    );
    expect(cleanText('10%\r50%\r100%\r\nnext\r\n')).toBe('100%\nnext\n');
    expect(cleanText('a\tb\ud800c\u202ed')).toBe('a\tbcd');
  });

  test('is cleaned in time that grows with its length only', () => {
    const start = performance.now();
    for (const part of ['a', '\r', 'a\r', '\u001b', '\u001b[', '\u001b]', '\u001b[1;', '\n\r'])
      cleanText(part.repeat(100_000));
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('is cut in its middle, never inside of a character', () => {
    expect(shorten('abcdefghij', 10)).toBe('abcdefghij');
    expect(shorten('abcdefghijk', 10)).toBe('abcdef…ijk');
    expect(shorten('🔭'.repeat(9), 5)).toBe('🔭🔭🔭…🔭');
    expect(shorten('🔭'.repeat(9), 9)).toBe('🔭'.repeat(9));
    expect(Array.from(shorten('🔭'.repeat(5000), 7))).toHaveLength(7);
  });

  test('is made one line, or its last lines', () => {
    expect(oneLine(' a\n\tb  c\r\n')).toBe('a b c');
    expect(lastLines('a\n\nb\nc\n\n', 2)).toEqual(['b', 'c']);
  });

  test('is escaped in HTML', () => {
    expect(escapeHtml(`<a href="x">'&\u001b[0m`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;');
    expect(markup`<p title="${'"'}">${['<', 1, undefined, markup`<b>${'>'}</b>`]}</p>`.toString()).toBe(
      '<p title="&quot;">&lt;1<b>&gt;</b></p>',
    );
    expect(withCode('a `b<` c').toString()).toBe('a <code>b&lt;</code> c');
    expect(withCode('a `b').toString()).toBe('a `b');
    expect(withCode('`a` `b`').toString()).toBe('<code>a</code> <code>b</code>');
  });
});
