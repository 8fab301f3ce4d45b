import {appendFileSync, readdirSync, statSync, writeFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import {HistoryFiles} from '../../kernel/wire/history-files.js';
import {History} from '../../kernel/wire/history.js';
import {scratch} from '../rig/scratch.js';
import {Serving} from './serving.js';

function ask(content: JsonObject) {
  const history = new History();
  ['1+1', 'let a = 2', '1+1', 'a * (3)'].forEach((code, i) => history.add(i + 1, code));
  history.setOutput(1, '2');
  return history.answer(content);
}
const codes = (content: JsonObject) => ask(content).map(([, , line]) => line);

describe('the history of a session', () => {
  it('gives its tail', () => {
    expect(ask({hist_access_type: 'tail', n: 2})).toEqual([
      [1, 3, '1+1'],
      [1, 4, 'a * (3)'],
    ]);
    expect(ask({hist_access_type: 'tail', n: 0})).toEqual([]);
    expect(ask({hist_access_type: 'tail', n: 99})).toHaveLength(4);
  });

  it('gives the text of results where it is asked for', () => {
    expect(codes({hist_access_type: 'range', output: true, session: 1, start: 1, stop: 3})).toEqual([
      ['1+1', '2'],
      ['let a = 2', null],
    ]);
  });

  it('gives a range of this session, by its number or as the current one, and nothing of others', () => {
    expect(codes({hist_access_type: 'range', session: 0, start: 2, stop: 3})).toEqual(['let a = 2']);
    expect(codes({hist_access_type: 'range', session: 1, start: 4, stop: null})).toEqual(['a * (3)']);
    expect(codes({hist_access_type: 'range', session: -1, start: 1, stop: 3})).toEqual([]);
  });

  it('is searched with a glob', () => {
    expect(codes({hist_access_type: 'search', pattern: '1?1'})).toEqual(['1+1', '1+1']);
    expect(codes({hist_access_type: 'search', pattern: '1?1', unique: true})).toEqual(['1+1']);
    expect(codes({hist_access_type: 'search', pattern: '*a*', n: 1})).toEqual(['a * (3)']);
    expect(codes({hist_access_type: 'search', pattern: '*(3)'})).toEqual(['a * (3)']);
    expect(codes({hist_access_type: 'search', pattern: '1'})).toEqual([]);
    expect(codes({hist_access_type: 'search', pattern: '?'.repeat(9)})).toEqual(['let a = 2']);
    expect(codes({hist_access_type: 'search', pattern: '*t*a*2'})).toEqual(['let a = 2']);
    expect(codes({hist_access_type: 'search', pattern: '*t*2*a'})).toEqual([]);
  });

  it('is searched at once also with many stars and long cells', () => {
    const history = new History();
    history.add(1, `${'a'.repeat(50_000)}😀`);
    const search = (pattern: string) => history.answer({hist_access_type: 'search', pattern}).length;
    expect(search(`${'*a'.repeat(30)}*b`)).toBe(0);
    expect(search(`${'*a'.repeat(30)}?`)).toBe(1);
    expect(search(`${'*a'.repeat(30)}??`)).toBe(1);
    expect(search('*a.')).toBe(0);
  });

  it('gives nothing for a request that it does not understand', () => {
    expect(ask({})).toEqual([]);
    expect(ask({hist_access_type: 7})).toEqual([]);
  });
});

describe('a history that is kept', () => {
  const tail = {hist_access_type: 'tail', n: 99, output: true};

  it('has what was executed before a restart, with the text of results', async () => {
    using folder = scratch();
    const historyDirectory = folder.at('.weft', 'history');
    for (const code of ['first', 'second']) {
      await using serving = await Serving.start({}, {historyDirectory});
      serving.notebook.cells[code] = output => output.result({'text/plain': `of ${code}`});
      await serving.client.execute(code);
      await serving.client.execute('unseen', {storeHistory: false});
      await serving.client.shutdown();
      await serving.server.closed;
    }
    await using serving = await Serving.start({}, {historyDirectory});
    const ask = async (content: JsonObject) =>
      (await serving.client.request('shell', 'history_request', content)).content;
    expect(await ask(tail)).toEqual({
      status: 'ok',
      history: [[1, 1, ['first', 'of first']], [2, 1, ['second', 'of second']]], // prettier-ignore
    });
    expect(await ask({hist_access_type: 'search', pattern: 'f?rs*'})).toMatchObject({history: [[1, 1, 'first']]});
    await serving.client.execute('third');
    expect(await ask({hist_access_type: 'range', session: 0})).toMatchObject({history: [[3, 1, 'third']]});
    expect(await ask({hist_access_type: 'range', session: -1})).toMatchObject({history: [[2, 1, 'second']]});
    expect(await ask({hist_access_type: 'range', session: 1})).toMatchObject({history: [[1, 1, 'first']]});
    expect(await ask({hist_access_type: 'range', session: -9})).toMatchObject({history: []});
    expect(await ask({...tail, n: 1, output: false})).toMatchObject({history: [[3, 1, 'third']]});
  });

  it('is shared by kernels that run side by side: each sees the others, its own last', async () => {
    using folder = scratch();
    const files = [1, 2].map(() => new HistoryFiles(folder.path));
    const [one, two] = files.map(each => new History(each));
    one!.add(1, 'a');
    two!.add(1, 'b');
    one!.add(2, 'c');
    await Promise.all([one!.settled(), two!.settled()]);
    expect(one!.answer({...tail, output: false})).toEqual([[2, 1, 'b'], [1, 1, 'a'], [1, 2, 'c']]); // prettier-ignore
    expect(two!.answer({...tail, output: false})).toEqual([[1, 1, 'a'], [1, 2, 'c'], [2, 1, 'b']]); // prettier-ignore
    expect(one!.answer({hist_access_type: 'search', pattern: '*', unique: true})).toHaveLength(3);
  });

  it('goes on where its directory or its files are of no use', async () => {
    using folder = scratch();
    writeFileSync(folder.at('file'), '');
    const nowhere = new History(new HistoryFiles(folder.at('file', 'history')));
    nowhere.add(1, 'a');
    await nowhere.settled();
    expect(nowhere.answer({...tail, output: false})).toEqual([[1, 1, 'a']]);
    const before = new History(new HistoryFiles(folder.at('h')));
    before.add(1, 'good');
    await before.settled();
    appendFileSync(
      folder.at('h', '1.jsonl'),
      'no json\n{"n":2}\n[1]\n{"n":3,"output":"of nothing"}\n{"n":4,"code":"half',
    );
    expect(new History(new HistoryFiles(folder.at('h'))).answer({...tail, output: false})).toEqual([[1, 1, 'good']]);
  });

  it('is bounded in files, in bytes, and in the size of a line, and no one else may read it', async () => {
    using folder = scratch();
    const bounds = {files: 2, bytes: 1000, code: 50, output: 4, session: 100};
    for (let i = 0; i < 6; i++) {
      const files = new HistoryFiles(folder.path, bounds);
      files.code(1, `cell ${i}`);
      files.output(1, '123456');
      files.code(2, 'x'.repeat(51));
      for (let n = 3; n < 9; n++) files.code(n, 'y'.repeat(40));
      await files.settled();
    }
    const left = readdirSync(folder.path).sort();
    expect(left).toEqual(['4.jsonl', '5.jsonl', '6.jsonl']);
    for (const name of left) {
      expect(statSync(folder.at(name)).size).toBeLessThanOrEqual(100);
      expect(statSync(folder.at(name)).mode & 0o777).toBe(0o600);
    }
    const [first] = new HistoryFiles(folder.path, bounds).others();
    expect(new HistoryFiles(folder.path, {...bounds, bytes: 60}).session).toBe(7);
    expect(readdirSync(folder.path).sort()).toEqual(['6.jsonl', '7.jsonl']);
    expect(first).toEqual({session: 4, count: 1, code: 'cell 3', output: '1234'});
  });
});
