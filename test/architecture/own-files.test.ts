import {expect, test} from 'vitest';
import {isOwnFile} from '../../kernel/graph/own-files.js';
import {filesBelow} from '../rig/sources.js';

test('every file of its own that Weft names in a task’s directory is known as its own', () => {
  const texts = filesBelow(['kernel', 'magics'], ['.ts', '.sh']).map(({text}) => text);
  const named = new Set(texts.flatMap(text => text.match(/\.weft\.[a-z]+(?:-[a-z]+)?(?:\.(?:json|py))?/g) ?? []));
  expect(named.size).toBeGreaterThan(15);
  expect([...named].filter(name => !isOwnFile(name))).toEqual([]);
  expect(['.weft.mine', '.weft', '.weftlog', 'weft.log', '.weft.'].filter(isOwnFile)).toEqual([]);
});
