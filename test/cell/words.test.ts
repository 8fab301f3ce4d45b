import fc from 'fast-check';
import {expect, test} from 'vitest';
import {bodyWords, lineWords, literalText, quoteWord} from '../../kernel/cell/words.js';
import {codes, runs, said, wordText} from './magics.js';

const line = (text: string): readonly string[] => lineWords(text).value.map(wordText);
const body = (text: string): readonly string[] => bodyWords(text).value.map(wordText);

test.each<[string, readonly string[]]>([
  ['a  b\tc', ['a', 'b', 'c']],
  [String.raw`'a $B ${'${c}'} \'`, [String.raw`<a $B ${'${c}'} \>`]],
  ['"a b"', ['<a b>']],
  ['a"b"\'c\'d', ['a<bc>d']],
  ['""', ['<>']],
  [String.raw`"\$x \" \\ \a"`, [String.raw`<$x " \ \a>`]],
  [String.raw`a\ b\'`, ["a< >b<'>"]],
  ['a\\\nb', ['ab']],
  ['a \\\r\n b', ['a', 'b']],
  ['"a\\\nb"', ['<ab>']],
  ['${x}', ['${x}']],
  ['a${x}b', ['a${x}b']],
  ['"${x} y"', ['<${x}>< y>']],
  ['${"}"} ${`}${"}"}`} ${/}/.test("}")} ${{a: {}}.a}', ['${"}"}', '${`}${"}"}`}', '${/}/.test("}")}', '${{a: {}}.a}']],
  ['${ (a) /* } */ } b', ['${ (a) /* } */ }', 'b']],
  ['${await x}', ['${await x}']],
  ['$HOME/x ${a}$B', ['$HOME/x', '${a}$B']],
  ['$$ $$HOME $${x}', ['<$>', '<$>HOME', '<$>{x}']],
  ['"$$HOME"', ['<$HOME>']],
  ['$1 a$ $.', ['$1', 'a$', '$.']],
  ['~/data ~ a~/b "~/c"', ['$HOME/data', '~', 'a~/b', '<~/c>']],
  ['a # b', ['a']],
  ['a#b "#" \\#', ['a#b', '<#>', '<#>']],
  ['*.fits "*.fits" \\*', ['*.fits', '<*.fits>', '<*>']],
  ['😀 é\\😀', ['😀', 'é<😀>']],
])('the line %j has the words %j', (text, words) => {
  expect(line(text)).toEqual(words);
  expect(lineWords(text).diagnostics).toEqual([]);
});

test.each<[string, readonly string[]]>([
  ['--id visit=1 \\\n ccd=1\n--config a=b', ['--id', 'visit=1', 'ccd=1', '--config', 'a=b']],
  ['a\\\nb', ['a', 'b']],
  ['a \\', ['a']],
  ['a \\  \nb', ['a', 'b']],
  ['# one\na # two\r\n  # three\r\nb', ['a', 'b']],
  ['ccd=${[1, 2]} ${ids}', ['ccd=${[1, 2]}', '${ids}']],
  ['"a\r\nb"', ['<a\nb>']],
  ['ccd=16^22..23:2', ['ccd=16^22..23:2']],
])('the body %j has the words %j', (text, words) => {
  expect(body(text)).toEqual(words);
  expect(bodyWords(text).diagnostics).toEqual([]);
});

test('words know where they stand and what was typed', () => {
  const text = 'a "b c"$D';
  const [, word] = lineWords(text, 10).value;
  expect(word).toMatchObject({raw: '"b c"$D', span: {start: 12, end: 19}});
  expect(word?.pieces.map(piece => text.slice(piece.span.start - 10, piece.span.end - 10))).toEqual(['"b c"', '$D']);
});

test('what cannot be read is said at its place', () => {
  for (const text of ['a "b', "a 'b ${c}", 'a ${b', 'x="${b" c']) expect(lineWords(text).diagnostics).toHaveLength(1);
  expect(said('a ${b + } c', lineWords('a ${b + } c'))).toBe(
    [
      'cell [7]:1:9  W1103  no JavaScript expression: unexpected token',
      '  a ${b + } c',
      '          ~  the braces hold one JavaScript expression, without types',
    ].join('\n'),
  );
  expect(line('a ${b + } c')).toEqual(['a', '${b + }', 'c']);
});

test('shell syntax gets a warning and stays text', () => {
  const text = '--id > out.log 2>&1 | tee $(date) && `x` ;';
  expect(body(text)).toEqual(text.split(' '));
  expect(codes(bodyWords(text))).toEqual(Array.from({length: 7}, () => 'W1104'));
  expect(bodyWords(text).diagnostics.every(({severity}) => severity === 'warning')).toBe(true);
  expect(codes(bodyWords("'>' a>b '|'"))).toEqual([]);
});

test('a quoted word is read back as the same text', () => {
  fc.assert(
    fc.property(fc.array(fc.string({unit: 'grapheme'})), texts => {
      const usable = texts.map(text => text.replaceAll('\r\n', '\n'));
      const read = bodyWords(usable.map(quoteWord).join(' '));
      expect(read.value.map(literalText)).toEqual(usable);
      expect(read.diagnostics).toEqual([]);
    }),
    runs,
  );
});

test('a word with something to fill in has no literal text', () => {
  expect(lineWords('a$B').value.map(literalText)).toEqual([undefined]);
});
