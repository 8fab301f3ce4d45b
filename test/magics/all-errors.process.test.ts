import {rmSync} from 'node:fs';
import {afterAll, beforeAll, expect, it} from 'vitest';
import type {Kernel} from '../rig/kernel.js';
import {refused, run, simulatedRoot, stackKernel} from './lsst/simulated-root.js';

let directory: string;
let kernel: Kernel;
beforeAll(async () => {
  directory = simulatedRoot();
  kernel = await stackKernel(directory);
  await run(kernel, '%%bash --as good\necho > a.txt');
  await run(kernel, '%%foreach a in [1, 2]\n%%bash --as set\necho $a > $a.txt');
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(directory, {recursive: true, force: true, maxRetries: 3});
});

/** The codes of all errors of a cell, in order. */
const codes = async (cell: string): Promise<string> =>
  [...(await refused(kernel, cell)).matchAll(/^cell \[\d+\]\S* {2}(W\d+)/gm)].map(([, code]) => code).join(' ');

it.each([
  ['a name and the options', '%%bash --as r-warps --time soon --cpus 0\necho', 'W2005 W2008 W2010'],
  ['an unknown option and the inputs', '%%bash --tme 3 --from nowhere --in none.txt\necho', 'W2001 W2034 W7001'],
  ['a script that is empty and the line', '%%bash --out /abs --with a=${nope}\n ', 'W1007 W2034 W7006'],
  ['an option and the root', '%%python --mem big --reads NOWHERE\n1', 'W2009 W7004'],
  [
    'a loop and the line below it',
    '%%foreach q in [1, 1]\n%%bash --time soon --from nowhere\necho',
    'W3014 W2034 W2008',
  ],
  ['two lists', '%%foreach q in [${nolist}], r in notalist\n%%bash --as if\necho', 'W2006 W2034 W2034'],
  [
    'a list that is never closed and the body',
    '%%foreach q in [1, 2\n%%lsst procesCcd --cpus 0\n--id visit=$NOSUCH_X',
    'W3011 W2010 W2033 W2007',
  ],
  ['a name, a task and its data ids', '%%lsst procesCcd --as lsst\n--id visit', 'W2006 W2007 W5002'],
  [
    'a body and an expression',
    '%%lsst processCcd --as a-b\n--id visit=${nobody} --configfile no.py',
    'W2005 W2034 W7001',
  ],
  [
    'a container and the repository',
    '%%lsst processCcd --container shifter:a --repo NO --cpus 0\n--id',
    'W2010 W8010 W7005',
  ],
  [
    'the members of a join and its line',
    '%%join good nomember --mode fast --as 1j --cpus 0',
    'W2005 W2034 W4022 W2010',
  ],
  ['a join that has a body', '%%join set[x][y] --as j --from good\ntext', 'W1006 W4022 W4012'],
])('all errors of a cell are said at once: of %s', async (_, cell, expected) => {
  const found = await codes(cell);
  expect(found.split(' ').toSorted()).toEqual(expected.split(' ').toSorted());
});

it.each([
  [
    'a loop variable of a list that is wrong',
    '%%foreach q in [1, 1]\n%%bash --from set[q] --with x=${q.y.z}\necho',
    'W3014',
  ],
  ['a loop variable that was not read', '%%foreach q of [1, 2], r in [3, 4]\n%%bash --with r\necho', 'W3002'],
  ['a reference that is wrong in part', '%%bash --from set[a\necho', 'W4002'],
  ['a value that is not known yet', '%%bash --as r-w --with x=${value + 1}\necho', 'W2005'],
])('what only comes of an error is not said: of %s', async (_, cell, expected) => {
  await run(kernel, '%%bash --value --as value\nuntil [ -e never ]; do sleep 0.1; done');
  expect(await codes(cell)).toBe(expected);
  await run(kernel, '%cancel value');
});

it('a call has all of its errors too, and makes no task', async () => {
  const text = await refused(kernel, "bash('echo', {as: '1x', cpus: 0, in: ['none.txt'], reads: 'NOWHERE'})");
  for (const code of ['W2005', 'W2010', 'W7001', 'W7004']) expect(text).toContain(code);
});

it('an option of a join may be an expression', async () => {
  await run(kernel, 'const none = 0');
  await run(kernel, '%%join good set --as joined --allow-failed ${none}');
  expect(await run(kernel, '(await joined).files.join()')).toBe("'1.txt,2.txt,a.txt'");
});
