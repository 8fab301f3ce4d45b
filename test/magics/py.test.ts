import {mkdirSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {digestOf} from '../../kernel/fingerprint/fingerprint.js';
import {ok} from '../../kernel/graph/result.js';
import {withMagic} from '../../kernel/session/bare-cell.js';
import type {Settings} from '../../kernel/session/settings.js';
import {numbered} from '../../magics/py.js';
import {pythonMagic} from '../../magics/python.js';
import {registry} from '../../magics/registry.js';
import {scratch} from '../rig/scratch.js';
import {FakeNotebook} from './lsst/fake-context.js';

const span = {start: 0, end: 0};
const reading = (body: string, rest = '--with x', bodyLine = 2): Parameters<typeof numbered>[0] => ({
  body,
  bodyLine,
  line: {sigil: '%%', name: 'py', nameSpan: span, words: [], options: [], rest, restSpan: span, span},
});

test('code for IPython has a line for each line of the cell above it', () => {
  expect(numbered(reading('x\n'))).toBe('# \n# %%py --with x\nx\n');
  expect(numbered(reading('x', '', 1))).toBe('# %%py\nx');
  expect(numbered(reading('x', 'a\\\nb', 3))).toBe('# \n# %%py a\\\n# b\nx');
  for (const body of ['  x\n  y', '\n%%time\nx', '>>> x', 'In [1]: x', 'exit\n', '/f x'])
    expect(numbered(reading(body))).toBe(body);
});

test('a bare cell gets the magic of the setting, and what is Weft’s stays', () => {
  const py = {cells: 'py'} as Settings;
  const put = (code: string): string => withMagic(code, registry, py);
  expect(put('x = 1')).toBe('%%py #\nx = 1');
  expect(put('%%timeit\nx')).toBe('%%py #\n\n%%timeit\nx');
  expect(put('%timeit x')).toBe('%%py #\n%timeit x');
  expect(put('x?')).toBe('%%py #\nx?');
  expect(put('%wait\nx')).toBe('%%py #\n%wait\nx');
  for (const code of [
    '%wait',
    '\n%config cells typescript\n%status x\n',
    '!ls',
    '%%bash\nls',
    '%%foreach i in [1]\n%%py\ni',
    ' \n',
  ])
    expect(put(code)).toBe(code);
  expect(withMagic('x = 1', registry, {cells: 'typescript'} as Settings)).toBe('x = 1');
});

/** A notebook whose Python is a program that says what it is. */
function withPython(folder: string, said: readonly string[]): FakeNotebook {
  const notebook = new FakeNotebook();
  mkdirSync(folder, {recursive: true});
  writeFileSync(`${folder}/python3`, `#!/bin/sh\nprintf '%s' '${said.join('\u0001')}'\n`, {mode: 0o755});
  Object.assign(notebook.context.settings, {python: 'python3'});
  const identity = digestOf('weft/setup/none\n');
  Object.assign(notebook.context, {
    setup: () => Promise.resolve(ok({environment: {PATH: folder}, identity, text: ''})),
  });
  return notebook;
}

test('the fingerprint of a script of Python holds the version and the place of what runs it', async () => {
  using folder = scratch();
  const of = async (name: string, said: readonly string[], cell = '%%python --with x=1 --value\nx'): Promise<string> =>
    (await withPython(folder.at(name), said).task(pythonMagic, cell)).fingerprint;
  const first = await of('a', ['3', '11', '3.11.2', '/usr/bin/python3.11', '/usr']);
  expect(await of('b', ['3', '11', '3.11.2', '/usr/bin/python3.11', '/usr'])).toBe(first);
  const others = [
    await of('c', ['3', '11', '3.11.9', '/usr/bin/python3.11', '/usr']),
    await of('d', ['3', '11', '3.11.2', '/usr/bin/python3.11', '/venv']),
    await of('e', ['3', '11', '3.11.2', '/usr/bin/python3.11', '/usr'], '%%python --with x=2 --value\nx'),
    await of('f', ['3', '11', '3.11.2', '/usr/bin/python3.11', '/usr'], '%%python --with x=1\nx'),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
  // Lines above the script are no part of it.
  expect(
    await of('g', ['3', '11', '3.11.2', '/usr/bin/python3.11', '/usr'], '\n%%python --value \\\n  --with x=1\nx\n\n'),
  ).toBe(first);
});
