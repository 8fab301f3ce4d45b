import {describe, expect, it} from 'vitest';
import {sharedStack} from './shared-stack.js';

const {outcome, refused, run} = sharedStack(
  '%%lsst ingestImages --as ing\n$CI_HSC_DIR/raw/HSCA9033342*.fits --mode=link',
  '%%bash --as ccd --value\necho 22',
  '%%bash --as off --value\necho \'"False"\'',
  '%%bash --as code --out c.py\necho "config.isr.doFlat=False" > c.py',
  'const at = {ccd, both: ccd.map(n => [n, n + 1]), none: ccd.map(() => ({})), path: code.map(({path}) => path)}; 0',
  '%%lsst processCcd --as plain\n--id visit=903334 ccd=22',
);

/** Runs a cell that binds `made`, and tells whether it is the task of another future. */
async function isTaskOf(name: string, cell: string): Promise<string> {
  await run(cell);
  const done = await outcome('made');
  return done === "'done'" ? run(`(await made).path === (await ${name}).path`) : done;
}

describe('a value in the words of a task', () => {
  it('is the same input as its text, reached through a property or a template, and in a function', async () => {
    for (const cell of [
      '%%lsst processCcd --as made\n--id visit=903334 ccd=${at.ccd}',
      'var made = lsst("processCcd", {args: `--id visit=903334 ccd=${ccd}`}); 0',
      'var made = lsst("processCcd", {id: {visit: 903334, ccd}}); 0',
      'var made = lsst("processCcd", {id: {visit: "903334", ccd: [`${ccd}`]}}); 0',
    ])
      expect(await isTaskOf('plain', cell), cell).toBe('true');
    await run('%%lsst processCcd --as flat\n--id visit=903334 ccd=22 --config isr.doFlat=False');
    expect(
      await isTaskOf(
        'flat',
        'var made = lsst("processCcd", {id: {visit: 903334, ccd}, config: {"isr.doFlat": off}}); 0',
      ),
    ).toBe('true');
  });

  it('is several values of a key where it is a list, and an error where it has no text', async () => {
    await run('%%lsst processCcd --as two\n--id visit=903334 ccd=22^23');
    expect(await isTaskOf('two', '%%lsst processCcd --as made\n--id visit=903334 ccd=${at.both}')).toBe('true');
    await run('%%lsst processCcd --as bad\n--id visit=903334 ccd=${at.none}');
    expect(await outcome('bad')).toContain('is an object, which has no text in `ccd=');
    expect(await refused('lsst("processCcd", {id: {visit: 903334, ccd: {ccd}}})')).toContain('`id.ccd` has elements');
  });

  it('is waited for where the task is split', async () => {
    await run('%%lsst processCcd --split visit,ccd --as parts\n--id visit=903334 ccd=22^23');
    expect(
      await isTaskOf('parts', '%%lsst processCcd --split visit,ccd --as made\n--id visit=903334 ccd=${at.both}'),
    ).toBe('true');
  });
});

describe('a configuration file in a result', () => {
  it('is the same input by the future, by its final path, and by a value that says the path', async () => {
    await run('%%lsst processCcd --as flat\n--id visit=903334 ccd=22 -C ${code}/c.py');
    for (const cell of [
      '%%lsst processCcd --as made\n--id visit=903334 ccd=22 -C ${(await code).path}/c.py',
      '%%lsst processCcd --as made\n--id visit=903334 ccd=22 -C ${at.path}/c.py',
      'var made = lsst("processCcd", {id: {visit: 903334, ccd: 22}, configFile: `${(await code).path}/c.py`}); 0',
    ])
      expect(await isTaskOf('flat', cell), cell).toBe('true');
  });
});
