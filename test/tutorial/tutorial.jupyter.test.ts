import {copyFileSync, mkdtempSync} from 'node:fs';
import {basename, join, resolve} from 'node:path';
import {expect, test} from 'vitest';
import {labSuite} from '../rig/lab-suite.js';
import {LabNotebook, type LabCell} from '../rig/lab.js';

const lab = labSuite();

const find = (cells: readonly LabCell[], text: string): number => cells.findIndex(({source}) => source.includes(text));

test(
  'A person runs the tutorial in JupyterLab, sees it move and sees stars, and runs it again: all is cached.',
  {timeout: 300_000},
  async () => {
    // Each try of this test begins in a directory that no other has used.
    const folder = mkdtempSync(join(lab.server.notebooks, 'tutorial-'));
    copyFileSync(resolve(import.meta.dirname, '../../notebooks/tutorial.ipynb'), join(folder, 'tutorial.ipynb'));
    await using notebook = await LabNotebook.open(lab.browser, lab.server, `${basename(folder)}/tutorial.ipynb`);
    const split = find(await notebook.cells(), '--split visit,ccd');

    const running = notebook.runAll(240_000);
    // The cell has ended, its prompt is numbered, and its picture still moves.
    const early = await notebook.shows(split, /▶ \d+ running/, 120_000);
    const prompt = (await notebook.cells())[split]?.prompt;
    expect(prompt).toMatch(/\[\d+\]:/);
    expect(early).toMatch(/of 34 done/);
    const later = await notebook.shows(split, /✓ 3[34] ran/, 120_000);
    expect(later).not.toMatch(/running/);
    await running;

    const cells = await notebook.cells();
    expect(
      cells
        // Where there is no ipykernel, this one says so.
        .filter(({source}) => !source.startsWith('%%py '))
        .flatMap(({outputs, source}) => (outputs.some(output => output.output_type === 'error') ? [source] : [])),
    ).toEqual([]);
    const coadd = cells[find(cells, '%show coadds[HSC-I]')]!;
    expect(coadd.outputs[0]?.data?.['image/png']).toBeTypeOf('string');
    expect(await notebook.page.locator('.jp-OutputArea-output img').count()).toBe(3);
    if (process.env['WEFT_SCREENSHOT'] !== undefined)
      await takePicture(notebook, cells, process.env['WEFT_SCREENSHOT']);

    await notebook.runAll(120_000);
    await notebook.shows(split, /≡ 3[345] cached/, 60_000);
    const again = await notebook.cells();
    const text = (part: string): string => again[find(again, part)]!.shown.join('\n');
    expect(text('--as warps')).toMatch(/2 cached/);
    expect(text('--as coadds')).toMatch(/2 cached/);
    expect(text('--as skymap')).toMatch(/cached/);
  },
);

/** The page as README shows it: the loop over filters, the coadds, and the stars. */
async function takePicture(notebook: LabNotebook, cells: readonly LabCell[], file: string): Promise<void> {
  await notebook.page.setViewportSize({width: 1180, height: 1320});
  await notebook.command('application:toggle-left-area');
  const cell = notebook.page.locator('.jp-CodeCell').nth(find(cells, '--as coadds'));
  await cell.evaluate(element =>
    (element as unknown as {scrollIntoView(options: object): void}).scrollIntoView({block: 'start'}),
  );
  await notebook.page.waitForTimeout(500);
  await notebook.screenshot(file);
}
