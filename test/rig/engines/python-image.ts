import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {childProcess} from '../child-process.js';
import {root} from '../sources.js';
import type {GivenEngine} from './given.js';

/** What of the tests' Python lies in the image. */
const DISTRIBUTIONS = ['ipykernel', 'numpy', 'matplotlib'];

/**
 * Makes an image with a Python that has ipykernel, numpy and matplotlib, from files of this machine: the simulated stack's, and one layer.
 * @param directory of its own; it holds the layer
 * @returns its name
 */
export async function pythonImage(
  {program, env}: GivenEngine,
  base: string,
  python: string,
  directory: string,
): Promise<string> {
  const name = 'localhost/weft-python:1';
  mkdirSync(directory, {recursive: true});
  const script = join(root, 'test', 'fixtures', 'containers', 'python-layer.py');
  await ran(python, [script, join(directory, 'layer.tar'), ...DISTRIBUTIONS], process.env);
  writeFileSync(
    join(directory, 'Containerfile'),
    `FROM ${base}\nADD layer.tar /\nENV PYTHONPATH=/opt/python/site LD_LIBRARY_PATH=/opt/python/libraries\n`,
  );
  const args = ['build', '-q', '--network=none', '-t', name, '-f', join(directory, 'Containerfile'), directory];
  await ran(program, args, {...process.env, ...env});
  return name;
}

async function ran(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const {status, stderr} = await childProcess(program, args, {env});
  if (status !== 0) throw new Error(`${program} ended with ${status ?? 'a signal'}: ${stderr.slice(-2000)}`);
}
