import {EventEmitter, once} from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {Slice} from '../../kernel/fingerprint/slice.js';
import {JournalIndex} from '../../kernel/store/journal-index.js';
import {portable, resultLine} from '../../kernel/store/result-line.js';
import {JournalReader} from '../../kernel/store/journal-reader.js';
import {JournalWriter, type JournalFile} from '../../kernel/store/journal-writer.js';
import type {StoreProblem} from '../../kernel/store/problem.js';
import {sampleFingerprint, sampleManifest, sampleOutput} from './sample.js';

let room: string;
beforeEach(() => (room = mkdtempSync(join(tmpdir(), 'weft-journal-'))));
afterEach(() => {
  for (const index of read.splice(0)) index.close();
  rmSync(room, {recursive: true});
});

/** What a test has read: few journals can be open at once. */
const read: JournalIndex[] = [];

const runs = process.env['WEFT_SOAK'] === undefined ? 60 : 3000;
const tasks = ['a', 'b', 'c'].map(name => sampleFingerprint(name));
const header = (version = 1): string =>
  JSON.stringify({is: 'run', version, run: 'r', at: 1, host: 'h', pid: 1, bootId: 'b'});

/** One line, of any kind, about one of three tasks. */
const line = fc
  .record({task: fc.nat(2), at: fc.integer({min: 1, max: 30}), what: fc.nat(4), note: fc.string({unit: 'grapheme'})})
  .map(({task, at, what, note}) => {
    const fingerprint = tasks[task]!;
    const name = ['a', 'b', 'c'][task];
    const directory = `/store/work/${fingerprint.slice(0, 2)}/${at % 5 === 0 ? 'other' : 'bash'}-${fingerprint.slice(0, 12)}`;
    const outputs = [sampleOutput('f', 'x'.repeat(at)), sampleOutput('g', 'y')].slice(0, 1 + Number(at % 7 === 0));
    const manifest = sampleManifest({edition: 1 + (at % 2), value: note, directory, outputs}, name);
    const {edition, endedAt} = manifest;
    return JSON.stringify(
      [
        // In any order, and as a store writes it.
        what === 0 && at % 3 > 0
          ? JSON.parse(resultLine(at, portable(manifest, '/store')))
          : {is: 'result', fingerprint, at, manifest},
        {is: 'renewed', fingerprint, at, edition, endedAt, mtimesNs: [`${at}`]},
        {is: 'failed', fingerprint, at, label: note, failure: {reason: 'lost', message: note}, run: 'r', endedAt: at},
        {is: 'cancelled', fingerprint, at, label: note},
        {is: 'removed', fingerprint, at},
      ][what],
    );
  });

/** A journal; as its writer has it, its lines have increasing stamps. */
const journal = fc.array(line, {maxLength: 12});

async function readAll(files: readonly (string | Buffer)[]): Promise<JournalIndex> {
  const directory = mkdtempSync(join(room, 'runs-'));
  for (const [at, text] of files.entries()) writeFileSync(join(directory, `${at}.jsonl`), text);
  const index = new JournalIndex('/store');
  read.push(index);
  const reader = new JournalReader(directory, index);
  await reader.refresh();
  await reader.stop();
  return index;
}

/** What is known of the tasks; the index is closed. */
function state(index: JournalIndex): unknown {
  const known = tasks.map(task => [
    index.manifest(task),
    index.lastManifest(task),
    index.evidence(task),
    index.failure(task)?.at,
    index.lastStamp(task),
  ]);
  index.close();
  return known;
}

const textOf = (lines: readonly string[]): string => [header(), ...lines, ''].join('\n');

test('journals read in any order, or put together to one, say the same', async () => {
  await fc.assert(
    fc.asyncProperty(journal, journal, journal, async (a, b, c) => {
      const files = [a, b, c].map(textOf);
      // Two failures of one task in the same microsecond differ by nothing that counts.
      const expected = state(await readAll(files));
      expect(state(await readAll([...files].reverse()))).toEqual(expected);
      expect(state(await readAll([files.join('')]))).toEqual(expected);
      expect(state(await readAll([...files, files.join('')]))).toEqual(expected);
    }),
    {seed: 5, numRuns: runs},
  );
});

test('a journal that is cut at any byte loses its last line at most', async () => {
  await fc.assert(
    fc.asyncProperty(journal, fc.double({min: 0, max: 1, noNaN: true}), async (lines, share) => {
      const text = Buffer.from(textOf(lines));
      const cut = text.subarray(0, Math.floor(share * text.length));
      const whole = cut.toString('latin1').split('\n').length - 1;
      const expected = state(await readAll([textOf(lines.slice(0, Math.max(0, whole - 1)))]));
      const index = await readAll([cut]);
      expect(state(index)).toEqual(expected);
      expect(index.unreadable).toBe(0);
    }),
    {seed: 6, numRuns: runs},
  );
});

test('torn journals that are put together lose the torn lines, and nothing of what follows', async () => {
  await fc.assert(
    fc.asyncProperty(journal, journal, fc.nat(200), fc.boolean(), async (a, b, cut, headed) => {
      const first = Buffer.from(textOf(a));
      // Into the last line, but for its end.
      const begun = first.lastIndexOf(10, first.length - 2) + 1;
      const torn = first.subarray(0, Math.min(begun + 1 + cut, first.length - 2));
      const second = headed ? textOf(b) : textOf(b).slice(header().length + 1);
      const index = await readAll([Buffer.concat([torn, Buffer.from(second)])]);
      expect(state(index)).toEqual(state(await readAll([textOf(a.slice(0, -1)), second])));
      expect(index.unreadable).toBe(second === '' ? 0 : 1);
    }),
    {seed: 9, numRuns: runs},
  );
});

test('a torn line loses nothing of a later one about the same task', async () => {
  const line = resultLine(5, portable(sampleManifest({outputs: [sampleOutput('f', '1')]}, 'a'), '/store'));
  for (let cut = 1; cut < line.length - 1; cut++) {
    const index = await readAll([`${header()}\n${line.slice(0, cut)}${line}\n`]);
    expect(index.manifest(tasks[0]!)?.outputs, `${cut}`).toHaveLength(1);
  }
});

test('the beginning of one line and the end of another are no result', async () => {
  const [one, two] = ['a', 'b'].map(name => resultLine(5, sampleManifest({outputs: [sampleOutput('f', name)]}, name)));
  const places = [...one!.matchAll(/[,:]/g)].map(match => match.index);
  for (const place of places) {
    const joined = one!.slice(0, place) + two!.slice(place);
    const index = await readAll([textOf([joined])]);
    expect(index.evidence(tasks[0]!)).toBeUndefined();
    expect(index.manifest(tasks[0]!)).toBeUndefined();
  }
});

test('a header behind a torn line says what the lines behind it are', async () => {
  const line = JSON.stringify({is: 'result', fingerprint: tasks[0], at: 5, manifest: sampleManifest({}, 'a')});
  const newer = await readAll([[header(), `{"is":"res${header(2)}`, line, ''].join('\n')]);
  expect(newer.manifest(tasks[0]!)).toBeUndefined();
  const older = await readAll([[header(2), `{"is":"res${header()}`, line, ''].join('\n')]);
  expect(older.manifest(tasks[0]!)).toBeDefined();
});

test('a later line in another order is what a hit is checked by', async () => {
  const fingerprint = tasks[0]!;
  const directory = `/store/work/${fingerprint.slice(0, 2)}/bash-${fingerprint.slice(0, 12)}`;
  const [one, two] = ['1', '22'].map(text => sampleManifest({directory, outputs: [sampleOutput('f', text)]}, 'a'));
  const later = JSON.stringify({is: 'result', fingerprint, at: 6, manifest: two});
  for (const lines of [
    [resultLine(5, portable(one!, '/store')), later],
    [later, resultLine(5, portable(one!, '/store'))],
  ]) {
    const index = await readAll([textOf(lines)]);
    expect(index.evidence(fingerprint)?.outputs).toMatchObject([{path: 'f', size: 2}]);
  }
});

test('a value that looks like a record is left in its line', async () => {
  const inner = {is: 'removed', fingerprint: String(tasks[1]), at: 7};
  const manifest = sampleManifest({value: inner}, 'a');
  const lines = [{is: 'result', fingerprint: tasks[0], at: 5, manifest}].map(line => JSON.stringify(line));
  const index = await readAll([textOf([resultLine(4, sampleManifest({}, 'b')), ...lines])]);
  expect(index.manifest(tasks[0]!)).toEqual(manifest);
  expect(index.manifest(tasks[1]!)).toBeDefined();
  expect(index.unreadable).toBe(0);
});

test('what was read stays there when its journal was removed or replaced', async () => {
  for (const [what, change] of Object.entries({
    removed: (path: string) => rmSync(path),
    replaced: (path: string) => {
      writeFileSync(`${path}.new`, 'x\n'.repeat(2000));
      renameSync(`${path}.new`, path);
    },
  })) {
    const directory = mkdtempSync(join(room, `${what}-`));
    const path = join(directory, 'j.jsonl');
    writeFileSync(path, textOf(['a', 'b'].map(name => resultLine(5, sampleManifest({}, name)))));
    const index = new JournalIndex('/store');
    const reader = new JournalReader(directory, index);
    await reader.refresh();
    change(path);
    expect(index.manifest(tasks[0]!)).toEqual(sampleManifest({}, 'a'));
    await reader.refresh();
    expect(index.evidence(tasks[1]!)).toEqual({outputs: [], took: 3100});
    expect(index.manifest(tasks[1]!)).toEqual(sampleManifest({}, 'b'));
    await reader.stop();
    index.close();
  }
});

test('a journal that was written over has no line that it had', async () => {
  // Lines of other lengths, and of the same.
  for (const label of ['overwritten', 'bash']) {
    const directory = mkdtempSync(join(room, 'over-'));
    const path = join(directory, 'j.jsonl');
    writeFileSync(path, textOf(['a', 'b'].map(name => resultLine(5, sampleManifest({}, name)))));
    const index = new JournalIndex('/store');
    read.push(index);
    await new JournalReader(directory, index).refresh();
    writeFileSync(path, textOf(['b', 'a'].map(name => resultLine(5, sampleManifest({label}, name)))));
    for (const task of tasks.slice(0, 2)) {
      expect(index.evidence(task)).toBeUndefined();
      expect(index.manifest(task)).toBeUndefined();
    }
  }
});

test('many lines are found again in any order', async () => {
  const names = Array.from({length: 700}, (_, at) => `many ${at}`);
  const texts = names.map(name => resultLine(5, sampleManifest({value: name, label: name}, name)));
  const files = [textOf(texts.slice(0, 300)), textOf(texts.slice(300))];
  const index = await readAll(files);
  const turned = names.map((_, at) => names[(at * 37) % names.length]!);
  for (const name of [...names, ...turned]) expect(index.manifest(sampleFingerprint(name))?.value).toBe(name);
  expect([...index.fingerprints()].sort()).toEqual(names.map(sampleFingerprint).sort());
  expect([...index.mayBear(['many 5', 'many 600'])].sort()).toEqual(
    ['many 5', 'many 600'].map(sampleFingerprint).sort(),
  );
});

test('any bytes at all are read without an exception', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({maxLength: 300}), journal, async (bytes, lines) => {
      const index = await readAll([Buffer.concat([Buffer.from(`\n`), bytes, Buffer.from(`\n${textOf(lines)}`)])]);
      expect(state(index)).toEqual(state(await readAll([textOf(lines)])));
    }),
    {seed: 8, numRuns: runs},
  );
});

test('lines that nobody understands are counted and cost nothing else', async () => {
  const good = JSON.stringify({is: 'result', fingerprint: tasks[0], at: 5, manifest: sampleManifest({}, 'a')});
  const torn = good.replace('"manifest":{', '"manifest":[');
  const index = await readAll([[header(), 'x', '{}', '{"is":"new","fingerprint":"1"}', good, ''].join('\n')]);
  expect(index.unreadable).toBe(3);
  expect(index.manifest(tasks[0]!)).toEqual(sampleManifest({}, 'a'));
  const broken = await readAll([[header(), torn, ''].join('\n')]);
  expect(broken.manifest(tasks[0]!)).toBeUndefined();
  expect(broken.unreadable).toBe(1);
});

test('the lines of a run of a newer version are left alone, those of an older run beside it are read', async () => {
  const lines = ['a', 'b'].map((name, at) =>
    JSON.stringify({is: 'result', fingerprint: tasks[at], at: 5, manifest: sampleManifest({}, name)}),
  );
  const index = await readAll([[header(2), lines[0], header(), lines[1], ''].join('\n')]);
  expect(index.manifest(tasks[0]!)).toBeUndefined();
  expect(index.manifest(tasks[1]!)).toBeDefined();
  expect(index.unreadable).toBe(1);
});

test('a journal of version 1 that was written long ago stays readable', async () => {
  const text = readFileSync(join(import.meta.dirname, '../fixtures/store/journal-1.jsonl'));
  const index = await readAll([text]);
  expect(index.unreadable).toBe(0);
  const [a, b, c] = tasks as [Fingerprint, Fingerprint, Fingerprint];
  expect(index.manifest(a)).toEqual(
    sampleManifest({directory: '/store/work/ab/bash-0123456789ab', outputs: [sampleOutput('x', '1', '7')]}, 'a'),
  );
  expect(index.manifest(b)).toBeUndefined();
  expect(index.lastManifest(b)).toEqual(sampleManifest({value: 42, edition: 2}, 'b'));
  expect(index.failure(c)?.failure).toEqual({reason: 'exit', code: 3, log: '/l', tail: 'no'});
});

test('a journal of version 1 whose results begin with what a hit is checked by stays readable', async () => {
  const text = readFileSync(join(import.meta.dirname, '../fixtures/store/journal-1-heads.jsonl'));
  const index = await readAll([text]);
  const [a, b] = tasks as [Fingerprint, Fingerprint];
  const directory = '/store/work/ab/bash-0123456789ab';
  const file = sampleOutput('x', '1');
  expect(index.manifest(a)).toEqual(sampleManifest({directory, outputs: [file], label: 'count i=1'}, 'a'));
  const looked = {path: file.path, size: file.size, mtimeNs: BigInt(file.mtimeNs)};
  expect(index.evidence(a)).toEqual({directory, outputs: [looked], took: 3100});
  expect(index.manifest(b)).toEqual(sampleManifest({value: 42, log: '42\n', edition: 2, adopted: 'anna'}, 'b'));
  expect(index.unreadable).toBe(0);
});

test('what others append is seen, without reading the rest again, and half a line waits for its other half', async () => {
  const index = new JournalIndex('/store');
  const reader = new JournalReader(room, index);
  const known = async (): Promise<readonly Fingerprint[]> => {
    await reader.refresh();
    return [...index.fingerprints()];
  };
  expect(await known()).toEqual([]);
  const lines = ['a', 'b', 'c'].map(
    (name, at) =>
      `${JSON.stringify({is: 'result', fingerprint: tasks[at], at: 5, manifest: sampleManifest({}, name)})}\n`,
  );
  const path = join(room, 'other.jsonl');
  appendFileSync(path, `${header()}\n${lines[0]!}`);
  expect(await known()).toEqual(tasks.slice(0, 1));
  appendFileSync(path, `${lines[1]!}${lines[2]!.slice(0, 50)}`);
  expect(await known()).toEqual(tasks.slice(0, 2));
  expect(await known()).toEqual(tasks.slice(0, 2));
  appendFileSync(path, lines[2]!.slice(50));
  expect(await known()).toEqual(tasks);
  expect(index.unreadable).toBe(0);
});

test('who reads while nobody waits rests, and hurries while somebody does', async () => {
  const pauses: number[] = [];
  let waiting: Promise<unknown> = Promise.resolve();
  const reader = new JournalReader(room, new JournalIndex('/store'));
  vi.spyOn(Slice.prototype, 'over', 'get').mockReturnValue(true);
  vi.spyOn(Slice.prototype, 'rest').mockImplementation((pause = 0) => {
    pauses.push(pause);
    // Who comes next without haste takes none of it away.
    if (pauses.length === 3) waiting = Promise.all([reader.refresh(), reader.refreshGently()]);
    return Promise.resolve();
  });
  try {
    writeFileSync(join(room, 'r.jsonl'), textOf(Array.from({length: 4}, () => JSON.stringify('x'.repeat(100_000)))));
    await reader.refreshGently();
    await waiting;
    expect([pauses.slice(0, 3), [...new Set(pauses.slice(3))]]).toEqual([[40, 40, 40], [0]]);
  } finally {
    vi.restoreAllMocks();
  }
});

test('a line longer than any buffer is read', async () => {
  const manifest = sampleManifest({value: 'x'.repeat(3_000_000)}, 'a');
  const index = await readAll([textOf([JSON.stringify({is: 'result', fingerprint: tasks[0], at: 5, manifest})])]);
  expect(index.manifest(tasks[0]!)).toEqual(manifest);
});

test('a journal that is a directory hides nothing else', async () => {
  mkdirSync(join(room, 'runs', 'bad.jsonl'), {recursive: true});
  writeFileSync(
    join(room, 'runs', 'good.jsonl'),
    textOf([JSON.stringify({is: 'result', fingerprint: tasks[0], at: 5, manifest: sampleManifest({}, 'a')})]),
  );
  const index = new JournalIndex('/store');
  await new JournalReader(join(room, 'runs'), index).refresh();
  expect(index.manifest(tasks[0]!)).toBeDefined();
  expect(index.unreadable).toBe(1);
});

test('no file is made before there is a line', async () => {
  const writer = new JournalWriter(join(room, 'runs', 'r.jsonl'), () => undefined);
  expect((await writer.close()).ok).toBe(true);
  expect(readdirSync(room)).toEqual([]);
});

test('flush waits for all lines so far, and they are in order', async () => {
  const path = join(room, 'runs', 'r.jsonl');
  const writer = new JournalWriter(path, () => undefined);
  for (let at = 0; at < 100; at++) {
    writer.append(`${at}`);
    if (at % 7 === 0) expect((await writer.flush()).ok).toBe(true);
    if (at % 7 === 0) expect(readFileSync(path, 'utf8').split('\n').length).toBe(at + 2);
  }
  await writer.close();
  expect(readFileSync(path, 'utf8')).toBe(`${Array.from({length: 100}, (_, at) => at).join('\n')}\n`);
});

test('lines are synced without being asked, in one batch', async () => {
  const synced = new EventEmitter();
  let syncs = 0;
  let written = '';
  const file: JournalFile = {
    write: async buffer => {
      written += Buffer.from(buffer).toString();
      return {bytesWritten: buffer.length};
    },
    datasync: async () => {
      syncs++;
      synced.emit('synced', performance.now());
    },
    close: async () => undefined,
  };
  const writer = new JournalWriter(
    'j',
    () => undefined,
    () => file,
  );
  const startedAt = performance.now();
  for (let at = 0; at < 1000; at++) writer.append('line');
  const [at] = (await once(synced, 'synced')) as [number];
  expect(at - startedAt).toBeLessThan(1000);
  expect(syncs).toBe(1);
  expect(written).toBe('line\n'.repeat(1000));
});

test('lines are synced though others come without end', async () => {
  let coming = true;
  let syncs = 0;
  let written = '';
  const file: JournalFile = {
    write: async buffer => {
      written += Buffer.from(buffer).toString();
      // While one is written, the next one is there.
      await new Promise(resolve => setImmediate(resolve));
      if (coming) writer.append(`${written.length}`);
      return {bytesWritten: buffer.length};
    },
    datasync: async () => {
      coming = ++syncs < 3;
    },
    close: async () => undefined,
  };
  const writer: JournalWriter = new JournalWriter(
    'j',
    () => undefined,
    () => file,
  );
  writer.append('first');
  await expect.poll(() => syncs, {timeout: 8000}).toBeGreaterThanOrEqual(3);
  expect((await writer.close()).ok).toBe(true);
  expect(written.startsWith('first\n6\n8\n')).toBe(true);
});

test('a full disk tears no line: it goes on where it stopped once there is space', async () => {
  let space = 7;
  let written = '';
  const problems: StoreProblem[] = [];
  const file: JournalFile = {
    write: async buffer => {
      if (space === 0) throw Object.assign(new Error('no space'), {code: 'ENOSPC'});
      const bytesWritten = Math.min(space, buffer.length);
      space -= bytesWritten;
      written += Buffer.from(buffer.subarray(0, bytesWritten)).toString();
      return {bytesWritten};
    },
    datasync: async () => undefined,
    close: async () => undefined,
  };
  const writer = new JournalWriter(
    '/runs/j',
    problem => problems.push(problem),
    () => file,
  );
  writer.append('first');
  writer.append('second');
  const full = await writer.flush();
  expect(full.ok ? '' : full.error.message).toBe('/runs/j could not be written: the disk is full');
  expect(problems.length).toBeGreaterThan(0);
  space = 1000;
  writer.append('third');
  expect((await writer.close()).ok).toBe(true);
  expect(written).toBe('first\nsecond\nthird\n');
});
