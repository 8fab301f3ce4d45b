import {describe, expect, it} from 'vitest';
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {sharedStack} from './shared-stack.js';

const {directory, kernel, outcome, refused, run} = sharedStack(
  '%%lsst ingestImages\n$CI_HSC_DIR/raw/*.fits --mode=link',
);

describe("a person's rerun", () => {
  const WORDS = "is a person's rerun, which may change at any time: it can't be the input of a cached task";

  it('is refused where a script or the words of a cached task name it', async () => {
    await run('%%lsst processCcd --rerun manual1 --as mine\n--id visit=903334 ccd=16');
    for (const cell of [
      '%%bash --from mine --as read\nls "$mine"',
      '%%bash --with x=${mine} --as read\nls "$x"',
      '%%lsst processCcd --as read\n--id visit=903334 ccd=16 --config x=${mine}',
      '%%lsst processCcd --from mine --as read\n--id visit=903334 ccd=16',
    ]) {
      const said = await refused(cell);
      expect(said, cell).toContain('W5011');
      expect(said, cell).toContain(WORDS);
      expect(said, cell).toContain('%adopt RERUN --as NAME');
    }
    expect(await refused('const inCode = bash("ls $mine", {from: {mine}});')).toContain(WORDS);
    expect(await outcome('mine')).toBe("'done'");
  });

  it('is refused in words where it becomes known later', async () => {
    await run('%%bash --value --as visit\necho 903334');
    await run('%%lsst processCcd --rerun manual2 --as late\n--id visit=${visit} ccd=16');
    await run('%%bash --from late --as read\nls "$late"');
    expect(await outcome('read')).toContain(WORDS);
    await run('%%lsst processCcd --as map\n--id visit=903334 ccd=16 --config x=${late}');
    expect(await outcome('map')).toContain(WORDS);
  });
});

describe("the parents of a person's rerun", () => {
  const sky = (name: string, words: string): Promise<string> =>
    run(`%%lsst makeDiscreteSkyMap ${words} --as ${name}\n--id`).then(() => outcome(name));

  it('stay those that it was made with', async () => {
    await run('%%foreach ccd in [16, 22, 23]\n%%lsst processCcd --as a\n--id visit=903334 ccd=${ccd}');
    expect(await sky('s1', '--rerun many --from a[16] --from a[22]')).toBe("'done'");
    expect(await sky('s2', '--rerun many --from a[16] --from a[22]')).toBe("'done'");
    for (const from of ['--from a[16] --from a[22] --from a[23]', '--from a[22] --from a[16]', '--from a[23]'])
      expect(await sky('s3', `--rerun many ${from}`), from).toMatch(
        /the rerun `many` has other parents than `weft\/processCcd.*`: `weft\/processCcd.*, `weft\/processCcd-\w+`.*take another name, or remove .*rerun\/many/s,
      );
    expect(await sky('s4', '--rerun many')).toBe("'done'");
  });

  it('are waited for where a cell before writes in them, and what reads them is waited for in turn', async () => {
    const gate = join(directory(), 'gate');
    await run(`%%bash --value --as wait\nuntil [ -e ${gate} ]; do sleep 0.05; done; echo 22`);
    await run('%%lsst processCcd --rerun first --as w1\n--id visit=903334 ccd=${wait}');
    await run('%%lsst makeDiscreteSkyMap --from rerun:first --rerun second --as r1\n--id');
    await run('%%lsst processCcd --rerun first --as w2\n--id visit=903334 ccd=23');
    await run(
      'const order: string[] = []; for (const [name, task] of Object.entries({w1, r1, w2})) void task.then(() => order.push(name), error => order.push(String(error)));',
    );
    expect(await run('%status')).toMatch(/r1 +waiting[^]*w2 +waiting/);
    writeFileSync(gate, '');
    expect(await run('await Promise.allSettled([w1, r1, w2]); order.join()')).toBe("'w1,r1,w2'");
    expect((await kernel().client.execute('%log r1')).outputs.streams.stdout).toContain('bounding boxes of 1 images');
  });

  it('are there, else those that are there are named', async () => {
    expect(await sky('s5', '--rerun new --from rerun:mnay')).toMatch(
      /there is no rerun `mnay` in .*\/DATA.*there is .*\bmany\b/s,
    );
    expect(readdirSync(join(directory(), 'DATA/rerun'))).not.toContain('new');
  });

  it('and its name are said once, in a pasted command or in the line', async () => {
    const pasted = (line: string, rerun: string): Promise<string> =>
      refused(`%%lsst processCcd ${line}\nprocessCcd.py DATA --rerun ${rerun} --id visit=903334 ccd=16`);
    expect(await pasted('--rerun one', 'two')).toMatch(/:2:28 {2}W5005 .*`--rerun two`.* `--rerun one`/);
    expect(await pasted('--rerun one --from rerun:many', 'a:one')).toMatch(/W5005 .*`--rerun a:one`.* `--from`/);
    expect(await pasted('', '../one')).toMatch(/:2:28 {2}W5013/);
    expect(await pasted('--split ccd', 'one')).toMatch(/:2:28 {2}W5012/);
  });
});

describe('a person’s rerun that is adopted', () => {
  const text = (name: string): Promise<string> => run(`(await ${name}).path`).then(path => path.slice(1, -1));

  it('is an input from then on, and later changes of it do not reach that', async () => {
    await run('%%lsst processCcd --rerun base --as base\n--id visit=903334 ccd=16');
    await run('%%lsst processCcd --from rerun:base --rerun chained\n--id visit=903334 ccd=22');
    await run('%adopt chained --as frozen');
    await run('%%bash --from frozen --value --as count\nfind "$frozen/" -name "CORR-*" | wc -l');
    expect(await run('await count')).toBe('1');
    const path = await text('frozen');
    expect(path).toMatch(/\/DATA\/rerun\/weft\/adopt-[0-9a-f]{12}$/);
    // Its parent is a person's rerun too, and was frozen with it: all is read without either.
    const corr = join(directory(), 'DATA/rerun/chained');
    const changed =
      readdirSync(corr, {recursive: true, encoding: 'utf8'}).find(name => /CORR-.*fits$/.test(name)) ?? '';
    const before = readFileSync(join(path, changed));
    writeFileSync(join(corr, changed), 'edited');
    rmSync(join(directory(), 'DATA/rerun/base'), {recursive: true});
    expect(readFileSync(join(path, changed))).toEqual(before);
    expect(await run('(await frozen).dataIds().map(({ccd}) => ccd)')).toContain('22');
    expect(
      await run('JSON.stringify((await frozen).parents.map(path => path.replace(/.*rerun.(weft.adopt).*/, "$1")))'),
    ).toBe('\'["weft/adopt"]\'');
    await run('%%lsst processCcd --from frozen --as next\n--id visit=903334 ccd=23');
    expect(await outcome('next')).toBe("'done'");
    // Adopted again it is another one; the first stays what it is.
    mkdirSync(join(directory(), 'DATA/rerun/base'));
    await run('%adopt chained --as frozen2');
    expect(await text('frozen2')).not.toBe(path);
    expect(await text('frozen')).toBe(path);
  });

  it('is refused by what it is not, at its place', async () => {
    expect(await refused('%adopt manual9 --as x')).toMatch(/W7052[^]*there is no rerun `manual9`/);
    expect(await refused('%adopt weft/processCcd --as x')).toContain('W5013');
    expect(await refused('%adopt mine --as mine')).toContain('W2011');
    expect(await refused('%adopt mine --as 2nd')).toMatch(/W2005[^]*_2nd/);
    expect(await refused('%adopt mine')).toMatch(/W7051[^]*%adopt mine --as NAME/);
    expect(await refused('%adopt manual1')).toMatch(/W2034[^]*%adopt RERUN --as NAME/);
    expect(await refused('%adopt mine late --as x')).toContain('W7052');
    await run('%%bash --as plain\necho hi > out');
    expect(await refused('%adopt plain --as x')).toMatch(/W7052[^]*rerun:plain/);
  });
});

describe('a task that changes the root, and waits for a value', () => {
  it('is waited for by what was submitted after it', async () => {
    await run('%%bash --value --as more\nsleep 0.5; echo \'"link"\'');
    await run('%%lsst ingestImages --as again\n$CI_HSC_DIR/raw/*.fits --mode=${more} --ignore-ingested');
    await run('%%lsst processCcd --as after\n--id visit=903334 ccd=22');
    const ended =
      'const order: string[] = []; await Promise.all([again.then(() => order.push("again"), () => order.push("failed")), after.then(() => order.push("after"))]); order.join(" ")';
    expect(await run(ended)).toBe("'again after'");
  });
});

describe('a rerun', () => {
  it('tells the data ids of its datasets, and a join those of its members', async () => {
    await run('%%lsst processCcd --split visit,ccd --as calexps\n--id visit=903334 ccd=16^22');
    const ids = await run(
      'JSON.stringify((await calexps).dataIds().map(({visit, ccd, filter}) => [visit, ccd, filter]))',
    );
    expect(ids).toBe(`'[[903334,16,"HSC-R"],[903334,22,"HSC-R"]]'`);
    expect(await run('(await after).dataIds().length')).toBe('1');
  });
});

describe('tasks that are to be bundled', () => {
  it('are said to be bundled only in a container', async () => {
    const {outputs} = await kernel().client.execute('%%bash --bundle 4 --as bundled\necho hi');
    expect(outputs.error).toBeUndefined();
    expect(JSON.stringify(outputs)).toContain('only tasks in a container are bundled');
  });
});
