import {expect, test} from 'vitest';
import {findLines} from '../../kernel/cell/lines.js';

const found = (text: string): readonly string[] => findLines(text).map(({span}) => text.slice(span.start, span.end));

test.each<[string, string]>([
  ['a statement', 'const x = 1\n%status'],
  ['a semicolon', 'f();\n!ls'.replace('!ls', '%status')],
  ['a closing bracket', 'f(\n1\n)\n%status'],
  ['a block', 'if (x) {\n}\n%status'],
  ['a comment', '// a +\n%status'],
  ['a comment of several lines', '/* (\n*/\n%status'],
  ['a string with a bracket', 'const s = "("\n%status'],
  ['a template', 'const s = `a ${f({a: `}`})} (`\n%status'],
  ['a regular expression', 'const r = /[/(]\\/(/u\n%status'],
  ['a regular expression behind a condition', 'if (a) /[(]/.test(b)\n%status'],
  ['a division', 'const q = a / b / c\n%status'],
  ['a generic type', 'let m: Map<string, Array<number>>\n%status'],
  ['an increment', 'i++\n%status'],
  ['a non-null assertion', 'x!\n%status'],
  ['a property named as an operator', 'x.in\n%status'],
  ['another magic', '%repo (\n%status'],
  ['an object', 'const o = {a: 1}\n%status'],
  ['a broken string', 'const s = "abc\n%status'],
])('a line magic stands behind %s', (_, text) => {
  expect(found(text).at(-1)).toBe('%status');
});

test.each<[string, string]>([
  ['inside round brackets', 'f(\n%status\n)'],
  ['inside square brackets', '[\n!a\n]'],
  ['inside braces', 'function f() {\n!a\n}'],
  ['inside a template', '`\n%status\n`'],
  ['inside the ${} of a template', '`${\n!a\n}`'],
  ['inside a comment', '/*\n%status\n*/'],
  ['behind an operator', 'x = a +\n!b'],
  ['behind &&', 'x = a &&\n!b'],
  ['behind =', 'x =\n!b'],
  ['behind a comma', 'a,\n!b'],
  ['behind an arrow', 'f = () =>\n!b'],
  ['behind typeof', 'typeof\n!b'],
  ['behind await', 'await\n!b'],
  ['behind a dot', 'a.\n%status'],
  ['indented', 'a\n !b\n %status'],
  ['in the middle of a line', 'a %status'],
  ['a % with a blank behind it', 'a\n% b'],
  ['behind a string that goes on', '"a\\\n%status"'],
  ['a ternary that is no question', 'x = c ?\nname?\n1 : 2 : 3'],
])('TypeScript stays TypeScript %s', (_, text) => {
  expect(found(text)).toEqual([]);
});

test('a line magic ends with its line, and a trailing backslash continues it', () => {
  expect(found('%setup a \\\n b\nx\r\n!ls\r\n%status')).toEqual(['%setup a \\\n b', '!ls', '%status']);
});

test('a %% line is found wherever it begins a line, but in strings and comments', () => {
  expect(findLines('f(\n%%bash\n`\n%%bash`').map(line => line.is)).toEqual(['cell magic']);
});
