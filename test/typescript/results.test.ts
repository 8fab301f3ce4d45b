import {writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {Files, Repo} from '../../kernel/typescript/results.js';
import {scratch} from '../rig/scratch.js';

test('what is no file of a result, and what is no JSON, is named with what there is', () => {
  using folder = scratch();
  writeFileSync(folder.at('a.txt'), 'text');
  writeFileSync(folder.at('b.json'), '[1]');
  const files = new Files(folder.path, ['a.txt', 'b.json']);
  expect([files.text('a.txt'), files.json('b.json')]).toEqual(['text', [1]]);
  expect(() => files.text('c.txt')).toThrow('there is no file c.txt, but a.txt, b.json');
  expect(() => files.text()).toThrow('which file? There are 2: a.txt, b.json');
  expect(() => files.json('a.txt')).toThrow(/^a\.txt is no JSON: Unexpected token/);
  expect(() => new Files(folder.path, []).text('c.txt')).toThrow('there are no files');
  const gone = (name: string): string => `${folder.at(name)} is not there any more: run the cell that makes it again`;
  expect(() => new Files(folder.path, ['gone']).json()).toThrow(gone('gone'));
  expect(() => new Repo(folder.at('lost'), 'weft/lost', folder.path, []).files()).toThrow(gone('lost'));
});
