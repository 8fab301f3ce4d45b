import {expect, test} from 'vitest';
import {missing, need, verdict, type Component} from './component.js';

const chromium: Component<string> = {name: 'Chromium', found: {ok: true, value: '/usr/bin/chromium'}};
const python: Component<string> = {name: "Python's Jupyter", found: {ok: false, why: 'no python3 on PATH'}};

test('a test whose components are all there runs', () => {
  expect(verdict([chromium], {})).toBe('run');
  expect(verdict([chromium], {CI: 'true'})).toBe('run');
});

test('a component that a user need not have skips the test on their machine, and fails it in CI', () => {
  expect(verdict([chromium, python], {})).toBe('skip');
  expect(verdict([chromium, python], {CI: 'true'})).toBe('fail');
  expect(missing([chromium, python])).toBe("Python's Jupyter: no python3 on PATH");
});

test('need says which component is missing, by a skip or by an error', () => {
  const notes: string[] = [];
  const skip = (note?: string): never => {
    notes.push(note ?? '');
    throw new Error('skipped');
  };
  expect(() => need({skip}, python)).toThrow(process.env['CI'] === 'true' ? /no python3/ : /skipped/);
  expect(() => need({skip}, chromium)).not.toThrow();
});
