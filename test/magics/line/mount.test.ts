import {mkdirSync, writeFileSync} from 'node:fs';
import {isAbsolute} from 'node:path';
import fc from 'fast-check';
import {afterAll, describe, expect, it} from 'vitest';
import {readMount} from '../../../magics/line/mount.js';
import {scratch} from '../../rig/scratch.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
mkdirSync(folder.at('data'));
mkdirSync(folder.at('with blank'));
writeFileSync(folder.at('a:b'), '');
writeFileSync(folder.at('c:ro'), '');

const at = (name: string): string => folder.at(name);

describe('a mount', () => {
  it.each([
    ['data', at('data'), at('data'), true],
    ['./data/', at('data'), at('data'), true],
    [at('data'), at('data'), at('data'), true],
    ['data:ro', at('data'), at('data'), false],
    ['data:rw', at('data'), at('data'), true],
    ['data:/refcats', at('data'), '/refcats', true],
    ['data:/refcats/:ro', at('data'), '/refcats', false],
    ['data:/x/../y', at('data'), '/y', true],
    ['with blank:/x y:ro', at('with blank'), '/x y', false],
    // What is there under the whole name is meant.
    ['a:b', at('a:b'), at('a:b'), true],
    ['a:b:ro', at('a:b'), at('a:b'), false],
    ['a:b:/x', at('a:b'), '/x', true],
    ['c:ro', at('c:ro'), at('c:ro'), true],
  ])('is read from %j', (word, source, target, write) => {
    expect(readMount(word, folder.path)).toEqual({ok: true, value: {source, target, write}});
  });

  it('is of absolute paths of which the source is there, or is refused in words, whatever is typed', () => {
    const part = fc.constantFrom('data', '/', ':', ':ro', ':rw', 'x', '..', ' ', '\n', 'a:b', '/dev', '');
    fc.assert(
      fc.property(fc.array(part, {maxLength: 6}), parts => {
        const mount = readMount(parts.join(''), folder.path);
        if (!mount.ok) return mount.error !== '';
        const {source, target} = mount.value;
        return (
          isAbsolute(source) && isAbsolute(target) && !/^\/(proc|sys|dev)?$/.test(target) && !target.includes('..')
        );
      }),
      {numRuns: process.env['WEFT_SOAK'] === undefined ? 300 : 30_000, seed: 5},
    );
  });
});
