import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {notebookOf} from '../rig/jupyter.js';
import {labSuite} from '../rig/lab-suite.js';
import {LabNotebook} from '../rig/lab.js';

const lab = labSuite();

test('JupyterLab opens a notebook, runs all its cells, and shows what they give', async () => {
  writeFileSync(
    join(lab.server.notebooks, 'first.ipynb'),
    notebookOf(['const n: number = 6', 'console.log("hello")', 'n * 7']),
  );

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'first.ipynb');
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
  writeFileSync(join(lab.server.notebooks, 'fails.ipynb'), notebookOf(['1', 'throw new TypeError("no")', '2']));

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'fails.ipynb');
  await notebook.runAll();
  const cells = await notebook.cells();
  expect(cells.map(({prompt}) => prompt)).toEqual(['[1]:', '[2]:', '[ ]:']);
  expect(cells[1]?.outputs).toMatchObject([{output_type: 'error', ename: 'TypeError', evalue: 'no'}]);
});
