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

test('Tab completes what a cell has made, and Shift-Tab tells of a function', async () => {
  writeFileSync(
    join(lab.server.notebooks, 'types.ipynb'),
    notebookOf(['const star = {rightAscension: 1, declination: 2}', '1']),
  );

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'types.ipynb');
  await notebook.runAll();
  const {page} = notebook;
  await page.locator('.jp-CodeCell .cm-content').nth(1).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('star.');
  const menu = page.locator('.jp-Completer:not(.lm-mod-hidden) .jp-Completer-item');
  // The first answer needs the libraries to be read, and JupyterLab waits a second at most.
  for (let tries = 0; tries < 20 && (await menu.count()) === 0; tries++) {
    await page.keyboard.press('Tab');
    await menu
      .first()
      .waitFor({timeout: 2000})
      .catch(() => undefined);
  }
  const offered = await menu.allInnerTexts();
  expect(offered.join(' ')).toContain('declination');
  expect(offered.join(' ')).toContain('rightAscension');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('lsst(');
  await page.keyboard.press('Shift+Tab');
  const tip = page.locator('.jp-Tooltip');
  await tip.waitFor();
  expect(await tip.innerText()).toMatch(/lsst\(task: string, options\?: LsstOptions\)[^]*Runs a command-line task/);
});
