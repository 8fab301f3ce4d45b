import {appendFileSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {rootsOfTests} from './shared-stack.js';
import {run, stackKernel} from './simulated-root.js';

const newRoot = rootsOfTests();

/** A root with a stack whose `processCcd` writes other bytes each time. */
function restlessRoot(): string {
  const directory = newRoot();
  const program = join(directory, 'stack/bin/processCcd.py');
  writeFileSync(program, readFileSync(program, 'utf8').replace(/^exec /m, ''));
  // Words are the root, `--rerun`, and its name.
  appendFileSync(
    program,
    'code=$?\nfind "$1/rerun/$3" -name "BKGD*" -exec sh -c \'date +%N >>"$1"\' - {} \\;\nexit $code\n',
  );
  return directory;
}

describe('a rerun that is read through another one', () => {
  it('makes what reads it run again once it has other bytes, though the one in between is equal', async () => {
    await using kernel = await stackKernel(restlessRoot());
    await run(kernel, '%%lsst ingestImages --as ing\n$CI_HSC_DIR/raw/HSCA9033342*.fits --mode=link');
    await run(kernel, '%%lsst processCcd --as one\n--id visit=903334 ccd=22');
    await run(kernel, '%%lsst makeDiscreteSkyMap --from one --as sky\n--id');
    const reader =
      '%%lsst makeCoaddTempExp --from sky --as warp --allow-empty\n--selectId filter=HSC-R\n--id filter=HSC-R tract=0 patch=1,1 --config doApplyUberCal=False doApplySkyCorr=False';
    await run(kernel, reader);
    await run(kernel, 'await warp; 0');
    await run(kernel, '%force one');
    await run(kernel, 'await one; await sky; await warp; 0');
    const ran = (await run(kernel, '%history 100'))
      .split('\n')
      .flatMap(line => /(processCcd|makeDiscreteSkyMap|makeCoaddTempExp).* ran /.exec(line)?.[1] ?? []);
    expect(ran.sort()).toEqual([
      'makeCoaddTempExp',
      'makeCoaddTempExp',
      'makeDiscreteSkyMap',
      'makeDiscreteSkyMap',
      'processCcd',
      'processCcd',
    ]);
  });

  it('does so where the one in between is a rerun of a person that was frozen', async () => {
    await using kernel = await stackKernel(restlessRoot());
    await run(kernel, '%%lsst ingestImages --as ing\n$CI_HSC_DIR/raw/HSCA9033342*.fits --mode=link');
    await run(kernel, '%%lsst processCcd --as one\n--id visit=903334 ccd=22');
    await run(kernel, '%%lsst makeDiscreteSkyMap --from one --rerun mine\n--id');
    await run(kernel, '%adopt mine --as frozen');
    await run(
      kernel,
      '%%lsst makeCoaddTempExp --from frozen --as warp --allow-empty\n--selectId filter=HSC-R\n--id filter=HSC-R tract=0 patch=1,1 --config doApplyUberCal=False doApplySkyCorr=False',
    );
    await run(kernel, 'await warp; 0');
    await run(kernel, '%force one');
    await run(kernel, 'await one; await frozen; await warp; 0');
    const ran = (await run(kernel, '%history 100')).split('\n').filter(line => /makeCoaddTempExp.* ran /.test(line));
    expect(ran).toHaveLength(2);
  });
});
