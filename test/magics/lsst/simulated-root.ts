import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {startKernel, type Kernel, type KernelOptions} from '../../rig/kernel.js';

const simstack = resolve(import.meta.dirname, '../../../dist/simstack.js');

/** A directory with a simulated stack, its test data, and an empty root repository `DATA`. Made new for each test. */
export function simulatedRoot(): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-lsst-'));
  execFileSync(process.execPath, [simstack, 'install', join(directory, 'stack'), '--program', simstack]);
  execFileSync(process.execPath, [simstack, 'testdata', join(directory, 'ci_hsc')]);
  const data = join(directory, 'DATA');
  mkdirSync(join(data, 'ref_cats'), {recursive: true});
  writeFileSync(join(data, '_mapper'), 'lsst.obs.hsc.HscMapper\n');
  symlinkSync(join(directory, 'ci_hsc', 'CALIB'), join(data, 'CALIB'));
  const catalogue = 'ps1_pv3_3pi_20170110';
  symlinkSync(join(directory, 'ci_hsc', catalogue), join(data, 'ref_cats', catalogue));
  return directory;
}

/** A kernel in that directory, with the stack set up and the root named. */
export async function stackKernel(directory: string, options: KernelOptions = {}): Promise<Kernel> {
  const kernel = await startKernel({...options, directory});
  await run(
    kernel,
    '%repo DATA\n%setup source stack/loadLSST.bash\n%setup setup lsst_distrib\n%setup setup -j -r ci_hsc',
  );
  return kernel;
}

/** Runs a cell that must succeed, and gives the text of its result. */
export async function run(kernel: Kernel, code: string): Promise<string> {
  const {outputs} = await kernel.client.execute(code, {timeout: 90_000});
  if (outputs.error !== undefined) throw new Error(outputs.error.traceback.join('\n'));
  return outputs.text ?? outputs.displays.map(({data}) => data['text/plain'] as string).join('\n');
}

/** Runs a cell that must be refused, and gives its diagnostics. */
export async function refused(kernel: Kernel, code: string): Promise<string> {
  const {outputs} = await kernel.client.execute(code);
  if (outputs.error === undefined) throw new Error('the cell was not refused');
  return outputs.error.traceback.join('\n');
}

/** Whether a rerun has a file. */
export const has = (rerun: string, path: string): boolean => existsSync(join(rerun, path));
