import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, expect, test} from 'vitest';
import {childProcess, type Ended} from '../rig/child-process.js';
import {found, need} from '../rig/component.js';
import {fixture, installKernel, jupyterEnvironment, notebookOf, pythonWith} from '../rig/jupyter.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {root} from '../rig/sources.js';

const python = pythonWith('nbclient', 'nbconvert', 'papermill', 'pip');
beforeEach(context => need(context, python));

/** Runs Python in a folder of the test's own, with weft-papermill where it was installed there. */
const run = (home: Scratch, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  childProcess(found(python), args, {
    cwd: home.path,
    env: {...jupyterEnvironment(home.path), WEFT_SLOTS: '2', PYTHONPATH: home.at('packages'), ...env},
  });

/** `text/plain` of the displays and results of each cell, in their order. */
function shown(path: string): readonly (readonly string[])[] {
  const {cells} = JSON.parse(readFileSync(path, 'utf8')) as {
    cells: {outputs: {data?: Record<string, string | string[]>; text?: string | string[]}[]}[];
  };
  return cells.map(({outputs}) => outputs.map(({data, text}) => [data?.['text/plain'] ?? text ?? ''].flat().join('')));
}

/** Two cells whose tasks end only if they run side by side. */
const together = (home: Scratch): readonly string[] =>
  ['a', 'b'].map(
    name =>
      `%%bash --as ${name}\ntouch ${home.path}/${name}\nuntil [ -e ${home.path}/a ] && [ -e ${home.path}/b ]; do sleep 0.05; done`,
  );

test('with a last %wait, nbclient saves the last display of each cell, and tasks of cells run side by side', async () => {
  using home = scratch();
  installKernel(home.path);
  writeFileSync(home.at('in.ipynb'), notebookOf([...together(home), '%wait']));
  const {status, stderr} = await run(home, [
    fixture('run_notebook.py'),
    'weft',
    home.at('in.ipynb'),
    home.at('out.ipynb'),
  ]);
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  expect(shown(home.at('out.ipynb'))).toEqual([
    [expect.stringMatching(/^a\b.*done/s)],
    [expect.stringMatching(/^b\b.*done/s)],
    [],
  ]);
});

test('a notebook that settles cell by cell needs no %wait: nbconvert has the last display of a loop and of a call', async () => {
  using home = scratch();
  installKernel(home.path);
  const cells = [
    '%config settle cell',
    '%%foreach i in 1..3\n%%bash --as a\nsleep 0.2',
    'const b = bash("sleep 0.3; echo 1", {value: true});',
    '%%foreach i in ${[await b]}\n%%bash --as c --with b\nsleep 0.3; exit 3',
  ];
  writeFileSync(home.at('in.ipynb'), notebookOf(cells));
  const args = ['-m', 'nbconvert', '--to', 'notebook', '--execute', 'in.ipynb', '--output', 'out.ipynb'];
  const {status, stderr} = await run(home, args);
  expect(status, stderr).toBe(0);
  expect(shown(home.at('out.ipynb'))).toEqual([
    [],
    [expect.stringContaining('3 of 3 done')],
    [expect.stringContaining('done')],
    [expect.stringContaining('failed')],
  ]);
});

test('papermill gives a parameter its value, by the package that pip installs without a network', async () => {
  using home = scratch();
  installKernel(home.path);
  const source = join(root, 'python', 'weft-papermill');
  mkdirSync(home.at('packages'));
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-index', '--target', home.at('packages'), source];
  const installed = await run(home, pip);
  expect(installed.status, installed.stderr).toBe(0);
  const notebook = JSON.parse(
    notebookOf([
      'let tract = 1;\nconst filters: string[] = ["g"];  // of the coadds',
      'tract += 1; [tract, filters]',
      '%%bash --with tract --out tract\nsleep 0.3; echo "$tract" > tract',
    ]),
  ) as {cells: {metadata: unknown}[]};
  notebook.cells[0]!.metadata = {tags: ['parameters']};
  writeFileSync(home.at('in.ipynb'), JSON.stringify(notebook));
  const args = ['-m', 'papermill', '-k', 'weft', '--no-progress-bar', 'in.ipynb', 'out.ipynb'];
  const parameters = ['-p', 'tract', '41', '-y', 'filters: [r, "é\\"\\u2028"]', '-p', 'nosuch', 'x'];
  const {status, stderr} = await run(home, [...args, '--engine', 'weft', ...parameters]);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain('Passed unknown parameter: nosuch');
  expect(stderr).not.toMatch(/unknown parameter: (tract|filters)/);
  const out = shown(home.at('out.ipynb'));
  expect(out[2]).toEqual([expect.stringMatching(/42.*r.*é/s)]);
  expect(out[3]).toEqual([expect.stringContaining('done')]);
});
