import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {run} from '../../notebooks/simstack/program.js';
import {writeTestData} from '../../notebooks/simstack/testdata.js';

/** What a program said and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the stack in `cwd`, in this process. */
export function runIn(cwd: string, command: string, env: Readonly<Record<string, string>> = {}): Ended {
  let [stdout, stderr] = ['', ''];
  const around = {
    stdout: (text: string) => void (stdout += text),
    stderr: (text: string) => void (stderr += text),
    env,
    cwd,
  };
  const code = run(
    command.split(' ').filter(word => word !== ''),
    around,
  );
  return {code, stdout, stderr};
}

/** A simulated ci_hsc in a new directory. */
function makeCiHsc(): string {
  const directory = mkdtempSync(join(tmpdir(), 'simstack-ci-hsc-'));
  writeTestData(directory);
  return directory;
}

/** A root repository with all raw files, in a directory of its own; `dispose` removes it and its data. */
export function makeRoot(): {readonly cwd: string; readonly dispose: () => void} {
  const cwd = mkdtempSync(join(tmpdir(), 'simstack-root-'));
  const data = makeCiHsc();
  mkdirSync(join(cwd, 'DATA', 'ref_cats'), {recursive: true});
  writeFileSync(join(cwd, 'DATA', '_mapper'), 'lsst.obs.hsc.HscMapper\n');
  symlinkSync(join(data, 'CALIB'), join(cwd, 'DATA', 'CALIB'));
  symlinkSync(join(data, 'ps1_pv3_3pi_20170110'), join(cwd, 'DATA', 'ref_cats', 'ps1_pv3_3pi_20170110'));
  const raws = readdirSync(join(data, 'raw')).map(name => join(data, 'raw', name));
  runIn(cwd, `ingestImages.py DATA ${raws.join(' ')} --mode=link`);
  const dispose = (): void => {
    for (const directory of [cwd, data]) rmSync(directory, {recursive: true, force: true});
  };
  return {cwd, dispose};
}

/** All files below a directory, sorted, as paths relative to it; links are not followed. */
export function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, {recursive: true, withFileTypes: true})
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** The text of a file below `cwd`. */
export const read = (cwd: string, path: string): string => readFileSync(join(cwd, path), 'latin1');
