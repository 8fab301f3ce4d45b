import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import fc from 'fast-check';
import {lsstMagic} from '../../../magics/lsst/lsst.js';
import {FakeNotebook} from './fake-context.js';

const notebook = new FakeNotebook();
const of = async (body: string): Promise<string> =>
  (await notebook.task(lsstMagic, `%%lsst processCcd\n${body}`)).fingerprint;

describe('the recipe of a task', () => {
  it.each([
    ['the order of data ids', '--id visit=1^2 ccd=3', '--id ccd=3 visit=2^1'],
    ['how a list is written', '--id visit=1..5:2', '--id visit=1^3^5'],
    ['how often an id is said', '--id visit=1 --id visit=1', '--id visit=1'],
    ['leading zeros of numbers', '--id visit=1 ccd=003', '--id visit=1 ccd=3'],
    ['blanks, line ends and comments', '--id visit=1  # all\n -c a=1', '--id visit=1 \\\n-c a=1'],
    ['the order of options', '--id visit=1 -c a=1', '--config a=1 --id visit=1'],
    ['how it is run', '--id visit=1 -j 4 -L DEBUG --longlog --doraise --no-versions --profile x -t 9', '--id visit=1'],
    ['quotes', `--id 'visit=1' -c a="x y"`, `--id visit=1 -c 'a=x y'`],
    ['the program in front', 'processCcd.py DATA --rerun weft/x --id visit=1', '--id visit=1'],
    ['the extension of the task', '--id visit=1', '--id visit=1'],
  ])('does not hold %s', async (_what, one, other) => expect(await of(one)).toBe(await of(other)));

  it.each([
    ['another data id', '--id visit=1', '--id visit=2'],
    ['a wildcard', '--id', '--id visit=1'],
    ['the order of configurations', '--id -c a=1 a=2', '--id -c a=2 a=1'],
    ['another option', '--id', '--id --clobber-config'],
    ['what is selected', '--id visit=1 --selectId visit=1', '--id visit=1 --selectId visit=2'],
  ])('holds %s', async (_what, one, other) => expect(await of(one)).not.toBe(await of(other)));

  it('holds a configuration file by its content, wherever it lies', async () => {
    for (const [name, text] of [
      ['a.py', 'config.x=1\n'],
      ['b.py', 'config.x=1\n'],
      ['c.py', 'config.x=2\n'],
    ] as const)
      writeFileSync(join(notebook.directory, name), text);
    expect(await of('--id -C a.py')).toBe(await of('--id --configfile b.py'));
    expect(await of('--id -C a.py')).not.toBe(await of('--id -C c.py'));
    expect(await of('--id -C a.py -c x=1')).not.toBe(await of('--id -c x=1 -C a.py'));
  });

  it('is the same from a function', async () => {
    const called = async (options: Record<string, never>): Promise<string> =>
      (await notebook.called(lsstMagic, 'processCcd', options)).fingerprint;
    expect(
      await called({id: {visit: [1, 2], filter: 'HSC-R'}, config: {a: true, b: 'x'}, configFile: 'a.py'} as never),
    ).toBe(await of('--id visit=1^2 filter=HSC-R -c a=True b=x -C a.py'));
    expect(await called({id: [{visit: 1}, {visit: 2, ccd: 3}], args: '-j 4'} as never)).toBe(
      await of('--id visit=1 --id visit=2 ccd=3'),
    );
    expect(await called({args: '--id visit=1 -c a=1'} as never)).toBe(await of('--id visit=1 -c a=1'));
    expect(await called({id: true} as never)).toBe(await of('--id'));
    await expect(notebook.called(lsstMagic, 'processCcd', {id: {visit: []}})).rejects.toThrow('empty list');
    await expect(notebook.called(lsstMagic, 'processCcd', {idd: 1})).rejects.toThrow('has no option `idd`');
  });

  it('is of the data ids as a set, for any ids', async () => {
    const id = fc.dictionary(
      fc.constantFrom('visit', 'ccd', 'tract'),
      fc.array(fc.integer({min: 0, max: 20}), {minLength: 1, maxLength: 3}),
      {minKeys: 1, noNullPrototype: true},
    );
    await fc.assert(
      fc.asyncProperty(fc.array(id, {minLength: 1, maxLength: 3}), async ids => {
        const text = (list: readonly (readonly [string, readonly number[]])[]): string =>
          `--id ${list.map(([key, values]) => `${key}=${values.join('^')}`).join(' ')}`;
        const one = ids.map(each => text(Object.entries(each))).join('\n');
        const other = ids
          .toReversed()
          .map(each =>
            text(
              Object.entries(each)
                .toReversed()
                .map(([key, values]) => [key, values.toReversed()] as const),
            ),
          )
          .join(' ');
        expect(await of(one)).toBe(await of(other));
      }),
      {seed: 1, numRuns: process.env['WEFT_SOAK'] === undefined ? 20 : 500},
    );
  });
});

describe('the command of a task', () => {
  it('has the words as they were typed, and stops at the first failure where there is one data id', async () => {
    const task = await notebook.task(lsstMagic, '%%lsst processCcd.py\n--id ccd=003 visit=1 -j4 --config a=b');
    const script = await task.work.prepare({
      id: 'x' as never,
      directory: notebook.root,
      pathOf: () => '',
      fill: text => text,
    });
    expect(script.ok && script.value).toContain('env -i');
    const {readFileSync} = await import('node:fs');
    expect(readFileSync(join(notebook.root, '.weft.task'), 'utf8')).toContain(
      `'--rerun' 'weft/DATA' '--id' 'ccd=003' 'visit=1' '-j4' '--config' 'a=b' '--doraise'`,
    );
    expect(task.work.directory).toBe(join(notebook.root, 'rerun/weft', `processCcd-${task.fingerprint.slice(0, 12)}`));
  });
});
