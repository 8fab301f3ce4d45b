import {appendFileSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {AttemptId} from '../../kernel/graph/task.js';
import {Claims} from '../../kernel/store/claim.js';
import {stampOf} from '../../kernel/machine/process-life.js';
import {CrashRig, runCells, WORK} from './crash-rig.js';

const cell = (rig: CrashRig, name: string): string => `%%bash --as ${name}\n${rig.body(name)}`;

/** A chain of three, of which the first ends at once. */
function chain(rig: CrashRig): readonly string[] {
  rig.open('first');
  const reads = (from: string): string => `cat $${from}/out.txt > out.txt; echo and more >> out.txt`;
  return [
    cell(rig, 'first'),
    `%%bash --as second --with first\n${rig.body('second', reads('first'))}`,
    `%%bash --as third --with second\n${rig.body('third', reads('second'))}`,
  ];
}

test('a kernel is killed in the middle of a task: what was finished is cached, what runs is attached, nothing runs twice', async () => {
  using rig = new CrashRig();
  const cells = chain(rig);
  {
    await using kernel = await rig.start();
    for (const code of cells) await kernel.client.execute(code);
    await rig.begun('second');
    await kernel.kill();
  }
  await using kernel = await rig.start();
  for (const code of cells) await kernel.client.execute(code);
  await kernel.client.waitFor(({content}) => JSON.stringify(content).includes('running'));
  rig.open();
  const texts = await runCells(kernel, cells);
  expect(texts[0]).toContain('cached');
  expect(texts[1]).toContain('ran elsewhere');
  // It may have ended before its cell was run once more.
  expect(texts[2]).toMatch(/done|cached/);
  expect(rig.ran).toEqual(['first', 'second', 'third']);
  expect(readFileSync(join(await rig.result('third'), 'out.txt'), 'utf8')).toBe(
    'result of first\nand more\nand more\n',
  );
  await kernel.shutdown();
  expect(rig.leftovers).toEqual([]);
});

test('a task that ended while no kernel was there is published by the next one', async () => {
  using rig = new CrashRig();
  {
    await using kernel = await rig.start();
    await kernel.client.execute(cell(rig, 'a'));
    await kernel.client.execute(`%%bash --value --as v\n${rig.body('v', 'echo 42')}`);
    await rig.begun('a');
    await rig.begun('v');
    await kernel.kill();
  }
  const [runner] = rig.runners;
  rig.open();
  await rig.until(runner!.directory, () => readdirSync(runner!.directory).includes('.weft.exit'));
  await using kernel = await rig.start();
  const [a] = await runCells(kernel, [cell(rig, 'a'), `%%bash --value --as v\n${rig.body('v', 'echo 42')}`]);
  expect(a).toContain('ran elsewhere');
  expect((await kernel.client.execute('await v')).outputs.text).toBe('42');
  expect(rig.ran.toSorted()).toEqual(['a', 'v']);
});

test('a kernel is killed while tasks are queued and handed ahead: each runs once', async () => {
  using rig = new CrashRig();
  const env = {WEFT_SLOTS: '1'};
  const code = `%%foreach q in [q1, q2, q3, q4, q5, q6, q7]\n%%bash --as set\necho $q >> ${rig.counter}\nuntil [ -e ${rig.at('open-all')} ]; do sleep 0.02; done; echo $q > out.txt`;
  {
    await using kernel = await rig.start({env});
    // Short jobs, so that runners are given some ahead.
    await runCells(kernel, ['%%foreach i in [1..20]\n%%bash --value\necho 1']);
    await kernel.client.execute(code);
    await rig.begun('q1');
    await expect.poll(() => rig.runners.length).toBeGreaterThan(1);
    await kernel.kill();
  }
  await using kernel = await rig.start({env});
  await kernel.client.execute(code);
  rig.open();
  const [text] = await runCells(kernel, [code]);
  expect(text).toContain('7');
  expect(text).not.toContain('failed');
  expect(rig.ran.toSorted()).toEqual(['q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7']);
  const files = await kernel.client.execute(
    '[...(await set).values()].map(files => files.text("out.txt").trim()).join()',
  );
  expect(files.outputs.text).toContain('q1,q2,q3,q4,q5,q6,q7');
});

test('a kernel that is shut down leaves what runs to the next one, and takes back what waits', async () => {
  using rig = new CrashRig();
  const env = {WEFT_SLOTS: '1'};
  const cells = [cell(rig, 'a'), cell(rig, 'b')];
  {
    await using kernel = await rig.start({env});
    for (const code of cells) await kernel.client.execute(code);
    await rig.begun('a');
    await kernel.shutdown();
  }
  rig.open();
  await using kernel = await rig.start({env});
  const texts = await runCells(kernel, cells);
  expect(texts[0]).toContain('ran elsewhere');
  expect(texts[1]).toContain('done');
  expect(rig.ran).toEqual(['a', 'b']);
});

test('kernel and runner are killed: the task runs again, and what was left of it is ended', async () => {
  using rig = new CrashRig();
  {
    await using kernel = await rig.start();
    await kernel.client.execute(cell(rig, 'a'));
    await rig.begun('a');
    await kernel.kill();
  }
  for (const {pid} of rig.runners) process.kill(pid, 'SIGKILL');
  await using kernel = await rig.start();
  await kernel.client.execute(cell(rig, 'a'));
  await rig.begun('a', 2);
  rig.open();
  const [text] = await runCells(kernel, [cell(rig, 'a')]);
  expect(text).toMatch(/done|cached/);
  expect(rig.ran).toEqual(['a', 'a']);
  expect(readFileSync(join(await rig.result('a'), 'out.txt'), 'utf8')).toBe('result of a\n');
  await kernel.shutdown();
  expect(rig.leftovers).toEqual([]);
});

test('what is half written when kernel and runner are killed is never seen under the name of the result', async () => {
  using rig = new CrashRig();
  const wait = `until [ -e ${rig.at('open-all')} ]; do sleep 0.02; done`;
  const code = `%%bash --as a\necho half > out.txt\necho a >> ${rig.counter}\n${wait}\necho whole >> out.txt`;
  {
    await using kernel = await rig.start();
    await kernel.client.execute(code);
    await rig.begun('a');
    expect(rig.published).toEqual([]);
    await kernel.kill();
  }
  for (const {pid} of rig.runners) process.kill(pid, 'SIGKILL');
  expect(rig.published).toEqual([]);
  rig.open();
  await using kernel = await rig.start();
  const [text] = await runCells(kernel, [code]);
  expect(text).toContain('done');
  expect(rig.published).toHaveLength(1);
  expect(readFileSync(join(await rig.result('a'), 'out.txt'), 'utf8')).toBe('half\nwhole\n');
});

test('kernels that are killed again and again while short tasks run lose nothing and run nothing twice', async () => {
  using rig = new CrashRig();
  const count = 60;
  const code = `%%foreach i in [1..${count}]\n%%bash --as set\necho $i >> ${rig.counter}\necho $i > out.txt`;
  const values = `%%foreach i in [1..${count}]\n%%bash --as values --value\necho v$i >> ${rig.counter}\necho $i`;
  for (const kill of [3, 20, 50, 80, 100]) {
    await using kernel = await rig.start();
    kernel.client.start(code);
    kernel.client.start(values);
    await rig.until(rig.counter, () => rig.ran.length >= kill);
    await kernel.kill();
  }
  await using kernel = await rig.start();
  const texts = await runCells(kernel, [code, values]);
  expect(texts.join('\n')).not.toMatch(/failed|lost/);
  const sum = await kernel.client.execute('[...(await values).values()].reduce((a, b) => a + b, 0)');
  expect(sum.outputs.text).toBe(String((count * (count + 1)) / 2));
  const names = Array.from({length: count}, (_, i) => [String(i + 1), `v${i + 1}`]).flat();
  expect(rig.ran.toSorted()).toEqual(names.toSorted());
  await kernel.shutdown();
  expect(rig.leftovers).toEqual([]);
});

test('two kernels run the same cells at once: each task runs once, the other kernel attaches', async () => {
  using rig = new CrashRig();
  const cells = chain(rig);
  await using one = await rig.start();
  await using two = await rig.start();
  const both = [one, two].map(kernel => runCells(kernel, cells));
  await rig.begun('second');
  rig.open();
  const texts = (await Promise.all(both)).flat();
  for (const text of texts) expect(text).toMatch(/done|cached/);
  expect(rig.ran).toEqual(['first', 'second', 'third']);
});

test('a task that one kernel cancels is run by the other that waits for it, and that is its first try', async () => {
  using rig = new CrashRig();
  await using one = await rig.start();
  await one.client.execute(cell(rig, 'a'));
  await rig.begun('a');
  await using two = await rig.start();
  await two.client.execute(cell(rig, 'a'));
  await two.client.waitFor(({content}) => JSON.stringify(content).includes('running elsewhere'));
  await one.client.execute('%cancel a');
  await rig.begun('a', 2);
  const {outputs} = await two.client.execute('%status');
  expect(outputs.text ?? JSON.stringify(outputs.displays)).not.toContain('try');
  rig.open();
  expect((await runCells(two, [cell(rig, 'a')])).join('')).toMatch(/done|cached/);
});

test('what another kernel forces while a task reads it is read again, once', async () => {
  using rig = new CrashRig();
  writeFileSync(rig.at('state'), 'one');
  rig.open('a');
  const cells = [
    `%%bash --as a\n${rig.body('a', `cp ${rig.at('state')} out.txt`)}`,
    `%%bash --as r --from a\ncp "$a/out.txt" first\n${rig.body('r', 'cp "$a/out.txt" second')}`,
  ];
  await using one = await rig.start();
  for (const code of cells) await one.client.execute(code);
  await rig.begun('r');
  await using two = await rig.start();
  await two.client.execute(cells[0] ?? '');
  writeFileSync(rig.at('state'), 'two');
  await two.client.execute('%force a\n%wait a');
  rig.open();
  const read = await one.client.execute('[(await r).text("first"), (await r).text("second")]');
  expect(read.outputs.text).toBe("[ 'two', 'two' ]");
  expect(rig.ran).toEqual(['a', 'r', 'a', 'r']);
});

test('a task that fails in one kernel is seen to fail by the other, which does not run it again', async () => {
  using rig = new CrashRig();
  const code = `%%bash --as a\n${rig.body('a', 'echo it is broken; exit 3')}`;
  await using one = await rig.start();
  await one.client.execute(code);
  await rig.begun('a');
  await using two = await rig.start();
  const other = runCells(two, [code]);
  await two.client.waitFor(({content}) => JSON.stringify(content).includes('running'));
  rig.open();
  expect(await runCells(one, [])).toEqual([]);
  const [text] = await other;
  expect(text).toContain('exit 3');
  expect(text).toContain('it is broken');
  expect(rig.ran).toEqual(['a']);
});

test('a kernel that attached takes over when the one that owns the task is killed', async () => {
  using rig = new CrashRig();
  await using one = await rig.start();
  await one.client.execute(cell(rig, 'a'));
  await rig.begun('a');
  await using two = await rig.start();
  const other = runCells(two, [cell(rig, 'a')]);
  await two.client.waitFor(({content}) => JSON.stringify(content).includes('running'));
  await one.kill();
  rig.open();
  expect((await other)[0]).toContain('ran elsewhere');
  expect(rig.ran).toEqual(['a']);
});

test('a kernel that died between its claim and the start of the task is followed by the next', async () => {
  using rig = new CrashRig();
  rig.open();
  {
    await using kernel = await rig.start();
    await runCells(kernel, [cell(rig, 'a'), cell(rig, 'b')]);
  }
  const fingerprints = ['a', 'b'].map(name => rig.fingerprint(name));
  rmSync(join(rig.directory, '.weft'), {recursive: true});
  const claims = new Claims(join(rig.directory, '.weft/claims'));
  const dead = {...stampOf()!, startTime: '1'};
  const directory = join(rig.directory, WORK, 'aa/.bash-0.x');
  claims.claim(fingerprints[0]!, {attempt: 'x' as AttemptId, directory, kernel: dead, at: new Date().toISOString()});
  // A claim that did not reach the disk.
  writeFileSync(join(rig.directory, '.weft/claims', `${fingerprints[1]!}.1`), '');
  await using kernel = await rig.start();
  const texts = await runCells(kernel, [cell(rig, 'a'), cell(rig, 'b')]);
  for (const text of texts) expect(text).toContain('done');
  expect(rig.ran.toSorted()).toEqual(['a', 'a', 'b', 'b']);
  await kernel.shutdown();
  expect(rig.leftovers).toEqual([]);
});

test('a result whose line in the journal was lost is found by its manifest', async () => {
  using rig = new CrashRig();
  rig.open();
  {
    await using kernel = await rig.start();
    await runCells(kernel, [cell(rig, 'a')]);
    await kernel.kill();
  }
  const runs = join(rig.directory, '.weft/runs');
  for (const name of readdirSync(runs)) rmSync(join(runs, name));
  await using kernel = await rig.start();
  expect((await runCells(kernel, [cell(rig, 'a')]))[0]).toContain('cached');
  expect(rig.ran).toEqual(['a']);
});

test('a deleted output costs its task alone, a touched one nothing, and a changed one is named', async () => {
  using rig = new CrashRig();
  const cells = chain(rig);
  rig.open();
  {
    await using kernel = await rig.start();
    await runCells(kernel, cells);
    await kernel.shutdown();
  }
  const [first, third] = [await rig.result('first'), await rig.result('third')];
  rmSync(join(first, 'out.txt'));
  utimesSync(join(third, 'out.txt'), 1000, 1000);
  {
    await using kernel = await rig.start();
    const texts = await runCells(kernel, cells);
    expect(texts[0]).toContain('out.txt is missing');
    expect(texts[1]).toContain('cached');
    expect(texts[2]).toContain('cached');
    expect(rig.ran).toEqual(['first', 'second', 'third', 'first']);
    await kernel.shutdown();
  }
  expect(rig.journal.filter(({is}) => is === 'renewed')).toHaveLength(1);
  appendFileSync(join(third, 'out.txt'), 'not by a task');
  await using kernel = await rig.start();
  const texts = await runCells(kernel, cells);
  expect(texts[2]).toMatch(/out\.txt has another (size|content)/);
  expect(rig.ran).toEqual(['first', 'second', 'third', 'first', 'third']);
});
