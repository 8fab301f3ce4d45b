import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {sharedStack} from './shared-stack.js';

const {directory, kernel, outcome, refused, run} = sharedStack(
  '%%lsst ingestImages --as ing\n$CI_HSC_DIR/raw/HSCA9033342*.fits --mode=link',
);

/** How often each task of the history ran, by its label. */
async function ranAs(label: RegExp): Promise<number> {
  const lines = (await run('%history 100')).split('\n');
  return lines.filter(line => label.test(line) && / ran /.test(line)).length;
}

describe('a task that is split', () => {
  it('is forced by its parts, which its join then reads', async () => {
    await run('%%lsst processCcd --split visit,ccd --as parts\n--id visit=903334');
    await run('%wait parts');
    expect(await run('%why parts')).toMatch(/^processCcd visit=903334 ccd=\d+: no earlier/m);
    expect(await outcome('parts')).toBe("'done'");
    const before = await ranAs(/processCcd visit=903334 ccd=/);
    await run('%force parts');
    expect(await outcome('parts')).toBe("'done'");
    expect(await ranAs(/processCcd visit=903334 ccd=/)).toBe(2 * before);
    expect(await ranAs(/join processCcd/)).toBe(1);
  });

  it('is empty and done where there is no data, if that is allowed, and an input like any other', async () => {
    await run('%%lsst processCcd --split visit,ccd --as none\n--id visit=1');
    expect(await outcome('none')).toContain('has no data to split');
    await run('%%lsst processCcd --split visit,ccd --allow-empty --as empty\n--id visit=1');
    expect(await outcome('empty')).toBe("'done'");
    expect(await run('(await empty).dataIds().length')).toBe('0');
    await run('%%lsst processCcd --from empty --as next\n--id visit=903334 ccd=22');
    expect(await outcome('next')).toBe("'done'");
  });

  it('is refused at once where it only prints', async () => {
    expect(await refused('%%lsst processCcd --split visit\n--id visit=903334 --show data')).toMatch(
      /:1:8 {2}W5012 {2}`processCcd` only prints here/,
    );
  });
});

describe('a task whose parent is a part of a set', () => {
  it('sees in each element of a loop exactly the members of that element, by a join of its own', async () => {
    await run(
      '%%foreach flat in [True, False], ccd in [22, 23]\n%%lsst processCcd --as chips\n--id visit=903334 ccd=${ccd} --config isr.doFlat=${flat}',
    );
    await run('%%foreach flat in [True, False]\n%%lsst makeDiscreteSkyMap --from chips[flat] --as sky\n--id');
    await run('%%lsst makeDiscreteSkyMap --from chips[False] --as one\n--id');
    await run("const called = lsst('makeDiscreteSkyMap', {from: chips['False'], id: {}})");
    await run(`import {readFileSync} from 'node:fs';
       const membersOf = ({parents: [join]}) => readFileSync(join + '/repositoryCfg.yaml', 'utf8').match(/processCcd-[0-9a-f]{12}/g).sort().join();
       const chip = (flat, ccd) => chips[flat][ccd].then(({path}) => path.split('/').at(-1));
       const both = async flat => (await Promise.all([chip(flat, 22), chip(flat, 23)])).sort().join();`);
    for (const flat of ['True', 'False'])
      expect(await run(`membersOf(await sky['${flat}']) === await both('${flat}')`), flat).toBe('true');
    expect(await run("membersOf(await one) === await both('False')")).toBe('true');
    expect(await run('(await called).path === (await one).path')).toBe('true');
  });

  it('is compared with earlier runs of its own name, and `%why` tells of it', async () => {
    await run('%%foreach ccd in [22, 23]\n%%lsst processCcd --as pair\n--id visit=903334 ccd=${ccd}');
    const make = async (name: string, scale: string): Promise<() => string> => {
      const {outputs} = await kernel().client.execute(
        `%%lsst makeDiscreteSkyMap --from pair --as ${name}\n--id --config skyMap.pixelScale=${scale}`,
      );
      await run('%wait');
      return () => outputs.displays[0]?.data['text/plain'] as string;
    };
    await make('scaled', '0.31');
    await make('scaled', '0.32');
    const first = await make('other', '0.33');
    const again = await make('scaled', '0.34');
    await expect.poll(again, {timeout: 20_000}).toMatch(/1 ran again: config .*0\.32, is .*0\.34/);
    expect(first()).not.toContain('again');
    expect(await run('%why scaled')).toMatch(/^scaled: changed since[^]*0\.32[^]*0\.34/);
  });

  it('says what there is where the index fits nothing of a list that became known later', async () => {
    await run('%%bash --value --as list\nsleep 0.3; echo "[22, 23]"');
    await run('%%foreach ccd in list\n%%lsst processCcd --as late\n--id visit=903334 ccd=${ccd}');
    await run('%%lsst makeDiscreteSkyMap --from late[24] --as none\n--id');
    expect(await outcome('none')).toMatch(/`late\[24\]` has no element.*`ccd` is one of 22, 23/s);
  });
});

describe("a task in a person's rerun", () => {
  it('has failed where there is no data for it, whatever was there before', async () => {
    await run('%%lsst processCcd --rerun mine --as first\n--id visit=903334 ccd=22');
    expect(await outcome('first')).toBe("'done'");
    await run('%%lsst processCcd --rerun mine --as second\n--id visit=1');
    expect(await outcome('second')).toMatch(/found no data for visit=1/);
    await run('%%lsst processCcd --rerun mine --as third --allow-empty\n--id visit=1');
    expect(await outcome('third')).toBe("'done'");
  });

  it('is adopted by the name of one of its futures once all that runs in it have ended, and shown once', async () => {
    await run('%%lsst processCcd --rerun both --as one\n--id visit=903334 ccd=22');
    await run('%%lsst processCcd --rerun both --as two\n--id visit=903334 ccd=23');
    const {outputs} = await kernel().client.execute('%adopt one --as frozen');
    expect(outputs.displays).toHaveLength(1);
    expect(await run('(await frozen).dataIds().map(({ccd}) => ccd).sort().join()')).toBe("'22,23'");
  });
});

describe('what a display says of other cells', () => {
  it('nothing of what only came before it in the root', async () => {
    const go = join(directory(), 'go');
    await run(
      `%%bash --mutates DATA --as change\necho > "$WEFT_ROOT/note.txt"; until [ -e ${go} ]; do sleep 0.05; done`,
    );
    await run('%%bash --reads DATA --as reader\nls "$WEFT_ROOT"');
    await run('%%bash --from change --as taker\nls "$change"');
    writeFileSync(go, '');
    await run('await reader; await taker; 0');
    await run('%%bash --mutates DATA --as change\ntrue');
    await expect.poll(() => run('%status'), {timeout: 20_000}).toContain('taker is stale');
    expect(await run('%status')).not.toContain('reader is stale');
  });
});
