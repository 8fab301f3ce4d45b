import {describe, expect, it} from 'vitest';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import {History} from '../../kernel/wire/history.js';

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
  });

  it('gives nothing for a request that it does not understand', () => {
    expect(ask({})).toEqual([]);
    expect(ask({hist_access_type: 7})).toEqual([]);
  });
});
