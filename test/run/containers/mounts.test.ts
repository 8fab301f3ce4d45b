import {mkdirSync, symlinkSync} from 'node:fs';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Mount} from '../../../kernel/graph/container.js';
import {settleMounts} from '../../../kernel/run/containers/mounts.js';
import {scratch, type Scratch} from '../../rig/scratch.js';

let folder: Scratch;
beforeEach(() => {
  folder = scratch();
});
afterEach(() => folder[Symbol.dispose]());

/** `source` read-only, `+source` writable, `source:target`; all are made but `nowhere`. */
function mount(text: string): Mount {
  const [source = '', target = source] = text.replace('+', '').split(':');
  if (source !== 'nowhere') mkdirSync(folder.at(source), {recursive: true});
  return {source: folder.at(source), target: folder.at(target), write: text.startsWith('+')};
}

/** The same texts, of what is mounted. */
function settled(...asked: readonly string[]): readonly string[] {
  const result = settleMounts(asked.map(mount));
  if (!result.ok) throw new Error(result.error.message);
  const short = (path: string): string => path.slice(folder.at().length + 1);
  return result.value.map(
    ({source, target, write}) => `${write ? '+' : ''}${short(source)}${source === target ? '' : `:${short(target)}`}`,
  );
}

describe('mounts', () => {
  it('lie outer before inner, each place once', () => {
    expect(settled('b', 'a/x', 'b', 'a-b', 'a')).toEqual(['a', 'a-b', 'b']);
  });

  it('keep an attempt writable in a place that is not, and a result read-only in one that is', () => {
    expect(settled('root', '+root/rerun/weft/.attempt', 'nb', '+nb/.weft/work/aa/.attempt')).toEqual([
      'nb',
      '+nb/.weft/work/aa/.attempt',
      'root',
      '+root/rerun/weft/.attempt',
    ]);
    expect(settled('+root', 'root/rerun', '+root/rerun/mine', 'root/rerun/mine/x')).toEqual([
      '+root',
      'root/rerun',
      '+root/rerun/mine',
      'root/rerun/mine/x',
    ]);
  });

  it('are writable where one of those who ask for a place writes', () => {
    expect(settled('a', '+a', 'a')).toEqual(['+a']);
  });

  it('show another place under a name where a person says so, whatever else is asked for', () => {
    expect(settled('data:input', 'input', 'nb')).toEqual(['data:input', 'nb']);
    expect(settled('nb', 'data:nb/data')).toEqual(['nb', 'data:nb/data']);
  });

  it('lie where a link leads that the container sees, as nothing can be mounted behind one', () => {
    mkdirSync(folder.at('nb'));
    mkdirSync(folder.at('disk/DATA/.attempt'), {recursive: true});
    symlinkSync(folder.at('disk/DATA'), folder.at('nb/DATA'));
    expect(settled('nb', 'nb/DATA', '+nb/DATA/.attempt')).toEqual([
      'nb/DATA:disk/DATA',
      '+nb/DATA/.attempt:disk/DATA/.attempt',
      'nb',
    ]);
    // Where nothing shows the link, a directory takes its place.
    expect(settled('nb/DATA', '+nb/DATA/.attempt')).toEqual(['nb/DATA', '+nb/DATA/.attempt']);
  });

  it('whose source is not there are an error that names it', () => {
    expect(() => settled('a', 'nowhere')).toThrow(
      `${folder.at('nowhere')} is to be mounted in the container, but it is not there`,
    );
  });
});
