import fc from 'fast-check';
import {expect, test} from 'vitest';
import {explainPython} from '../../magics/python-language.js';
import {unsetPythonNames, whyNoPythonName} from '../../magics/python-names.js';

const unset = (script: string): readonly string[] => unsetPythonNames(script).map(({name}) => name);

test('keywords, dunders and weft are no variables of Python, builtins may be hidden', () => {
  for (const name of ['lambda', 'None', 'async', '__name__', '__x__', 'weft', '$x', 'a-b', '1a', 'ﬁ', ''])
    expect(whyNoPythonName(name), name).toBeDefined();
  for (const name of ['filter', 'list', 'x1', '_', '__x', 'match', 'π', 'type'])
    expect(whyNoPythonName(name), name).toBeUndefined();
});

test('what a script reads and does not set is found by eye', () => {
  expect(unset('import numpy as np\nprint(np.mean(tract), filter, f"{x}") # y\nz = radius\nprint(z.size)')).toEqual([
    'tract',
    'radius',
  ]);
  for (const text of [
    'a, (b, *c) = 1, (2, 3)\nprint(a, b, c)',
    'for i, x in enumerate([]):\n    i + x',
    '[y for y in range(3)]\n{k: v for k, v in {}.items()}',
    'def f(a, b: int = 1, *args, **kw) -> int:\n    return a + b + len(args) + len(kw)\nf(1)',
    'class A(object):\n    x: int = 1\nA()',
    'from os.path import (join as j,\n  split)\nj, split',
    'import a.b, c as d\na, d',
    'with open("x") as f, open("y") as g:\n    f, g',
    'try:\n    pass\nexcept ValueError as e:\n    e',
    'g = lambda p, q=1: p + q',
    'if (n := 3) > 2:\n    n',
    'x: "int" = 1\nx += 1',
    'f = dict(colour=1)\n"""a b\nc"""\nf',
    "print('it is', \"a 'b' c\")\nr'\\' + x'",
  ])
    expect(
      unset(text).filter(name => !['object', 'ValueError'].includes(name)),
      text,
    ).toEqual([]);
  expect(unset('from pylab import *\nplot(x)')).toEqual([]);
});

test('variables of the environment that a script asks for are found by eye', () => {
  const found = unsetPythonNames(
    `import os\nos.environ["A"], os.environ.get('B', 1), os.getenv("C"), os.environ['HOME']`,
  );
  expect(found.map(({name, of}) => [name, ...of])).toEqual([
    ['A', 'environment'],
    ['B', 'environment'],
    ['C', 'environment'],
  ]);
});

test('looking at a script never throws, and each name it gives stands in the text', () => {
  const text = fc.array(
    fc.constantFrom(
      'a',
      'b',
      "'",
      '"',
      '"""',
      '#',
      '\n',
      '(',
      ')',
      '=',
      ':',
      'for ',
      ' in ',
      'def ',
      'import ',
      ', ',
      '\\',
      ' ',
    ),
    {maxLength: 40},
  );
  fc.assert(
    fc.property(text, parts => {
      const script = parts.join('');
      for (const {name, at} of unsetPythonNames(script)) {
        expect(script).toContain(name);
        expect(at.test(script)).toBe(true);
      }
    }),
    {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 200 : 5000},
  );
});

test('why a script failed is the last error, with the line of the cell', () => {
  const log =
    'hello\nTraceback (most recent call last):\n  File "<cell>", line 7, in <module>\n    f()\n  File "<cell>", line 3, in f\n    1 / 0\nZeroDivisionError: division by zero\n';
  expect(explainPython(log)).toBe('line 3: ZeroDivisionError: division by zero');
  expect(explainPython('  File "<cell>", line 2\n    x = (\n        ^\nSyntaxError: \'(\' was never closed\n')).toBe(
    "line 2: SyntaxError: '(' was never closed",
  );
  expect(explainPython('Traceback (most recent call last):\nlsst.pex.Error: no\n')).toBe('lsst.pex.Error: no');
  expect(explainPython('Killed\n')).toBeUndefined();
  expect(explainPython('')).toBeUndefined();
});
