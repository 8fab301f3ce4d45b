import {execFileSync, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {build} from 'esbuild';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'simstack-stack-'));
const stack = join(home, 'stack');

/** Runs a script in bash with nothing of this process's environment but PATH. */
const bash = (script: string, env: Readonly<Record<string, string>> = {}) =>
  spawnSync('bash', ['--norc', '-c', script], {cwd: home, encoding: 'utf8', env: {PATH: '/usr/bin:/bin', ...env}});

beforeAll(async () => {
  symlinkSync(resolve('node_modules'), join(home, 'node_modules'));
  writeFileSync(join(home, 'package.json'), '{"type": "module"}');
  const outfile = join(home, 'dist', 'simstack.js');
  await build({
    entryPoints: ['notebooks/simstack/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['node-sqlite3-wasm'],
    outfile,
  });
  execFileSync(process.execPath, [outfile, 'install', stack]);
  execFileSync(process.execPath, [outfile, 'testdata', join(stack, 'ci_hsc')]);
}, 60_000);
afterAll(() => rmSync(home, {recursive: true, force: true}));

describe('loadLSST.bash', () => {
  it('puts nothing on PATH before lsst_distrib is set up', () => {
    const {stdout, status} = bash(`source ${stack}/loadLSST.bash; command -v processCcd.py; echo "$PATH"`);
    expect([stdout, status]).toEqual(['/usr/bin:/bin\n', 0]);
  });

  it('sets up the stack and the data, and lists them as eups does', () => {
    const script = `source ${stack}/loadLSST.bash; setup lsst_distrib; setup -j -r ${stack}/ci_hsc
      command -v processCcd.py; echo $CI_HSC_DIR $TESTDATA_CI_HSC_DIR $LSST_DISTRIB_DIR; eups list lsst_distrib; eups list -s`;
    const lines = bash(script).stdout.trimEnd().split('\n');
    expect(lines.slice(0, 3)).toEqual([
      `${stack}/bin/processCcd.py`,
      `${stack}/ci_hsc ${stack}/ci_hsc ${stack}/Linux64/lsst_distrib/18.1.0`,
      '   18.1.0    \tcurrent setup',
    ]);
    expect(lines).toContain('afw                   18.1.0    \tcurrent setup');
    expect(lines).toContain(`ci_hsc                LOCAL:${stack}/ci_hsc\tsetup`);
    expect(lines.slice(3)).toEqual([...lines.slice(3)].sort());
  });

  it('refuses a product that is not there', () => {
    const {status, stderr} = bash(`source ${stack}/loadLSST.bash; setup lsst_nothing`);
    expect([status, stderr]).toEqual([1, 'setup: Failed to setup lsst_nothing: Product lsst_nothing not found\n']);
  });
});

describe('the programs of the stack', () => {
  it('run from PATH in a fresh root, and die when they are told to', () => {
    mkdirSync(join(home, 'DATA', 'ref_cats'), {recursive: true});
    const set = `source ${stack}/loadLSST.bash; setup lsst_distrib; setup -j -r ${stack}/ci_hsc`;
    const script = `${set}; set -e; echo lsst.obs.hsc.HscMapper > DATA/_mapper
      ingestImages.py DATA $CI_HSC_DIR/raw/*.fits --mode=link > log
      installTransmissionCurves.py DATA
      ln -s $CI_HSC_DIR/CALIB/ DATA/CALIB; ln -s $CI_HSC_DIR/ps1_pv3_3pi_20170110 DATA/ref_cats/
      processCcd.py DATA --rerun one --id visit=903334 ccd=16 > log; ls DATA/rerun/one/00533/HSC-R/corr`;
    expect(bash(script)).toMatchObject({
      status: 0,
      stdout: 'BKGD-0903334-016.fits\nCORR-0903334-016.fits\n',
      stderr: '',
    });
    const kill = {SIMSTACK_KILL: 'processCcd:ccd=16'};
    expect(bash(`${set}; exec processCcd.py DATA --rerun two --id visit=903334 ccd=16`, kill).signal).toBe('SIGKILL');
  }, 30_000);
});
