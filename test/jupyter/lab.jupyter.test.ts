import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, expect, test} from 'vitest';
import {launchBrowser} from '../rig/browser.js';
import {found, need} from '../rig/component.js';
import {chromium, installKernel, notebookOf, pythonWith} from '../rig/jupyter.js';
import {startLab} from '../rig/lab-server.js';
import {LabNotebook} from '../rig/lab.js';
import {scratch} from '../rig/scratch.js';

const python = pythonWith('jupyterlab');
const browserProgram = chromium();
beforeEach(context => need(context, python, browserProgram));

test('JupyterLab opens a notebook, runs all its cells, and shows what they give', async () => {
  using home = scratch();
  installKernel(home.path);
  await using server = await startLab(found(python), home.path);
  await using browser = await launchBrowser(found(browserProgram));
  writeFileSync(
    join(server.notebooks, 'first.ipynb'),
    notebookOf(['const n: number = 6', 'console.log("hello")', 'n * 7']),
  );

  await using notebook = await LabNotebook.open(browser, server, 'first.ipynb');
  await notebook.runAll();
  const cells = await notebook.cells();
  expect(cells.map(({prompt, shown}) => [prompt, shown])).toEqual([
    ['[1]:', []],
    ['[2]:', ['hello']],
    ['[3]:', ['42']],
  ]);
  expect(cells.flatMap(({outputs}) => outputs.map(output => output.output_type))).toEqual(['stream', 'execute_result']);
});

test('a cell that fails stops Run All, and the cells behind it keep an empty prompt', async () => {
  using home = scratch();
  installKernel(home.path);
  await using server = await startLab(found(python), home.path);
  await using browser = await launchBrowser(found(browserProgram));
  writeFileSync(join(server.notebooks, 'fails.ipynb'), notebookOf(['1', 'throw new TypeError("no")', '2']));

  await using notebook = await LabNotebook.open(browser, server, 'fails.ipynb');
  await notebook.runAll();
  const cells = await notebook.cells();
  expect(cells.map(({prompt}) => prompt)).toEqual(['[1]:', '[2]:', '[ ]:']);
  expect(cells[1]?.outputs).toMatchObject([{output_type: 'error', ename: 'TypeError', evalue: 'no'}]);
});
