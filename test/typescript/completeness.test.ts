import {expect, test} from 'vitest';
import {isCompleteTypeScript} from '../../kernel/typescript/completeness.js';

test('a text that goes on says how far the next line is indented', () => {
  const indent = (code: string): string => {
    const answer = isCompleteTypeScript(code);
    return answer.status === 'incomplete' ? `<${answer.indent}>` : answer.status;
  };
  expect(indent('const a = 1')).toBe('complete');
  expect(indent('a b c')).toBe('invalid');
  expect(indent('if (a) {')).toBe('<  >');
  expect(indent('if (a) {\n  for (const x of y) { // each')).toBe('<    >');
  expect(indent('if (a) {\n  b()')).toBe('<  >');
  expect(indent('const a =')).toBe('<  >');
  expect(indent('const f = () =>')).toBe('<  >');
  expect(indent('f([\n  1,')).toBe('<  >');
  expect(indent('const t = `a')).toBe('<>');
  expect(indent('const t = `a\n${b')).toBe('<>');
  expect(indent('/* a')).toBe('<>');
  expect(indent('const s = "a\\')).toBe('<>');
  expect(indent('@decorated')).toBe('<>');
  expect(indent('try {\n}')).toBe('<>');
});

test('what no further line can mend is invalid', () => {
  const status = (code: string): string => isCompleteTypeScript(code).status;
  for (const code of ['}', 'f() }', ')', 'else', '=>', 'const s = "a', "'a", '"a\nb', '/abc', 'f(]', 'const x = }'])
    expect([code, status(code)]).toEqual([code, 'invalid']);
});
