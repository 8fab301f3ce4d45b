import {beforeEach, expect, test} from 'vitest';
import {found, need} from '../rig/component.js';
import {fixture, installKernel, pythonWith, runPython} from '../rig/jupyter.js';
import {scratch} from '../rig/scratch.js';

const python = pythonWith('jupyter_client', 'jupyter_console');
beforeEach(context => need(context, python));

/** What to type, and what the terminal shows then (a regular expression of Python). */
type Step = readonly [typed: string, awaited: string];

const prompt = (count: number): string => `(?s:.*)In \\[${count}\\]: `;

async function typeInto(folder: string, steps: readonly Step[]): Promise<string> {
  const {status, stdout, stderr} = await runPython(
    found(python),
    [fixture('console.py'), 'weft'],
    folder,
    JSON.stringify(steps),
  );
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

test('jupyter console runs cells of one line and of many, asks, and interrupts a spin with its state kept', async () => {
  using home = scratch();
  installKernel(home.path);
  const text = await typeInto(home.path, [
    ['var kept = 6 * 7; kept\r', `Out\\[1\\]: (?s:.*)42${prompt(2)}`],
    ['console.log("hé", 1)\r', `\\nhé 1\\n${prompt(3)}`],
    // A line that is open does not run: the console asks for more, until an empty line.
    ['const next = (x: number) => {\r', `\\.\\.\\.: `],
    ['return x + 1 }\r\r', prompt(4)],
    ['console.log("spins"); for (;;) {}\r', '\\nspins'],
    ['\u0003', `KernelInterrupt: interrupted${prompt(5)}`],
    ['next(kept)\r', `Out\\[5\\]: (?s:.*)43${prompt(6)}`],
    ['`${await input("who? ")}!`\r', 'who\\? '],
    ['Ada\n', `Ada!${prompt(7)}`],
    ['throw new RangeError("far")\r', `RangeError: far${prompt(8)}`],
  ]);
  expect(text).not.toContain('Traceback');
});

test('jupyter console finds what was typed in a session before', async () => {
  using home = scratch();
  installKernel(home.path);
  await typeInto(home.path, [['"of the first" + " session"\r', `'of the first session'${prompt(2)}`]]);
  await typeInto(home.path, [['\u001b[A\r', `'of the first session'${prompt(2)}`]]);
});
