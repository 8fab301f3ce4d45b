import {expect, test} from 'vitest';
import {looksLikePython} from '../../kernel/cell/python.js';

test.each([
  'import numpy as np',
  'import os, sys',
  'import matplotlib.pyplot as plt  # plots',
  'from x import y',
  'from . import (a,',
  'def f():\n    return 1',
  'def f(a, b=2) -> int:\n    return 1',
  'class A(object):\n    pass',
  'print x',
  'print "x"',
  'for i in x:\n    print(i)',
  'for i, j in enumerate(x): print(i)',
  'x = 1\nif x > 2:\n    x = 3',
  '# a comment',
  '# a title\nprint("hi")',
  'x = [i for i in range(3)]',
  'd = {k: v for k, v in x.items()}',
  'x = True and False',
  'ok = a is not b',
  'print(f"{x} is")',
  "name = f'{x}'",
  '# a comment\r\nwith open(f) as g:\r\n    pass',
])('%j looks like Python', text => {
  expect(looksLikePython(text)).toBe(true);
});

test.each([
  '',
  'import x from "x"',
  'import * as x from "x"',
  "import 'x'",
  'import {x} from "x"',
  'for (const i in x) {',
  'print(x)',
  'const a = 1\nfor i in x:',
  'from(x)',
  'switch (x) { default: y }',
  'if (x) f()',
  'x = "cats and dogs',
  'f"a"; const b = ;',
  '#!/usr/bin/env node',
  '#secret in object',
  'for (const x of [1, 2]) { [x for',
])('%j does not look like Python', text => {
  expect(looksLikePython(text)).toBe(false);
});
