import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {found, need} from '../rig/component.js';
import {notebookOf, pythonWith} from '../rig/jupyter.js';
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

test('the stop button and the keys I I end what runs with an error in its cell, and names stay', async () => {
  writeFileSync(
    join(lab.server.notebooks, 'stop.ipynb'),
    notebookOf([
      'const kept = 7; kept',
      'console.log("spins"); for (;;);',
      'console.log("waits"); await new Promise(() => {})',
      'kept + 1',
    ]),
  );

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'stop.ipynb');
  const {page} = notebook;
  await notebook.run(0);
  await notebook.shows(0, /^7$/);
  await notebook.run(1);
  await notebook.shows(1, /spins/);
  await page.locator('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]').click();
  await notebook.shows(1, /KernelInterrupt: interrupted/);
  await notebook.run(2);
  await notebook.shows(2, /waits/);
  // Ctrl+Enter has left the editor, so that keys are commands.
  await page.keyboard.press('i');
  await page.keyboard.press('i');
  await notebook.shows(2, /KernelInterrupt: interrupted/);
  await notebook.run(3);
  await notebook.shows(3, /^8$/);
  await notebook.idle();

  const cells = await notebook.cells();
  expect(cells.map(({prompt}) => prompt)).toEqual(['[1]:', '[2]:', '[3]:', '[4]:']);
  expect(cells.map(({outputs}) => outputs.map(({output_type}) => output_type))).toEqual([
    ['execute_result'],
    ['stream', 'error'],
    ['stream', 'error'],
    ['execute_result'],
  ]);
});

test('the stop button ends what Python does below `%%py`, and its names stay', async () => {
  writeFileSync(
    join(lab.server.notebooks, 'stop-py.ipynb'),
    notebookOf([
      `%config python ${found(pythonWith('ipykernel'))}`,
      '%%py\nimport time\nkept = 7\nprint("sleeps")\nwhile True:\n    time.sleep(0.05)',
      '%%py\nprint("spins")\nwhile True:\n    kept += 1',
      '%%py\nkept > 7',
    ]),
  );

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'stop-py.ipynb');
  const stop = notebook.page.locator('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]');
  await notebook.run(0);
  for (const [cell, text] of [
    [1, /sleeps/],
    [2, /spins/],
  ] as const) {
    await notebook.run(cell);
    await notebook.shows(cell, text);
    await stop.click();
    await notebook.shows(cell, /KeyboardInterrupt/);
  }
  await notebook.run(3);
  await notebook.shows(3, /^True$/);
  await notebook.idle();
  expect((await notebook.cells()).map(({prompt}) => prompt)).toEqual(['[1]:', '[2]:', '[3]:', '[4]:']);
});

test('a slider of `%%py` is shown and moved, and Python has its value', async context => {
  const widgets = pythonWith('ipykernel', 'ipywidgets');
  need(context, widgets);
  writeFileSync(
    join(lab.server.notebooks, 'slider.ipynb'),
    notebookOf([
      `%config python ${found(widgets)}`,
      '%%py\nimport ipywidgets\nslider = ipywidgets.IntSlider(value=3, max=10, description="stars")\nslider.observe(lambda change: print("now", change["new"]), "value")\nslider',
      '%%py\nslider.value',
      '%%py\nslider.value = 9',
    ]),
  );

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'slider.ipynb');
  const {page} = notebook;
  await notebook.run(0);
  await notebook.run(1);
  const slider = page.locator('.jp-OutputArea-output .widget-slider');
  await slider.waitFor();
  expect(await slider.innerText()).toMatch(/stars\s+3/);
  await slider.locator('.noUi-handle').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await slider.locator('.widget-readout', {hasText: '5'}).waitFor();
  await notebook.run(2);
  await notebook.shows(2, /^5$/);
  await notebook.run(3);
  await slider.locator('.widget-readout', {hasText: '9'}).waitFor();
});

test('a restart from the menu forgets names and runs cells again, and what tasks made is cached', async () => {
  const runs = join(lab.server.notebooks, 'runs');
  writeFileSync(
    join(lab.server.notebooks, 'restart.ipynb'),
    notebookOf(['typeof kept', 'const kept = 7; kept', `%%bash --as quick\necho run >> "${runs}"; echo made`]),
  );

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'restart.ipynb');
  await notebook.runAll();
  expect(await notebook.shows(2, /done/)).not.toContain('cached');
  await notebook.run(0);
  await notebook.shows(0, /^'number'$/);

  await notebook.restart();
  await notebook.run(0);
  await notebook.shows(0, /^'undefined'$/);
  await notebook.run(1);
  await notebook.shows(1, /^7$/);
  await notebook.run(2);
  await notebook.shows(2, /cached/);
  const cells = await notebook.cells();
  expect(cells.map(({prompt}) => prompt)).toEqual(['[1]:', '[2]:', '[3]:']);
  expect(cells.map(({outputs}) => outputs.length)).toEqual([1, 1, 1]);
  expect(readFileSync(runs, 'utf8')).toBe('run\n');
});

test('a cell that asks gets what is typed into its box, in TypeScript and in Python', async () => {
  writeFileSync(
    join(lab.server.notebooks, 'asks.ipynb'),
    notebookOf([
      '(await input("your name? ")).toUpperCase()',
      '(await input("a secret? ", {password: true})).length',
      `%config python ${found(pythonWith('ipykernel'))}`,
      '%%py\ninput("your star? ").upper()',
    ]),
  );

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'asks.ipynb');
  const {page} = notebook;
  const box = page.locator('.jp-Stdin-input');
  const answer = async (cell: number, text: string): Promise<string> => {
    await notebook.run(cell);
    await box.waitFor();
    const prompt = await page.locator('.jp-Stdin-prompt').innerText();
    await box.pressSequentially(text);
    await page.keyboard.press('Enter');
    await box.waitFor({state: 'detached'});
    return prompt;
  };
  expect(await answer(0, 'vera')).toBe('your name? ');
  await notebook.shows(0, /^'VERA'$/);
  expect(await answer(1, 'sesame')).toBe('a secret? ');
  await notebook.shows(1, /^6$/);
  await notebook.run(2);
  expect(await answer(3, 'mira')).toBe('your star? ');
  await notebook.shows(3, /^'MIRA'$/);
  await notebook.idle();
  const shown = (await notebook.cells()).map(cell => cell.shown.join('\n'));
  expect(shown[0]).toMatch(/your name\?\s+vera/);
  expect(shown[1]).not.toContain('sesame');
});

test('after the page was loaded again while cells ran, running them again shows all they give, once', async () => {
  const runs = join(lab.server.notebooks, 'slow-runs');
  const gate = join(lab.server.notebooks, 'gate');
  const door = join(lab.server.notebooks, 'door');
  writeFileSync(
    join(lab.server.notebooks, 'again.ipynb'),
    notebookOf([
      `%%bash --as slow\necho run >> "${runs}"; until [ -e "${gate}" ]; do sleep 0.05; done; echo went through`,
      `import {existsSync} from "node:fs"; import {setTimeout as pause} from "node:timers/promises"
console.log("before"); while (!existsSync("${door}")) await pause(50); console.log("after")`,
    ]),
  );

  await using notebook = await LabNotebook.open(lab.browser, lab.server, 'again.ipynb');
  await notebook.run(0);
  await notebook.shows(0, /running/);
  await notebook.run(1);
  await notebook.shows(1, /before/);
  await notebook.save();

  await notebook.reload();
  expect(await notebook.shows(0, /slow/)).toMatch(/running/);
  expect((await notebook.cells()).map(({outputs}) => outputs.length)).toEqual([1, 1]);
  writeFileSync(door, '');
  // The same task, with a display of its own that moves as the task does.
  await notebook.run(0);
  await notebook.page
    .locator('.jp-CodeCell .jp-InputPrompt')
    .first()
    .filter({hasText: /\[3\]:/})
    .waitFor();
  expect(await notebook.shows(0, /slow/)).toMatch(/running/);
  await notebook.run(1);
  writeFileSync(gate, '');
  await notebook.shows(0, /done/);
  await notebook.shows(1, /after/);
  await notebook.idle();
  const cells = await notebook.cells();
  expect(cells[0]?.shown).toEqual([expect.stringMatching(/went through/)]);
  expect(cells[0]?.shown.join()).not.toMatch(/running/);
  expect(cells[1]?.shown).toEqual(['before\nafter']);
  expect(readFileSync(runs, 'utf8')).toBe('run\n');

  // What was updated is what is saved.
  await notebook.save();
  const saved = readFileSync(join(lab.server.notebooks, 'again.ipynb'), 'utf8');
  expect(saved).toMatch(/done[^]*went through/);
  expect(saved).not.toMatch(/▶ running/);
});
