import {expect, test} from 'vitest';
import {readOptions, splitAtCommas} from '../../kernel/cell/options.js';
import type {MagicShape} from '../../kernel/cell/syntax.js';
import {lineWords} from '../../kernel/cell/words.js';
import {codes, wordText} from './magics.js';

const shape: MagicShape = {
  name: 'bash',
  use: 'cell',
  options: {as: 'one', from: 'many', in: 'many', out: 'many', with: 'many', force: 'none', n: 'one'},
  body: 'script',
};

const read = (text: string) => readOptions(lineWords(text).value, shape);

function table(text: string): readonly (readonly string[])[] {
  const {words, options} = read(text).value;
  return [words.map(wordText), ...options.map(option => [option.name, ...option.values.map(wordText)])];
}

test.each<[string, readonly (readonly string[])[]]>([
  [
    'a b --as x',
    [
      ['a', 'b'],
      ['as', 'x'],
    ],
  ],
  ['--as=x --force', [[], ['as', 'x'], ['force']]],
  ['--in a b* --out c --force', [[], ['in', 'a', 'b*'], ['out', 'c'], ['force']]],
  ['--as=--x', [[], ['as', '--x']]],
  ['--as= --force', [[], ['as', '<>'], ['force']]],
  ['--as="a b"c', [[], ['as', '<a b>c']]],
  ['--in=--a b', [[], ['in', '--a', 'b']]],
  ['--in a --in b', [[], ['in', 'a'], ['in', 'b']]],
  [
    '--in a -- b --as',
    [
      ['b', '--as'],
      ['in', 'a'],
    ],
  ],
  ['--with a,b c', [[], ['with', 'a', 'b', 'c']]],
  ['--with r=${[1, 2]},"a,b", x', [[], ['with', 'r=${[1, 2]}', '<a,b>', 'x']]],
  ['--with=a,b', [[], ['with', 'a', 'b']]],
  ['--in a,b', [[], ['in', 'a,b']]],
  ['a -n 3', [['a'], ['n', '3']]],
  ["--as '--x'", [[], ['as', '<--x>']]],
  ['-1 -x2', [['-1', '-x2']]],
])('%j is read as %j', (text, expected) => {
  expect(table(text)).toEqual(expected);
  expect(read(text).diagnostics).toEqual([]);
});

test.each<[string, readonly string[], string]>([
  ['--az x', ['W2001'], '--az'],
  ['--zzz x y --as z', ['W2001'], '--zzz'],
  ['--as', ['W2002'], '--as'],
  ['--as --force', ['W2002'], '--as'],
  ['--in --as x', ['W2002'], '--in'],
  ['--force=1', ['W2003'], '1'],
  ['--as x y', ['W2004'], 'y'],
  ['--force y', ['W2004'], 'y'],
  ['-q', ['W2001'], '-q'],
  ['--constructor', ['W2001'], '--constructor'],
])('%j is wrong (%j) at %j', (text, expected, place) => {
  const {diagnostics} = read(text);
  expect(codes({value: 0, diagnostics})).toEqual(expected);
  expect(diagnostics.map(({span}) => text.slice(span.start, span.end))).toEqual([place]);
});

test('the nearest option is proposed, and for a task its body', () => {
  expect(read('--ass x').diagnostics[0]?.hint).toBe('did you mean `--as`?');
  const own = readOptions(lineWords('--id').value, {...shape, body: 'arguments'});
  expect(own.diagnostics[0]?.hint).toBe("the task's own options stand in the body, below this line");
});

test('the parts of a word between its commas stand where they were typed', () => {
  const text = 'a,b=${[1,2]}"x,y",,c';
  const parts = lineWords(text, 5).value.flatMap(splitAtCommas);
  expect(parts.map(part => text.slice(part.span.start - 5, part.span.end - 5))).toEqual(['a', 'b=${[1,2]}"x,y"', 'c']);
  expect(parts.map(part => part.raw)).toEqual(['a', 'b=${[1,2]}"x,y"', 'c']);
});
