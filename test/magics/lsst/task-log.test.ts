import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {readPythonDict, readShownData} from '../../../magics/lsst/python-text.js';
import {judge} from '../../../magics/lsst/rerun-work.js';
import {explainLog} from '../../../magics/lsst/task-log.js';

const judged = (log: string, files: readonly string[] = [], about = ''): unknown => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-log-'));
  writeFileSync(join(directory, '.weft.log'), log);
  for (const file of files) writeFileSync(join(directory, file), '');
  const failure = judge(directory, log, {task: 'assembleCoadd', writes: true, allowEmpty: false, about});
  return failure === undefined
    ? undefined
    : 'line' in failure
      ? failure.line
      : 'message' in failure
        ? failure.message
        : failure;
};

describe('the end of a task with exit 0', () => {
  it('is a success where something was written', () => expect(judged('x INFO: done\n', ['a.fits'])).toBeUndefined());
  it('is a failure where the initialisation failed', () =>
    expect(judged('processCcd FATAL: Failed in task initialization: no schema\n', ['a.fits'])).toBe(
      'FATAL: Failed in task initialization: no schema',
    ));
  it('is a failure where 256 data ids failed', () =>
    expect(judged("processCcd FATAL: Failed on dataId={'visit': 1}: RuntimeError: no stars\n", ['a.fits'])).toBe(
      "Failed on dataId={'visit': 1}: RuntimeError: no stars",
    ));
  it('is a failure where nothing was written but bookkeeping', () => {
    expect(judged('assembleCoadd WARN: No exposures to coadd\n', ['repositoryCfg.yaml'], 'patch 0,0 in HSC-R')).toBe(
      'patch 0,0 in HSC-R has no exposures (No exposures to coadd): outer patches often have none; add `--allow-empty` if nothing is what you expect',
    );
    expect(judged('x\n', ['repositoryCfg.yaml'])).toBe(
      'assembleCoadd wrote nothing; add `--allow-empty` if nothing is what you expect',
    );
  });
});

describe('a log', () => {
  it('explains a failure by the data id that failed, else by the end of a traceback', () => {
    expect(
      explainLog(
        "a\nprocessCcd FATAL: Failed on dataId={'visit': 1}: RuntimeError: no stars\nTraceback (most recent call last):\n  File x\nValueError: y\n",
      ),
    ).toBe("Failed on dataId={'visit': 1}: RuntimeError: no stars");
    expect(
      explainLog(
        'Traceback (most recent call last):\n  File "x"\n    f()\nlsst.pex.exceptions.InvalidParameterError: bad\n  more\n',
      ),
    ).toBe('lsst.pex.exceptions.InvalidParameterError: bad');
    expect(explainLog('usage: x\nx.py: error: unrecognized arguments: --y\n')).toBe(
      'x.py: error: unrecognized arguments: --y',
    );
  });
});

describe('the log of a task whose disk was full', () => {
  it('says what to do, whatever the task made of it', () => {
    expect(explainLog('Traceback (most recent call last):\nOSError: [Errno 28] No space left on device\n')).toBe(
      'no space is left for its files: free some space or raise the quota, then run the cell again (OSError: [Errno 28] No space left on device)',
    );
    expect(explainLog('cp: error writing: Disk quota exceeded\n')).toMatch(/^no space is left/);
  });
});

describe('what --show data prints', () => {
  it('is read as data ids', () => {
    const line =
      "id dataRef.dataId = {'taiObs': '2013-06-17', 'visit': 903334, 'filter': \"HSC-R\", 'ok': True, 'none': None, 'expTime': 30.0}";
    expect(readShownData(`CameraMapper INFO: x\nselectId dataRef.dataId = {'visit': 1}\n${line}\n`)).toEqual([
      {taiObs: '2013-06-17', visit: 903334, filter: 'HSC-R', ok: true, none: null, expTime: 30},
    ]);
    expect(readPythonDict('{}')).toEqual({});
    expect(readPythonDict("{'it\\'s': 'a\\\\b'}")).toEqual({"it's": 'a\\b'});
    for (const text of ['', '{', "{'a'}", "{'a': }", "{'a': 1 'b': 2}", 'nothing'])
      expect(readPythonDict(text)).toBeUndefined();
  });
});
