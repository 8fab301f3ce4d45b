import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {refused, run, stackKernel} from './lsst/simulated-root.js';
import {rootsOfTests} from './lsst/shared-stack.js';

const newRoot = rootsOfTests();

test('a script that reads a root waits for what changes it, has its place, and runs again when it changes', async () => {
  const directory = newRoot();
  const counter = join(directory, 'count');
  writeFileSync(counter, '');
  const runs = (): number => readFileSync(counter, 'utf8').length;
  const find = 'find "$WEFT_ROOT" -name "HSC-*.fits" | wc -l';
  const reader = `%%bash --reads DATA --value --as raws\nprintf x >> ${counter}\n${find}`;
  {
    await using kernel = await stackKernel(directory);
    // Not known before the ingestion has ended.
    await run(kernel, '%%lsst ingestImages --as first\n$CI_HSC_DIR/raw/HSCA903334*.fits --mode=link');
    await run(kernel, reader);
    await run(
      kernel,
      `%%python --reads ./DATA/ --value --as py\nimport os\n[weft.root.name, (weft.root / "_mapper").read_text().strip(), os.path.isabs(str(weft.root))]`,
    );
    const before = Number(await run(kernel, 'await raws'));
    expect(before).toBeGreaterThan(0);
    expect(await run(kernel, 'await py')).toBe("[ 'DATA', 'lsst.obs.hsc.HscMapper', true ]");
    expect(runs()).toBe(1);
    // The same as a function, with the root as it is; a rerun in it, and a hidden file, are no part of it.
    mkdirSync(join(directory, 'DATA/rerun/manual1'), {recursive: true});
    writeFileSync(join(directory, 'DATA/rerun/manual1/x.txt'), 'x');
    writeFileSync(join(directory, 'DATA/.hidden'), 'x');
    expect(await run(kernel, `await bash(\`printf x >> ${counter}\n${find}\`, {reads: "DATA", value: true})`)).toBe(
      String(before),
    );
    expect(runs()).toBe(1);
    await run(kernel, '%%lsst ingestImages --as every\n$CI_HSC_DIR/raw/*.fits --mode=link');
    await run(kernel, reader);
    expect(Number(await run(kernel, 'await raws'))).toBeGreaterThan(before);
    expect(runs()).toBe(2);
    await kernel.shutdown();
  }
  {
    await using kernel = await stackKernel(directory);
    await run(kernel, reader);
    await run(kernel, 'await raws');
    expect(runs()).toBe(2);
    // What is only touched is what it was, also behind a link.
    utimesSync(join(directory, 'ci_hsc/CALIB/calibRegistry.sqlite3'), 1e9, 1e9);
    utimesSync(join(directory, 'DATA/_mapper'), 1e9, 1e9);
    await run(kernel, reader);
    await run(kernel, 'await raws');
    expect(runs()).toBe(2);
    writeFileSync(join(directory, 'DATA/notes.txt'), 'new');
    await run(kernel, reader);
    await run(kernel, 'await raws');
    expect(runs()).toBe(3);
    expect(await run(kernel, '%why raws')).toContain('what it reads in the root repository changed');
    appendFileSync(join(directory, 'DATA/_mapper'), '# touched\n');
    symlinkSync('.', join(directory, 'DATA/loop'));
    await run(kernel, reader);
    expect(Number(await run(kernel, 'await raws'))).toBeGreaterThan(0);
    expect(runs()).toBe(4);
  }
});

test('a script whose words wait for a value waits for what was to change the root before it, and for nothing that came later', async () => {
  const directory = newRoot();
  await using kernel = await stackKernel(directory);
  const gate = (name: string, value: string): string =>
    `%%bash --as ${name} --value\nuntil [ -e ${directory}/${name} ]; do sleep 0.1; done; echo '"${value}"'`;
  for (const cell of [
    gate('chip', '16'),
    gate('mode', 'link'),
    '%%bash --reads DATA --value --as n --with c=${chip + 0}\nfind "$WEFT_ROOT" -name "HSC-*.fits" | wc -l',
    '%%lsst ingestImages --as later\n$CI_HSC_DIR/raw/*.fits --mode=${mode + ""}',
  ])
    await run(kernel, cell);
  writeFileSync(join(directory, 'chip'), '');
  expect(await run(kernel, 'await n')).toBe('0');
  writeFileSync(join(directory, 'mode'), '');
  await run(kernel, 'await later');
});

test('what is no root is an error with the place, and what a script lacks says what to add', async () => {
  const directory = newRoot();
  await using kernel = await stackKernel(directory);
  expect(await refused(kernel, '%%bash --reads NOWHERE\necho')).toMatch(
    /cell \[\d+\]:1:16 {2}W7004 {2}`--reads`: there is no directory/,
  );
  expect(await refused(kernel, '%%python --reads ci_hsc\n1')).toMatch(
    /W7005 {2}`--reads`: `.*ci_hsc` is no repository/,
  );
  expect(await refused(kernel, 'await bash("echo", {reads: 1})')).toContain(
    '`reads` is the directory of a root repository',
  );
  await run(kernel, '%%bash --as lacks --value\necho "$WEFT_ROOT"');
  expect(await run(kernel, 'await lacks.catch(error => error.message)')).toContain('WEFT_ROOT: unbound variable');
  await run(kernel, '%%python --as lacks --value\nweft.root');
  expect(await run(kernel, 'await lacks.catch(error => error.message)')).toContain('add --reads ROOT');
});

test('a script that changes a root runs once, in its turn, and again when what it made is lost', async () => {
  const directory = newRoot();
  const log = join(directory, 'log');
  writeFileSync(log, '');
  const said = (): string => readFileSync(log, 'utf8').replace(/\s+/g, ' ').trim();
  const wait = `until [ -e ${directory}/go ]; do sleep 0.1; done`;
  const reader = `%%bash --reads DATA --as reader\necho reading >> ${log}; ${wait}; echo read >> ${log}\nls "$WEFT_ROOT" > names`;
  const add = (name: string): string =>
    `%%bash --mutates ./DATA --as ${name}\necho ${name} >> ${log}; echo ${name} > "$WEFT_ROOT/${name}.txt"; echo own > own.txt`;
  const after = `%%python --reads DATA --value --as after\n(weft.root / "one.txt").exists() and (weft.root / "two.txt").exists()`;
  {
    await using kernel = await stackKernel(directory);
    await run(kernel, reader);
    await expect.poll(said).toBe('reading');
    await run(kernel, add('one'));
    await run(kernel, add('two'));
    await run(kernel, after);
    await expect.poll(() => run(kernel, '%status'), {timeout: 20_000}).toContain('one waits until reader is done');
    expect(said()).toBe('reading');
    writeFileSync(join(directory, 'go'), '');
    expect(await run(kernel, 'await after')).toBe('true');
    expect(said()).toBe('reading read one two');
    // What it made in the root is listed beside its own files, of which it is none.
    expect(await run(kernel, '(await one).files.join()')).toBe("'own.txt'");
    const path = (await run(kernel, '(await one).path')).replaceAll("'", '');
    expect(path).toMatch(/\/DATA\/\.weft\/bash-[0-9a-f]{12}$/);
    expect(JSON.parse(readFileSync(join(path, 'changes.json'), 'utf8'))).toEqual({rows: [], files: ['one.txt']});
    expect(await refused(kernel, '%%bash --mutates DATA --reads DATA --as no\ntrue')).toContain('W6009');
    expect(await refused(kernel, '%%bash --mutates stack --as no\ntrue')).toMatch(/W7005.*`--mutates`/);
    expect(await refused(kernel, "bash('true', {mutates: true})")).toContain('`mutates` is the directory of a root');
    await kernel.shutdown();
  }
  await using kernel = await stackKernel(directory);
  await run(kernel, add('one'));
  // The same as a function, in another kernel; the state of the root does not count.
  await run(
    kernel,
    `const two = bash(\`echo two >> ${log}; echo two > "$WEFT_ROOT/two.txt"; echo own > own.txt\`, {mutates: 'DATA'})`,
  );
  await run(kernel, '%wait');
  expect(said()).toBe('reading read one two');
  rmSync(join(directory, 'DATA/one.txt'));
  await run(kernel, add('one'));
  await run(kernel, '%wait');
  expect(said()).toBe('reading read one two one');
  expect(await run(kernel, '%why one')).toContain('one.txt is missing');
  expect(await run(kernel, 'JSON.stringify(await bash("echo 5", {mutates: "DATA", value: true}))')).toBe("'5'");
});

test('a reader has the root as it was hashed: what changes it and came later waits, also behind what changed it before', async () => {
  const directory = newRoot();
  const log = join(directory, 'log');
  writeFileSync(log, '');
  const until = (name: string): string => `until [ -e ${directory}/${name} ]; do sleep 0.05; done`;
  const reader = `%%bash --reads DATA --as reader\nls "$WEFT_ROOT" > before; echo reading >> ${log}\n${until('read')}\nls "$WEFT_ROOT" > after`;
  await using kernel = await stackKernel(directory);
  await run(kernel, `%%bash --mutates DATA --as first\n${until('go')}; echo 1 > "$WEFT_ROOT/first.txt"`);
  await run(kernel, reader);
  await run(kernel, `%%bash --mutates DATA --as second\necho second >> ${log}; echo 2 > "$WEFT_ROOT/second.txt"`);
  await expect.poll(() => run(kernel, '%status'), {timeout: 20_000}).toContain('second waits until reader is done');
  writeFileSync(join(directory, 'go'), '');
  await expect.poll(() => readFileSync(log, 'utf8'), {timeout: 20_000}).toBe('reading\n');
  writeFileSync(join(directory, 'read'), '');
  await run(kernel, '%wait');
  expect(readFileSync(log, 'utf8')).toBe('reading\nsecond\n');
  const seen = "[(await reader).text('before'), (await reader).text('after')].join(' ').includes";
  expect(await run(kernel, `${seen}('first.txt')`)).toBe('true');
  expect(await run(kernel, `${seen}('second.txt')`)).toBe('false');
});

test('a root that somebody else changes while a task reads it makes no result, and the cell run again does', async () => {
  const directory = newRoot();
  const until = `until [ -e ${directory}/go ]; do sleep 0.05; done`;
  const script = `%%bash --reads DATA --as script\nls "$WEFT_ROOT" > names; echo > ${directory}/begun; ${until}`;
  const task = '%%lsst processCcd --as task\n--id --show data';
  await using kernel = await stackKernel(directory);
  await run(kernel, '%%lsst ingestImages --as first\n$CI_HSC_DIR/raw/HSCA90333426.fits --mode=link');
  await run(kernel, script);
  await expect.poll(() => existsSync(join(directory, 'begun')), {timeout: 20_000}).toBe(true);
  writeFileSync(join(directory, 'DATA/note.txt'), 'new');
  writeFileSync(join(directory, 'go'), '');
  const why = await run(kernel, 'await script.catch(error => error.message)');
  expect(why).toMatch(/what it reads was changed: the repository .*DATA is not what it was/);
  expect(why).toContain('run its cell again');
  // Started over it would be what it was named after, if that still were there.
  await run(kernel, '%retry script');
  expect(await run(kernel, '%wait\n%status')).toMatch(/script +failed/);
  await run(kernel, script);
  expect(await run(kernel, "(await script).text('names').includes('note.txt')")).toBe('true');
  await run(kernel, task);
  expect(await run(kernel, '(await task).length')).toBe('1');
});
