import {mkdirSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {readOnly} from '../../magics/host-places.js';
import {fileTargets, linkTargets} from '../../magics/link-targets.js';
import {scratch, type Scratch} from '../rig/scratch.js';

let folder: Scratch;
beforeEach(() => {
  folder = scratch();
});
afterEach(() => folder[Symbol.dispose]());

function file(name: string): string {
  mkdirSync(dirname(folder.at(name)), {recursive: true});
  writeFileSync(folder.at(name), '');
  return folder.at(name);
}

function link(name: string, text: string): void {
  mkdirSync(dirname(folder.at(name)), {recursive: true});
  symlinkSync(text, folder.at(name));
}

const all = (...names: readonly string[]): readonly string[] => names.map(name => folder.at(name)).sort();

describe('the targets of links', () => {
  it('are found at any depth, of links to files and to directories, and of links that lie there', async () => {
    link('root/a/b/raw.fits', file('data/raw.fits'));
    link('root/CALIB', folder.at('calib'));
    link('calib/FLAT/flat.fits', file('flats/flat.fits'));
    expect(await linkTargets(folder.at('root'))).toEqual(all('data/raw.fits', 'calib', 'flats/flat.fits'));
  });

  it('are followed from link to link, and around', async () => {
    link('root/one', folder.at('two/link'));
    link('two/link', folder.at('three/link'));
    link('three/link', file('four/file'));
    link('root/self', folder.at('root/self'));
    link('root/up', folder.at('root'));
    const found = await linkTargets(folder.at('root'));
    expect(found).toEqual(expect.arrayContaining([...all('two/link', 'three/link', 'four/file')]));
  });

  it('may be relative, seen from where the link lies or from where its directory is', async () => {
    file('disk/other/file');
    link('disk/root/link', '../other/file');
    link('short', folder.at('disk/root'));
    file('other/file');
    expect(await linkTargets(folder.at('short'))).toEqual(all('disk/other/file', 'other/file'));
  });

  it('are left out where there is nothing, or in what is left out', async () => {
    link('root/dangling', folder.at('nowhere/file'));
    link('root/rerun/link', file('data/file'));
    link('root/.git/link', folder.at('data/file'));
    expect(await linkTargets(folder.at('root'), ['rerun'])).toEqual([]);
  });

  it('are looked for again where a directory has changed', async () => {
    link('root/a/one', file('data/one'));
    const old = new Date(Date.now() - 60_000);
    utimesSync(folder.at('root/a'), old, old);
    expect(await linkTargets(folder.at('root'))).toEqual(all('data/one'));
    link('root/a/two', file('more/two'));
    expect(await linkTargets(folder.at('root'))).toEqual(all('data/one', 'more/two'));
  });

  it('of files that are named', async () => {
    link('in/link', file('data/file'));
    expect(await fileTargets([folder.at('in/link'), file('in/plain')])).toEqual(
      all('in/link', 'in/plain', 'data/file'),
    );
  });
});

describe('places are mounted', () => {
  it('by directories, as thousands of files lie in a few', () => {
    const raws = Array.from({length: 1000}, (_, i) => file(`raw/${i}.fits`));
    mkdirSync(folder.at('calib'));
    expect(readOnly([...raws, folder.at('calib'), folder.at('nowhere')])).toEqual(
      all('calib', 'raw').map(source => ({source, target: source, write: false})),
    );
  });

  it('one by one where their directory is the system’s, which is never mounted', () => {
    expect(readOnly(['/etc/passwd', '/', '/usr', '/tmp', '/dev/null', '/proc/self']).map(({source}) => source)).toEqual(
      ['/etc/passwd'],
    );
  });
});
