import type {Browser} from 'playwright-core';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, expect, test} from 'vitest';
import {launchBrowser} from '../rig/browser.js';
import {found, need, verdict} from '../rig/component.js';
import {chromium, installKernel, notebookOf, pythonWith} from '../rig/jupyter.js';
import {startLab, type LabServer} from '../rig/lab-server.js';
import {LabNotebook} from '../rig/lab.js';
import {scratch} from '../rig/scratch.js';

const python = pythonWith('jupyterlab');
const browserProgram = chromium();
beforeEach(context => need(context, python, browserProgram));

// One server and one browser for all: starting them takes longer than a test.
const home = scratch();
let server: LabServer;
let browser: Browser;
beforeAll(async () => {
  if (verdict([python, browserProgram]) !== 'run') return;
  installKernel(home.path);
  server = await startLab(found(python), home.path);
  browser = await launchBrowser(found(browserProgram));
});
afterAll(async () => {
  await (browser as Browser | undefined)?.close();
  await (server as LabServer | undefined)?.[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

test('JupyterLab opens a notebook, runs all its cells, and shows what they give', async () => {
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
  writeFileSync(join(server.notebooks, 'fails.ipynb'), notebookOf(['1', 'throw new TypeError("no")', '2']));

  await using notebook = await LabNotebook.open(browser, server, 'fails.ipynb');
  await notebook.runAll();
  const cells = await notebook.cells();
  expect(cells.map(({prompt}) => prompt)).toEqual(['[1]:', '[2]:', '[ ]:']);
  expect(cells[1]?.outputs).toMatchObject([{output_type: 'error', ename: 'TypeError', evalue: 'no'}]);
});
