import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {has, refused, run, stackKernel} from './simulated-root.js';
import {rootsOfTests} from './shared-stack.js';

const newRoot = rootsOfTests();

const INGEST = '%%lsst ingestImages\n$CI_HSC_DIR/raw/*.fits --mode=link';
const CALEXPS = '%%lsst processCcd --split visit,ccd --as calexps\n--id filter=HSC-R visit=903334^903336 # some';
const SKYMAP = '%%lsst makeDiscreteSkyMap --from calexps --as skymap\n--id --config skyMap.projection="TAN"';
const NO_UBERCAL = '--config doApplyUberCal=False doApplySkyCorr=False';

interface Repo {
  readonly path: string;
  readonly rerun: string;
  readonly root: string;
  readonly parents: readonly string[];
}
const repoOf = (text: string): Repo => json(text) as Repo;

const json = (text: string): unknown => JSON.parse(text.replace(/^'|'$/g, '').replaceAll("\\'", "'"));

describe('command-line tasks on the simulated stack', () => {
  it('go from raw exposures to a coadd, each in a rerun of its own, and are all cached afterwards', async () => {
    const directory = newRoot();
    const cells = [
      INGEST,
      '%%lsst installTransmissionCurves',
      CALEXPS,
      SKYMAP,
      `%%foreach patch in 1,1^0,0\n%%lsst makeCoaddTempExp --from skymap --as warps --allow-empty\n--selectId filter=HSC-R\n--id filter=HSC-R tract=0 patch=\${patch}\n${NO_UBERCAL}`,
      '%%lsst assembleCoadd --from warps --as coadd\n--selectId filter=HSC-R --id filter=HSC-R tract=0 patch=1,1',
    ];
    let first: Repo;
    {
      await using kernel = await stackKernel(directory);
      for (const cell of cells) await run(kernel, cell);
      first = repoOf(await run(kernel, 'JSON.stringify(await coadd)'));
      expect(first.rerun).toMatch(/^weft\/assembleCoadd-[0-9a-f]{12}$/);
      expect(first.parents.map(parent => parent.replace(/[0-9a-f]{12}$/, ''))).toEqual([
        join(directory, 'DATA/rerun/weft/join-'),
      ]);
      expect(has(first.path, 'deepCoadd/HSC-R/0/1,1.fits')).toBe(true);
      expect(readFileSync(join(first.path, 'repositoryCfg.yaml'), 'utf8')).toContain('\n- ../join-');
      await kernel.shutdown();
    }
    await using kernel = await stackKernel(directory);
    for (const cell of cells) await run(kernel, cell);
    expect(repoOf(await run(kernel, 'JSON.stringify(await coadd)'))).toEqual(first);
    const status = await run(kernel, '%status');
    expect(status).not.toContain('failed');
    const {outputs} = await kernel.client.execute(cells[2]!);
    await run(kernel, 'await calexps; 0');
    expect(outputs.displays[0]?.data['text/plain'] as string).toMatch(/7.*cached/);
  });

  it('are the same, written by hand, by a split and by a function', async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    await run(kernel, INGEST);
    await run(kernel, '%%lsst processCcd --split visit,ccd --as calexps\n--id filter=HSC-R visit=903336');
    const calexps = repoOf(await run(kernel, 'JSON.stringify(await calexps)'));
    await run(kernel, '%%lsst processCcd --as one\n--id ccd=0017 visit=903336 filter=HSC-R -j 4 # a comment');
    const one = repoOf(await run(kernel, 'JSON.stringify(await one)'));
    expect(calexps.parents).toContain(one.path);
    const called = repoOf(
      await run(kernel, "JSON.stringify(await lsst('processCcd', {id: {visit: 903336, ccd: [17], filter: 'HSC-R'}}))"),
    );
    expect(called.path).toBe(one.path);
  });

  it('show data as values, without a rerun that is left behind', async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    await run(kernel, INGEST);
    await run(kernel, '%%lsst processCcd --as ids\n--id filter=HSC-I visit=903990 --show data');
    const ids = json(await run(kernel, 'JSON.stringify(await ids)')) as {ccd: number; filter: string}[];
    expect(ids.map(({ccd}) => ccd)).toEqual([18, 25]);
    expect(ids[0]?.filter).toBe('HSC-I');
    expect(await run(kernel, '!ls -A DATA/rerun/weft')).not.toContain('processCcd');
  });

  it('show data in the foreground: the cell is over when all is shown', async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    await run(kernel, INGEST);
    await run(kernel, `%env GO=${join(directory, 'go')}`);
    await run(kernel, '%%bash --as visit --value\nuntil [ -e "$GO" ]; do sleep 0.05; done; echo 903990');
    const loop =
      '%%foreach ccd in [18, 25]\n%%lsst processCcd --as each\n--id visit=${visit + 0} ccd=${ccd} --show data';
    const cell = kernel.client.start(loop, {timeout: 90_000});
    await kernel.client.waitFor(({content}) => /each.*waiting for visit/.test(JSON.stringify(content)));
    writeFileSync(join(directory, 'go'), '');
    const {outputs} = await cell.done;
    expect(JSON.stringify(outputs.displays)).toContain('2 of 2 done');
    // A value, also where the words waited for another.
    await run(kernel, '%%bash --with "found=${each[18].length}" --as taken --value\necho "$found"');
    expect(json(await run(kernel, 'JSON.stringify(await taken)'))).toBe(1);
  });

  it('fail with the reason, though they exit with 0', async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    await run(kernel, INGEST);
    await run(kernel, CALEXPS);
    await run(kernel, SKYMAP);
    await run(
      kernel,
      '%%lsst assembleCoadd --from skymap --as empty\n--selectId filter=HSC-R\n--id filter=HSC-R tract=0 patch=0,0',
    );
    expect(await run(kernel, 'await empty.then(() => "done", error => error.message)')).toMatch(
      /patch 0,0 in HSC-R has no exposures.*--allow-empty/s,
    );
    await run(kernel, '%%lsst processCcd --as nothing\n--id visit=1');
    expect(await run(kernel, 'await nothing.then(() => "done", error => error.message)')).toMatch(
      /found no data for visit=1/,
    );
    await run(kernel, '%%lsst processCcd --as wrong\n--id visit=903334 ccd=16 --config noSuch=1');
    expect(await run(kernel, 'await wrong.then(() => "done", error => error.message)')).toContain('noSuch');
  });

  it('are joined without those that failed, where that is allowed', async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    await run(kernel, INGEST);
    await run(kernel, '%env SIMSTACK_FAIL=processCcd:visit=903336,ccd=17');
    await run(kernel, '%%lsst processCcd --split visit,ccd --as whole\n--id visit=903336');
    expect(await run(kernel, 'await whole.then(() => "done", error => error.message)')).toMatch(
      /blocked.*processCcd.*ccd=17 failed/s,
    );
    await run(kernel, '%%lsst processCcd --split visit,ccd --allow-failed 1 --as most\n--id visit=903336');
    const most = repoOf(await run(kernel, 'JSON.stringify(await most)'));
    expect(most.parents).toHaveLength(1);
    await run(kernel, '%%foreach ccd in [17, 24]\n%%lsst processCcd --as chips\n--id visit=903336 ccd=${ccd}');
    await run(kernel, '%%lsst makeDiscreteSkyMap --from chips[*] --allow-failed 1 --as sky\n--id');
    expect(repoOf(await run(kernel, 'JSON.stringify(await sky)')).parents[0]).toMatch(/\/join-[0-9a-f]{12}$/);
  });

  it('ingest again when a row or a file that they made is gone', async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    await run(kernel, `${INGEST}\n`);
    const path = await run(kernel, '(await ingestImages).path');
    expect(path).toContain(join(directory, 'DATA'));
    rmSync(join(directory, 'DATA/STRIPE82L/2013-06-17/00533/HSC-R/HSC-0903334-016.fits'));
    rmSync(join(directory, 'DATA/registry.sqlite3'));
    await run(kernel, INGEST);
    await run(kernel, 'await ingestImages; 0');
    expect(has(join(directory, 'DATA'), 'STRIPE82L/2013-06-17/00533/HSC-R/HSC-0903334-016.fits')).toBe(true);
  });

  it("run in a person's rerun, which is no input of a cached task", async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    await run(kernel, INGEST);
    await run(kernel, '%%lsst processCcd --rerun manual1 --as mine\n--id visit=903334 ccd=16');
    const mine = repoOf(await run(kernel, 'JSON.stringify(await mine)'));
    expect(mine).toMatchObject({rerun: 'manual1', path: join(directory, 'DATA/rerun/manual1'), parents: []});
    expect(has(mine.path, '00533/HSC-R/corr/CORR-0903334-016.fits')).toBe(true);
    await run(kernel, '%%lsst makeDiscreteSkyMap --from rerun:manual1 --rerun manual2 --as sky\n--id');
    const sky = repoOf(await run(kernel, 'JSON.stringify(await sky)'));
    expect(sky.parents).toEqual([mine.path]);
    expect(readFileSync(join(sky.path, 'repositoryCfg.yaml'), 'utf8')).toContain('- ../manual1');
    expect(await refused(kernel, '%%lsst makeDiscreteSkyMap --from mine --as sky2\n--id')).toContain('W5011');
    expect(await refused(kernel, '%%lsst makeDiscreteSkyMap --from rerun:manual1 --as sky2\n--id')).toContain('W5011');
  });

  it('are joined by links where there are many, and read as one', async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    await run(kernel, INGEST);
    await run(kernel, CALEXPS);
    await run(kernel, '%%join calexps --as farm --mode link');
    await run(kernel, '%%lsst makeDiscreteSkyMap --from farm --as sky\n--id');
    const farm = repoOf(await run(kernel, 'JSON.stringify(await farm)'));
    // The join of a join holds what that one has: its configuration is of several parents.
    expect(has(farm.path, 'repositoryCfg.yaml')).toBe(true);
    await run(kernel, '%%foreach ccd in [17, 24]\n%%lsst processCcd --as chips\n--id visit=903336 ccd=${ccd}');
    await run(kernel, '%%join chips --as both --mode link');
    const both = repoOf(await run(kernel, 'JSON.stringify(await both)'));
    for (const ccd of ['017', '024']) expect(has(both.path, `00533/HSC-R/corr/CORR-0903336-${ccd}.fits`)).toBe(true);
    expect(repoOf(await run(kernel, 'JSON.stringify(await join(chips, {mode: "link"}))')).path).toBe(both.path);
  });

  it('say what is wrong with a cell, all at once, with places', async () => {
    const directory = newRoot();
    await using kernel = await stackKernel(directory);
    writeFileSync(join(directory, 'config.py'), 'config.doWrite=True\n');
    const text = await refused(kernel, '%%lsst proccesCcd --form skymap\n--id');
    expect(text).toContain('did you mean `--from`?');
    expect(await refused(kernel, '%%lsst makeCoaddTmpExp\n--id filter=HSC-R visit=1 visit=2 $NO_SUCH'))
      .toMatchInlineSnapshot(`
      "cell [3]:1:8  W2007  unknown task \`makeCoaddTmpExp\`
        %%lsst makeCoaddTmpExp
               ~~~~~~~~~~~~~~~  did you mean \`makeCoaddTempExp\`?
      cell [3]:2:27  W5002  visit appears multiple times in one ID argument
        --id filter=HSC-R visit=1 visit=2 $NO_SUCH
                                  ~~~~~~~  a data id is written \`visit=903334^903336 ccd=16..25\`
      cell [3]:2:35  W2033  the environment of the set-up has no variable \`NO_SUCH\`
        --id filter=HSC-R visit=1 visit=2 $NO_SUCH
                                          ~~~~~~~~  set it with \`%env NO_SUCH=…\`, or with what \`%setup\` sets up; a dollar sign itself is written \`$$\`"
    `);
    expect(await refused(kernel, '%%lsst processCcd\n-C config.py')).toMatchInlineSnapshot(`
      "cell [4]:2:1  W5003  \`processCcd\` does nothing without \`--id\`
        -C config.py
        ~~~~~~~~~~~~  write \`--id\` for all data, or \`--id visit=903334 ccd=16\`"
    `);
    expect(await refused(kernel, '%%lsst processCcd\nmakeSkyMap.py DATA --rerun a:b --id')).toMatchInlineSnapshot(`
      "cell [5]:2:1  W5004  the pasted command is \`makeSkyMap\`, but the cell is of \`processCcd\`
        makeSkyMap.py DATA --rerun a:b --id
        ~~~~~~~~~~~~~  write \`%%lsst makeSkyMap\`"
    `);
    expect(await refused(kernel, '%%lsst processCcd\n--id --from other')).toMatchInlineSnapshot(`
      "cell [6]:2:6  W5005  \`--from\` is an option of Weft, but stands in the body
        --id --from other
             ~~~~~~  move it to the \`%%lsst\` line: \`%%lsst … --from other\`"
    `);
    await run(kernel, '%%bash --as n --value\necho 3');
    expect(await refused(kernel, '%%lsst processCcd --from n --as m\n--id')).toMatchInlineSnapshot(`
      "cell [8]:1:26  W5010  \`n\` is a value, no repository
        %%lsst processCcd --from n --as m
                                 ~  the parent of a rerun is the future of a \`%%lsst\` or \`%%join\` cell"
    `);
    expect(await refused(kernel, '%%join n --as j')).toMatchInlineSnapshot(`
      "cell [9]:1:8  W4021  \`n\` is a value: it can't be joined
        %%join n --as j
               ~  a join takes reruns, or directories of files"
    `);
  });
});
