import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {startKernel, type Kernel} from '../rig/kernel.js';
import {coaddCells, House, INGEST, SETUP} from './house.js';

/** A house with the stack, its data and an ingested root, made once: paths in it are absolute, so tests share it. */
let house: House;

beforeAll(async () => {
  house = new House({WEFT_SLOTS: '2'});
  house.write('ingest.ipynb', [...SETUP, ...INGEST]);
  const {summary, ended} = await house.run('ingest.ipynb');
  expect(summary.tasks, ended.stderr).toMatchObject({total: 2, ran: 2});
});

afterAll(() => house[Symbol.dispose]());

const cells = (config?: string): readonly string[] => [SETUP[1]!, '%repo DATA', ...coaddCells(config)];

describe('A change of configuration', () => {
  test(
    'runs the warps, the coadd and the join that depend on it, and nothing else; back again runs nothing.',
    {timeout: 150_000},
    async () => {
      house.write('coadds.ipynb', cells());
      const first = await house.run('coadds.ipynb');
      expect(first.summary.ok, first.ended.stderr).toBe(true);
      const {total} = first.summary.tasks;
      expect(first.summary.tasks).toMatchObject({ran: total, cached: 0});

      house.write('changed.ipynb', [
        ...cells('warpAndPsfMatch.warp.warpingKernelName=bilinear'),
        '%wait',
        '%why warps[HSC-R]',
      ]);
      const changed = await house.run('changed.ipynb', ['-o', 'changed.out.ipynb']);
      expect(changed.summary.tasks).toMatchObject({total, ran: 2, cached: total - 2, failed: 0});
      expect(changed.summary.joins).toMatchObject({total: 2, ran: 1, cached: 1});
      const why = lastOutput(house.at('changed.out.ipynb'));
      expect(why).toMatch(/warpingKernelName/);
      expect(why).toMatch(/lanczos3/);
      expect(why).toMatch(/bilinear/);

      const back = await house.run('coadds.ipynb');
      expect(back.summary.tasks).toMatchObject({total, ran: 0, cached: total});
      expect(back.summary.joins).toMatchObject({ran: 0});
    },
  );

  test(
    'A product is finished before the next is begun: with one slot the coadd of R is there before the warps of I.',
    {timeout: 120_000},
    async () => {
      house.write(
        'order.ipynb',
        cells('warpAndPsfMatch.warp.warpingKernelName=bilinear').map(cell =>
          cell.replaceAll('patch=0,0^1,0^0,1^1,1', 'patch=1,0^1,1'),
        ),
      );
      const {summary} = await house.run('order.ipynb', [], {WEFT_SLOTS: '1'});
      expect(summary.ok).toBe(true);
      const done = (name: string): {startedAt: string; endedAt: string} =>
        house.results().findLast(({label}) => label === name)!;
      expect(done('assembleCoadd filter=HSC-R').startedAt < done('makeCoaddTempExp filter=HSC-I').endedAt).toBe(true);
    },
  );
});

describe('A kernel that is killed', () => {
  test(
    'in the middle of processCcd loses no finished work and runs nothing twice; the bytes are those of an undisturbed run.',
    {timeout: 170_000},
    async () => {
      const process =
        '%%lsst processCcd --split visit,ccd --as calexps\n--id visit=903342^904010 ccd=4^10\n--config isr.doBias=True';
      const slow = '%env SIMSTACK_SLEEP_MS=700';
      const open = async (): Promise<Kernel> => {
        const kernel = await startKernel({directory: house.at(), home: house.at(), env: {WEFT_SLOTS: '2'}});
        for (const cell of [SETUP[1]!, slow, '%repo DATA'])
          expect((await kernel.client.execute(cell)).reply['status']).toBe('ok');
        return kernel;
      };
      {
        await using kernel = await open();
        await kernel.client.execute(process);
        await kernel.client.waitFor(
          ({header, content}) =>
            header.msg_type === 'update_display_data' &&
            /1 ran|2 ran/.test(text(content)) &&
            /running/.test(text(content)),
          {timeout: 60_000},
        );
        await kernel.kill();
      }
      await using kernel = await open();
      const again = await kernel.client.execute(process);
      expect(again.reply['status']).toBe('ok');
      const waited = await kernel.client.execute('await calexps; "joined"', {timeout: 90_000});
      expect(waited.outputs.error?.evalue).toBeUndefined();
      const shown = again.outputs.displays.at(-1)!.data['text/plain'] as string;
      expect(shown).toMatch(/cached/);
      await kernel.shutdown();

      const mine = house
        .results()
        .filter(
          ({label, recipe}) => label.startsWith('processCcd') && recipe.environment?.['SIMSTACK_SLEEP_MS'] === '700',
        );
      const made = mine.filter(({outputs}) => outputs.some(({path}) => path.includes('CORR-')));
      expect(made).toHaveLength(4);
      expect(new Set(made.map(({fingerprint}) => fingerprint)).size).toBe(4);
      // The log of each was written by one run.
      for (const {directory} of made)
        expect(readFileSync(join(directory!, '.weft.log'), 'utf8').match(/INFO: Running: /g) ?? ['one']).toHaveLength(
          1,
        );
      const left = readdirSync(house.at('DATA', 'rerun', 'weft')).filter(name => name.startsWith('.processCcd'));
      expect(left).toEqual([]);

      house.write('undisturbed.ipynb', [SETUP[1]!, '%env SIMSTACK_SLEEP_MS=0', '%repo DATA', process]);
      expect((await house.run('undisturbed.ipynb')).summary.ok).toBe(true);
      const others = house
        .results()
        .filter(
          ({label, recipe}) => label.startsWith('processCcd') && recipe.environment?.['SIMSTACK_SLEEP_MS'] === '0',
        );
      for (const {label, directory} of made) {
        const other = others.find(each => each.label === label)!;
        expect(digests(directory!), label).toEqual(digests(other.directory!));
      }
    },
  );
});

describe('Bad input gets an error that names the place', () => {
  let kernel: Kernel;

  beforeAll(async () => {
    kernel = await startKernel({directory: house.at(), home: house.at()});
    await kernel.client.execute(SETUP[1]!);
    await kernel.client.execute('%repo DATA');
    await kernel.client.execute('%%bash --as files --out a\necho > a');
  });

  afterAll(async () => kernel[Symbol.asyncDispose]());

  const bad: readonly (readonly [what: string, cell: string, says: RegExp])[] = [
    [
      'an unknown task',
      '%%lsst makeCoaddTmpExp --from files\n--id filter=HSC-R',
      /:1:8 {2}W2007 {2}unknown task `makeCoaddTmpExp`[^]*~{15} {2}did you mean `makeCoaddTempExp`\?/,
    ],
    ['an unknown magic', '%%lst processCcd', /:1:1 {2}W1003[^]*did you mean `%%lsst`\?/],
    ['an unknown option', '%%lsst processCcd --form files\n--id', /:1:19 {2}W2001[^]*did you mean `--from`\?/],
    [
      'an unknown name',
      '%%lsst makeDiscreteSkyMap --from calexp_s\n--id',
      /:1:34 {2}W\d+ {2}`calexp_s` is not defined/,
    ],
    ['an unbalanced quote', '%%lsst processCcd\n--id --config a="b', /:2:17 {2}W1101/],
    [
      '--from of something that is no repository',
      '%%lsst makeDiscreteSkyMap --from files\n--id',
      /:1:34 {2}W\d+ {2}`files` [^]*repositor/,
    ],
    ['a task without --id', '%%lsst processCcd', /W\d+ [^]*--id/],
    ['a name that the cell binds and takes', '%%lsst makeDiscreteSkyMap --from files --as files\n--id', /W2011/],
    ['a directory that is no repository', '%repo .', /W7005/],
    ['a Weft option in the body', '%%lsst processCcd\n--id --from files', /:2:6 {2}W\d+/],
  ];
  for (const [what, cell, says] of bad) {
    test(`${what}.`, async () => {
      const {reply, outputs} = await kernel.client.execute(cell);
      expect(reply['status']).toBe('error');
      expect(outputs.error?.traceback.join('\n')).toMatch(says);
    });
  }

  test('A stack that is not set up is said with the lines that set it up.', async () => {
    await using bare = await startKernel({directory: house.at(), home: house.at()});
    await bare.client.execute('%repo DATA');
    const {outputs} = await bare.client.execute('%%lsst processCcd\n--id');
    expect(outputs.error?.traceback.join('\n')).toMatch(/%setup/);
  });

  test('A bare set inside a loop over its own variable is an error that shows both meanings.', async () => {
    await kernel.client.execute('%%foreach filter in [HSC-R, HSC-I]\n%%bash --as each\necho $filter');
    const {outputs} = await kernel.client.execute(
      '%%foreach filter in [HSC-R, HSC-I]\n%%lsst assembleCoadd --from each\n--id filter=${filter} tract=0',
    );
    expect(outputs.error?.traceback.join('\n')).toMatch(/each\[filter\][^]*each\[\*\]/);
  });
});

const text = (content: Readonly<Record<string, unknown>>): string => {
  const plain = (content['data'] as Record<string, unknown> | undefined)?.['text/plain'];
  return typeof plain === 'string' ? plain : '';
};

function lastOutput(path: string): string {
  const {cells: all} = JSON.parse(readFileSync(path, 'utf8')) as {
    cells: {outputs: {data?: Record<string, string>; text?: string}[]}[];
  };
  const outputs = all.at(-1)!.outputs;
  return outputs.map(output => output.data?.['text/plain'] ?? output.text ?? '').join('\n');
}

/** sha256 of each dataset of a rerun. */
function digests(directory: string): Record<string, string> {
  expect(existsSync(directory)).toBe(true);
  const names = readdirSync(directory, {recursive: true, encoding: 'utf8'}).filter(
    name => name.endsWith('.fits') && statSync(join(directory, name)).isFile(),
  );
  expect(names.length).toBeGreaterThan(3);
  return Object.fromEntries(
    names.sort().map(name => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ]),
  );
}
