import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {writeRepositoryCfg} from '../../magics/lsst/repository-cfg.js';
import {filesBelow, makeRoot, read, runIn} from './root.js';

const root = makeRoot();
const {cwd} = root;
const go = (command: string, env: Readonly<Record<string, string>> = {}) => runIn(cwd, command, env);
const rerun = (name: string) => join(cwd, 'DATA/rerun', name);
const ONE = '--id visit=903334 ccd=16';

beforeAll(() => void go(`processCcd.py DATA --rerun base ${ONE}^23`));
afterAll(() => root.dispose());

describe('--show', () => {
  it('prints data ids as Python does, and makes the rerun without running', () => {
    const {code, stdout} = go('processCcd.py DATA --rerun shown --id --show data');
    const lines = stdout.split('\n').filter(line => line.startsWith('id dataRef'));
    expect([code, lines.length]).toEqual([0, 33]);
    expect(lines).toContain(
      "id dataRef.dataId = {'taiObs': '2013-06-17', 'pointing': 533, 'visit': 903334, 'dateObs': '2013-06-17', 'filter': 'HSC-R', 'field': 'STRIPE82L', 'ccd': 23, 'expTime': 30.0}",
    );
    expect(filesBelow(rerun('shown'))).toEqual(['repositoryCfg.yaml']);
  });

  it('counts the exposures of each filter', () => {
    const count = (filter: string) =>
      go(`processCcd.py DATA --rerun shown --id filter=${filter} --show data`).stdout.match(/^id dataRef/gm)?.length;
    expect([count('HSC-R'), count('HSC-I')]).toEqual([17, 16]);
  });

  it('prints the configuration, of one pattern too, and the subtasks', () => {
    expect(go('makeDiscreteSkyMap.py DATA --rerun shown --show config').stdout).toContain(
      "config.skyMap.projection='TAN'",
    );
    const some = go('processCcd.py DATA --rerun shown --show config=*doflat').stdout.split('\n');
    expect(some.filter(line => line.startsWith('config.'))).toEqual(['config.isr.doFlat=True']);
    expect(go('processCcd.py DATA --rerun shown --show tasks').stdout).toContain(
      'isr: lsst.obs.subaru.isr.SubaruIsrTask',
    );
  });

  it('runs as well when it is asked to, and refuses what it does not know', () => {
    expect(go('processCcd.py DATA --rerun shown --id visit=1 --show data run').stdout).toContain(
      'Running: processCcd.py',
    );
    expect(go('processCcd.py DATA --rerun shown --show colours').code).toBe(1);
  });
});

describe('a data id', () => {
  it('is a warning when nothing has it', () => {
    const {code, stdout} = go('processCcd.py DATA --rerun none --id visit=42');
    expect(code).toBe(0);
    expect(stdout).toContain("root WARN: No data found for dataId={'visit': 42}");
    expect(stdout).toContain('Not running the task because there is no data to process');
  });

  it.each([
    ['--id visit=1 visit=2', 'processCcd.py: error: visit appears multiple times in one ID argument'],
    ['--id visit=abc', "processCcd.py: error: Cannot cast value 'abc' to <class 'int'> for ID key 'visit'"],
    ['-c foo=1', 'processCcd.py: error: no config field: foo'],
    ['-c isr.doFlat=false', "processCcd.py: error: cannot parse 'false' as a value for isr.doFlat"],
    ['-c isr.doFlat=3', 'processCcd.py: error: cannot set config.isr.doFlat=3'],
    ['-c isr.doFlat=', 'must be in form name=value'],
    ['-C nowhere.py', "processCcd.py: error: cannot load config file 'nowhere.py'"],
    ['--rerun a:b:c', 'processCcd.py: error: Error: invalid argument for --rerun'],
    ['--output x', 'cannot specify both --output and --rerun'],
    ['--nonsense', 'processCcd.py: error: unrecognized arguments: --nonsense'],
    ['-L loud', "processCcd.py: error: 'loud' is not a valid log level"],
  ])('or an option that is wrong ends with 2: %s', (words, message) => {
    const {code, stderr} = go(`processCcd.py DATA --rerun wrong ${words}`);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('primes a rerun when there is none', () => {
    expect(go('processCcd.py DATA --rerun primed').code).toBe(0);
    expect(filesBelow(rerun('primed'))).toEqual([
      'config/packages.pickle',
      'config/processCcd.py',
      'repositoryCfg.yaml',
      'schema/icSrc.fits',
      'schema/src.fits',
    ]);
  });

  it('may come from a file', () => {
    writeFileSync(join(cwd, 'ids'), '# which\n--id visit=903334   ccd=16^23 # two\n');
    expect(go('processCcd.py DATA --rerun shown @ids --show data').stdout.match(/^id dataRef/gm)).toHaveLength(2);
  });

  it('of a patch needs a filter, and a tract for a patch', () => {
    const warp = (id: string) => go(`makeCoaddTempExp.py DATA --rerun base --id ${id}`);
    expect(warp('tract=0 patch=1,1')).toMatchObject({code: 1});
    expect(warp('tract=0 patch=1,1').stderr).toContain('argparse.ArgumentError: --id must include filter');
    expect(warp('filter=HSC-R patch=1,1').stderr).toContain("'patch' cannot be specified without 'tract'");
  });
});

describe('a failure', () => {
  const FAIL = {SIMSTACK_FAIL: 'processCcd:visit=903334,ccd=16'};

  it('is counted by the exit code, and the other data ids go on', () => {
    const {code, stdout, stderr} = go('processCcd.py DATA --rerun failing --id visit=903334 ccd=16^23', FAIL);
    expect(code).toBe(1);
    expect(stdout).toContain("processCcd FATAL: Failed on dataId={'visit': 903334, 'ccd': 16,");
    expect(stderr).toContain('Traceback (most recent call last):');
    const made = filesBelow(rerun('failing')).filter(file => file.includes('CORR'));
    expect(made).toEqual(['00533/HSC-R/corr/CORR-0903334-023.fits']);
  });

  it('is counted modulo 256', () => {
    const ids = Array.from({length: 8}, () => '--id').join(' ');
    expect(go(`processCcd.py DATA --rerun many ${ids}`, {SIMSTACK_FAIL: 'processCcd'}).code).toBe((8 * 33) & 0xff);
  });

  it('ends the program with 1 under --doraise', () => {
    const {code, stderr} = go('processCcd.py DATA --rerun raised --id visit=903334 --doraise', FAIL);
    expect([code, stderr.includes('RuntimeError')]).toEqual([1, true]);
  });

  it('of the set-up ends with 0, unless --doraise is given', () => {
    const {code, stdout} = go(`processCcd.py DATA --rerun base ${ONE} -c isr.doFlat=False`);
    expect(code).toBe(0);
    expect(stdout).toContain('processCcd FATAL: Comparing configuration: Inequality in isr.doFlat: False != True');
    expect(stdout).toContain(
      "processCcd FATAL: Failed in task initialization: Config does not match existing task config 'processCcd_config' on disk; tasks configurations must be consistent within the same output repo (override with --clobber-config)",
    );
    expect(go(`processCcd.py DATA --rerun base ${ONE} -c isr.doFlat=False --doraise`).code).toBe(1);
  });

  it('is another version of the stack', () => {
    const {code, stdout} = go(`processCcd.py DATA --rerun base ${ONE}`, {SIMSTACK_VERSION: '19.0.0'});
    expect(code).toBe(0);
    expect(stdout).toContain('Failed in task initialization: Version mismatch (afw: 19.0.0 vs 18.1.0+simulation;');
    expect(go(`processCcd.py DATA --rerun base --no-versions`, {SIMSTACK_VERSION: '19.0.0'}).stdout).not.toContain(
      'FATAL',
    );
  });
});

describe('a configuration', () => {
  it.each([
    'isr.doFlat=False',
    'isr.doBias=False',
    'charImage.detection.thresholdValue=3',
    'charImage.repair.doCosmicRay=False',
  ])('changes the pixels: %s', override => {
    rmSync(rerun('other'), {recursive: true, force: true});
    expect(go(`processCcd.py DATA --rerun other ${ONE} -c ${override}`).code).toBe(0);
    const changed = filesBelow(rerun('other')).filter(
      file => file.endsWith('-0903334-016.fits') && read(rerun('other'), file) !== read(rerun('base'), file),
    );
    expect(changed.length).toBeGreaterThan(0);
  });

  it('is taken from left to right, files and words alike', () => {
    writeFileSync(join(cwd, 'over.py'), '# mine\nimport os\nconfig.isr.doFlat=False\nconfig.isr.doDark=False\n');
    const {stdout} = go('processCcd.py DATA --rerun shown -C over.py -c isr.doFlat=True --show config=isr.do[FD]*');
    expect(stdout).toContain('config.isr.doFlat=True');
    expect(stdout).toContain('config.isr.doDark=False');
  });
});

describe('a rerun', () => {
  const cfg = (name: string) => readFileSync(join(rerun(name), 'repositoryCfg.yaml'), 'utf8');

  it('nests the root with its path when it is the first', () => {
    expect(cfg('base')).toContain(`  _root: ${join(cwd, 'DATA')}\n`);
  });

  it('is extended by the root, and by nothing else', () => {
    go('makeDiscreteSkyMap.py DATA --id --rerun base:chained');
    expect(cfg('chained')).toContain('_parents:\n- ../base\n_policy');
    go('makeDiscreteSkyMap.py DATA --id --rerun chained');
    expect(cfg('chained')).toContain('- ../base\n- !RepositoryCfg_v1\n');
    expect(cfg('chained')).toContain('  _root: ../..\n');
    go('processCcd.py DATA --rerun stranger');
    const {code, stderr} = go('makeDiscreteSkyMap.py DATA --id --rerun stranger:chained');
    expect(code).toBe(1);
    expect(stderr).toContain('RuntimeError: Inputs of this Butler:');
    expect(stderr).toContain('do not match parents of existing writable cfg:');
  });

  it('of a workflow finds its parents and stays as it was written', () => {
    const text = writeRepositoryCfg({
      mapper: 'lsst.obs.hsc.HscMapper',
      parents: [
        {kind: 'path', path: '../../base'},
        {kind: 'root', root: '../../..'},
      ],
      root: null,
    });
    mkdirSync(rerun('weft/.sky.a1'), {recursive: true});
    writeFileSync(join(rerun('weft/.sky.a1'), 'repositoryCfg.yaml'), text);
    expect(go('makeDiscreteSkyMap.py DATA --id --rerun weft/.sky.a1')).toMatchObject({code: 0, stderr: ''});
    expect(existsSync(join(rerun('weft/.sky.a1'), 'deepCoadd/skyMap.pickle'))).toBe(true);
    expect(go('makeDiscreteSkyMap.py DATA --id --rerun base:weft/.sky.a1')).toMatchObject({code: 0});
    expect(cfg('weft/.sky.a1')).toBe(text);
  });

  it('takes a dataset from the first parent that has it', () => {
    for (const [name, files] of [
      ['left', 'one'],
      ['right', 'two'],
    ] as const) {
      mkdirSync(join(rerun(name), 'deepCoadd'), {recursive: true});
      const root = {kind: 'root', root: '../..'} as const;
      writeFileSync(
        join(rerun(name), 'repositoryCfg.yaml'),
        writeRepositoryCfg({mapper: 'a.HscMapper', parents: [root], root: null}),
      );
      writeFileSync(join(rerun(name), 'deepCoadd/skyMap.pickle'), `V${files}\n.`);
    }
    go('makeDiscreteSkyMap.py DATA --id --rerun base:real');
    const parents = (...names: string[]) => names.map(name => ({kind: 'path', path: `../${name}`}) as const);
    mkdirSync(rerun('joined'));
    writeFileSync(
      join(rerun('joined'), 'repositoryCfg.yaml'),
      writeRepositoryCfg({
        mapper: 'a.HscMapper',
        parents: [...parents('real', 'left', 'right'), {kind: 'root', root: '../..'}],
        root: null,
      }),
    );
    const shown = go('makeCoaddTempExp.py DATA --rerun joined --id filter=HSC-R tract=0 --show data');
    expect(shown.stdout.match(/^id dataRef/gm)?.length).toBeGreaterThan(0);
  });
});

describe('ingestImages.py', () => {
  it('warns of a git-lfs pointer and ends with 0', () => {
    const fresh = join(cwd, 'FRESH');
    mkdirSync(fresh);
    writeFileSync(join(fresh, '_mapper'), 'lsst.obs.hsc.HscMapper\n');
    writeFileSync(
      join(cwd, 'pointer.fits'),
      'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 18000000\n',
    );
    const {code, stdout} = go('ingestImages.py FRESH pointer.fits --mode=link');
    expect(code).toBe(0);
    expect(stdout).toContain(`ingest WARN: Failed to ingest file ${join(cwd, 'pointer.fits')}: cfitsio error`);
    expect(filesBelow(fresh)).toEqual(['_mapper']);
  });

  it('links the raw files to where the mapper looks for them', () => {
    const files = filesBelow(join(cwd, 'DATA')).filter(file => file.startsWith('STRIPE82L'));
    expect(files).toHaveLength(33);
    expect(files[0]).toBe('STRIPE82L/2013-06-17/00533/HSC-R/HSC-0903334-016.fits');
  });
});

describe('--help', () => {
  it.each(['processCcd.py', 'ingestImages.py', 'installTransmissionCurves.py', 'assembleCoadd.py'])(
    'of %s says that it is a simulation',
    program => {
      const {code, stdout} = go(`${program} --help`);
      expect(code).toBe(0);
      expect(stdout).toContain('simulated stack');
    },
  );
});
