import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {lsstMagic} from '../../../magics/lsst/lsst.js';
import {FakeNotebook} from './fake-context.js';

const notebook = new FakeNotebook();
const wrong = async (text: string): Promise<readonly string[]> => {
  const draft = await notebook.cell(lsstMagic, text);
  return draft.ok ? [] : draft.error;
};

describe('a %%lsst cell', () => {
  it.each([
    ['%%lsst', ['W5001 1:1 `%%lsst` names no task']],
    ['%%lsst proccessCcd\n--id', ['W2007 1:8 unknown task `proccessCcd`']],
    ['%%lsst assembleCoadd\n--id', ['W5007 1:8 the stack that is set up has no `assembleCoadd.py`']],
    ['%%lsst obsTask\n--anything', []],
    ['%%lsst makeSkyMap', []],
    ['%%lsst processCcd', ['W5003 1:3 `processCcd` does nothing without `--id`']],
    ['%%lsst processCcd\n--id visit', ['W5002 2:6 `visit` has no value: write `visit=...`']],
    ['%%lsst processCcd\n--id visit=1..9:0', ['W5002 2:6 `1..9:0` has a stride of zero']],
    ['%%lsst processCcd\n--id --config a', ['W5002 2:15 `a` is no `NAME=VALUE`']],
    ['%%lsst processCcd\n--id --rerun x', ['W5005 2:6 `--rerun` stands in the body']],
    ['%%lsst processCcd\n--id --split visit', ['W5005 2:6 `--split` is an option of Weft, but stands in the body']],
    ['%%lsst processCcd\n--id -C none.py', ['W7001 2:9 there is no file `none.py`']],
    ['%%lsst processCcd\n--id $ONLY_KERNEL', ['W2033 2:6 the environment of the set-up has no variable `ONLY_KERNEL`']],
    ['%%lsst ingestImages\nnone/*.fits', ['W7001 2:1 `none/*.fits` matches no file']],
    ['%%lsst processCcd --rerun a:b\n--id', ['W5013 1:27 `a:b` is no name of a rerun']],
    ['%%lsst processCcd --rerun weft/x\n--id', ["W5013 1:27 `weft/x` is among Weft's own reruns"]],
    [
      '%%lsst processCcd --from rerun:a\n--id',
      ["W5011 1:26 `rerun:a` may change at any time: it can't be the input of a cached task"],
    ],
    ['%%lsst ingestImages --split visit\n', ['W5012 1:8 `ingestImages` changes the root: it has no parts']],
    [
      '%%lsst processCcd\nprocessCcd.py OTHER --id',
      [expect.stringContaining('W5008 2:15 the pasted command runs on `OTHER`')],
    ],
    ['%%lsst processCcd --repo nowhere\n--id', [expect.stringContaining('W7005 1:26 there is no directory')]],
  ])('says of %j: %j', async (text, expected) => expect(await wrong(text)).toEqual(expected));

  it('shows a pasted command as Weft writes it, and runs it in the rerun that it names', async () => {
    const draft = await notebook.cell(
      lsstMagic,
      '%%lsst processCcd\nprocessCcd.py DATA --rerun first:mine --id visit=1 --config a=b',
    );
    expect(draft.ok && draft.value.notes?.map(({severity, message, hint}) => [severity, message, hint])).toEqual([
      [
        'info',
        'a pasted command line: read as `%%lsst processCcd --from rerun:first --rerun mine`',
        'as Weft writes it:\n%repo DATA   (in a cell before)\n%%lsst processCcd --from rerun:first --rerun mine\n--id visit=1\n--config a=b',
      ],
    ]);
    const task = await notebook.task(
      lsstMagic,
      '%%lsst processCcd\nprocessCcd.py DATA --rerun first:mine --id visit=1',
    );
    expect(task.recipe.kind).toBe('rerun');
    expect(task.force).toBe(true);
    expect(task.lane).toBe(`${notebook.root}/rerun/mine`);
  });

  it('takes what is quoted in a glob as it is, and writes a pasted glob as one', async () => {
    mkdirSync(join(notebook.directory, 'raw [1]'));
    mkdirSync(join(notebook.directory, 'raw 1'));
    for (const name of ['raw [1]/a.fits', 'raw [1]/b*.fits', 'raw 1/c.fits'])
      writeFileSync(join(notebook.directory, name), name);
    const wordsOf = async (body: string): Promise<unknown> =>
      (await notebook.task(lsstMagic, `%%lsst obsTask\n${body}`)).recipe.arguments['words'];
    expect(await wordsOf("'raw [1]'/*.fits")).toEqual(await wordsOf("'raw [1]/a.fits' 'raw [1]/b*.fits'"));
    notebook.scope.set('place', 'raw [1]');
    expect(await wordsOf('${place}/b\\**')).toEqual(await wordsOf("'raw [1]/b*.fits'"));
    expect(await wordsOf("'raw [1]'/?.fits")).toEqual(await wordsOf("'raw [1]/a.fits'"));
    const draft = await notebook.cell(lsstMagic, "%%lsst obsTask\nobsTask.py DATA 'raw [1]'/*.fits");
    expect(draft.ok && draft.value.notes?.[0]?.hint).toContain('\nraw\\ \\[1\\]/*.fits');
  });

  it('says that the stack is not set up', async () => {
    const bare = new FakeNotebook([]);
    const draft = await bare.cell(lsstMagic, '%%lsst processCcd\n--id');
    expect(!draft.ok && draft.error).toEqual([
      'W5007 1:8 the stack is not set up: there is no `processCcd.py` on the PATH',
    ]);
  });

  it('joins an array in a data id, and makes words of one that stands alone', async () => {
    notebook.scope.set('ccds', [1, 2]);
    notebook.scope.set('none', []);
    const one = await notebook.task(lsstMagic, '%%lsst processCcd\n--id visit=1 ccd=${ccds}');
    const other = await notebook.task(lsstMagic, '%%lsst processCcd\n--id visit=1 ccd=1^2');
    expect(one.fingerprint).toBe(other.fingerprint);
    expect(await wrong('%%lsst processCcd\n--id ccd=${none}')).toEqual([expect.stringContaining('is an empty list')]);
    for (const [body, place] of [
      ['--id visit=1 --config a=${ccds}', '2:25'],
      ['--id visit=1 -c a=${ccds}', '2:19'],
      ['--config a=${ccds} --id visit=1', '2:12'],
    ])
      expect(await wrong(`%%lsst processCcd\n${body}`), body).toEqual([
        expect.stringMatching(new RegExp(`^W2030 ${place} .*it can't stand inside a word`)),
      ]);
    await notebook.task(lsstMagic, '%%lsst processCcd\n--config a=b --id visit=1 ccd=${ccds}');
  });
});
