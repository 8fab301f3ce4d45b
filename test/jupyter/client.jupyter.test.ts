import {beforeEach, expect, test} from 'vitest';
import {found, need} from '../rig/component.js';
import {
  executeCells,
  fixture,
  installKernel,
  jupyterEnvironment,
  notebookOf,
  pythonWith,
  runPython,
} from '../rig/jupyter.js';
import {childProcess} from '../rig/child-process.js';
import {scratch} from '../rig/scratch.js';
import {readFileSync, writeFileSync} from 'node:fs';

const python = pythonWith('jupyter_client', 'nbclient', 'jupyter_kernel_test', 'pytest');
beforeEach(context => need(context, python));

test('jupyter_client starts the kernel that install.js has installed, runs a cell, and ends it', async () => {
  using home = scratch();
  installKernel(home.path);
  const {info, cells, alive} = await executeCells(found(python), home.path, [
    '1 + 1',
    'console.log("hello")',
    'throw new TypeError("no")',
  ]);
  expect(info.language_info.name).toBe('typescript');
  expect(cells.map(({reply}) => [reply.status, reply.execution_count])).toEqual([
    ['ok', 1],
    ['ok', 2],
    ['error', 3],
  ]);
  expect(cells[0]?.outputs).toMatchObject([
    {type: 'execute_result', content: {data: {'text/plain': '2'}, execution_count: 1}},
  ]);
  expect(cells[1]?.outputs).toMatchObject([{type: 'stream', content: {name: 'stdout', text: 'hello\n'}}]);
  expect(cells[2]?.outputs).toMatchObject([{type: 'error', content: {ename: 'TypeError', evalue: 'no'}}]);
  expect(alive).toBe(false);
});

test('nbclient runs a notebook and saves its outputs', async () => {
  using home = scratch();
  installKernel(home.path);
  writeFileSync(
    home.at('in.ipynb'),
    notebookOf(['const n: number = 20', 'for (let i = 0; i < n; i++) console.log(i)', 'n * 2']),
  );
  const {status, stderr} = await runPython(
    found(python),
    [fixture('run_notebook.py'), 'weft', home.at('in.ipynb'), home.at('out.ipynb')],
    home.path,
  );
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  const {cells} = JSON.parse(readFileSync(home.at('out.ipynb'), 'utf8')) as {cells: {outputs: unknown[]}[]};
  const numbers = Array.from({length: 20}, (_, i) => `${i}\n`).join('');
  expect(cells.map(cell => cell.outputs)).toMatchObject([
    [],
    [{output_type: 'stream', name: 'stdout', text: expect.anything()}],
    [{output_type: 'execute_result', data: {'text/plain': expect.anything()}}],
  ]);
  const printed = (cells[1]?.outputs[0] as {text: string | string[]}).text;
  expect([printed].flat().join('')).toBe(numbers);
});

test('nbclient stops at a cell that fails, and saves what ran before it', async () => {
  using home = scratch();
  installKernel(home.path);
  writeFileSync(home.at('in.ipynb'), notebookOf(['1', 'throw new RangeError("far")', '2']));
  const {status, stderr} = await runPython(
    found(python),
    [fixture('run_notebook.py'), 'weft', home.at('in.ipynb'), home.at('out.ipynb')],
    home.path,
  );
  expect(stderr).toContain('RangeError: far');
  expect(status).toBe(1);
  const {cells} = JSON.parse(readFileSync(home.at('out.ipynb'), 'utf8')) as {
    cells: {outputs: {output_type: string}[]}[];
  };
  expect(cells.map(cell => cell.outputs.map(output => output.output_type))).toEqual([
    ['execute_result'],
    ['error'],
    [],
  ]);
});

test.each([
  ['the kernel', 'kernel_conformance.py'],
  ['the IPython behind it', 'python_conformance.py'],
])("%s passes jupyter_kernel_test, Jupyter's own suite", async (_who, suite) => {
  using home = scratch();
  installKernel(home.path);
  const {status, stdout} = await childProcess(
    found(python),
    ['-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider', fixture(suite)],
    {cwd: home.path, env: {...jupyterEnvironment(home.path), PYTHONDONTWRITEBYTECODE: '1'}},
  );
  expect(stdout).not.toMatch(/failed|SUBFAILED|error/i);
  expect(status, stdout).toBe(0);
});
