import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {expect, test} from 'vitest';
import type {CompletionContext, KnownResult} from '../../../kernel/session/completer.js';
import {SETTINGS} from '../../../magics/line/placement.js';
import {scratch, type Scratch} from '../../rig/scratch.js';
import {fits} from './fits.js';

/** The coadds of a rerun with one parent, which has calexps, as results of a notebook; and a person's rerun below both. */
function reruns(folder: Scratch): Pick<CompletionContext, 'result' | 'resultAt'> {
  const write = (path: string, text = ''): void => {
    mkdirSync(dirname(folder.at(path)), {recursive: true});
    writeFileSync(folder.at(path), text);
  };
  const cfg = (...parents: readonly string[]): string =>
    `!RepositoryCfg_v1\n_mapper: lsst.obs.hsc.HscMapper\n_parents:\n${parents.map(parent => `- ${parent}\n`).join('')}`;
  write('rerun/coadds/repositoryCfg.yaml', cfg('../calexps'));
  write('rerun/calexps/repositoryCfg.yaml', cfg('../mine'));
  write('rerun/mine/repositoryCfg.yaml', '!RepositoryCfg_v1\n_parents: []\n');
  write('rerun/mine/00533/HSC-R/output/SRC-0903338-004.fits');
  const results = new Map<string, KnownResult>([
    [
      'coadds[HSC-R]',
      {
        directory: folder.at('rerun', 'coadds'),
        files: [
          'config/assembleCoadd.py',
          'deepCoadd/HSC-R/0/1,1.fits',
          'deepCoadd/HSC-R/0/1,2.fits',
          'deepCoadd/HSC-R/0/1,1_nImage.fits',
        ],
      },
    ],
    [
      'calexps',
      {
        directory: folder.at('rerun', 'calexps'),
        files: [
          '00533/HSC-R/corr/CORR-0903334-016.fits',
          '00533/HSC-R/corr/CORR-0903334-100.fits',
          '00671/HSC-I/corr/CORR-0904014-009.fits',
        ],
      },
    ],
    ['table', {directory: folder.at('work'), files: ['a b.csv', 'plot.png']}],
  ]);
  return {
    result: name => results.get(name),
    resultAt: directory => [...results.values()].find(each => each.directory === directory),
  };
}

test('%show offers the datasets of a future and its parents, and the keys and values that they have', async () => {
  using folder = scratch();
  const known = reruns(folder);
  const show = (marked: string): Promise<readonly string[]> => fits(folder, `%show ${marked}`, known);
  expect(await show('|')).toEqual(['<futures>', '<files>', 'rgb=']);
  expect(await show('coadds[HSC-R] |')).toEqual([
    'deepCoadd',
    'deepCoadd_nImage',
    'calexp',
    'src',
    'filter=',
    'tract=',
    'patch=',
  ]);
  expect(await show('coadds["HSC-R"] deepCoadd_|')).toEqual(['deepCoadd_nImage']);
  expect(await show('coadds[HSC-R] deepCoadd patch=|')).toEqual(['patch=1,1', 'patch=1,2']);
  expect(await show('coadds[HSC-R] patch=|')).toEqual(['patch=1,1', 'patch=1,2']);
  expect(await show('coadds[HSC-R] deepCoadd_nImage patch=|')).toEqual(['patch=1,1']);
  expect(await show('coadds[HSC-R] calexp visit=|')).toEqual(['visit=903334', 'visit=904014']);
  expect(await show('coadds[HSC-R] calexp visit=903334 ccd=|')).toEqual(['ccd=16', 'ccd=100']);
  expect(await show('calexps visit=903334 |')).toEqual(['calexp', 'src', 'ccd=', 'filter=', 'pointing=']);
  expect(await show('calexps visit=903334^|')).toEqual([]);
  // No record tells of a person's rerun.
  expect(await show('coadds[HSC-R] src visit=|')).toEqual(['visit=903338']);
  expect(await show('coadds[HSC-R] nothing |')).toEqual([]);
  expect(await show('coadds[HSC-I] |')).toEqual([]);
  expect(await show('DATA/x.fits |')).toEqual([]);
});

test('%show offers files of what has no dataset, and joins of colours', async () => {
  using folder = scratch();
  const known = reruns(folder);
  expect(await fits(folder, '%show table |', known)).toEqual(['"a b.csv"', 'plot.png']);
  expect(await fits(folder, '%show rgb=coadds[HSC-R],|', known)).toEqual(['<futures>']);
  const colours = '%show rgb=coadds[HSC-R],coadds[HSC-R]';
  expect(await fits(folder, `${colours} deepCoadd|`, known)).toEqual(['deepCoadd', 'deepCoadd_nImage']);
  expect(await fits(folder, `${colours} patch=1,1 tract=|`, known)).toEqual(['tract=0']);
  expect(await fits(folder, `${colours} calexp ccd=|`, known)).toEqual(['ccd=9', 'ccd=16', 'ccd=100']);
});

test('a container completes by pinned images, used ones and runtimes, on its line and as an option', async () => {
  using folder = scratch();
  const lock =
    '{"weft.lock": 1, "images": [{"container": "docker:a:1"}, {"container": "b:2", "runtime": "podman"}, 3]}';
  writeFileSync(folder.at('weft.lock'), lock);
  const known = {images: () => ['apptainer:stack.sif']};
  const all = await fits(folder, '%container |', known);
  expect(all.slice(0, 5)).toEqual(['docker:a:1', 'b:2', 'apptainer:stack.sif', 'none', 'auto']);
  expect(all).toContain('podman-hpc:');
  expect(all.at(-1)).toBe('<files>');
  expect(await fits(folder, '%%bash --container |', known)).toEqual(all);
  expect(await fits(folder, '%%lsst processCcd --container=|', known)).toEqual(all);
  expect(await fits(folder, '%container podman:|')).toEqual(['podman:b:2', 'podman:', '<files>']);
  expect(await fits(folder, '%container docker:|')).toEqual(['docker:a:1', 'docker:', '<files>']);
  writeFileSync(folder.at('weft.lock'), '<<<<<<< HEAD');
  expect(await fits(folder, '%container |', known)).toContain('apptainer:stack.sif');
});

test('%config offers its keys, behind each what it may be, and nothing behind that', async () => {
  using folder = scratch();
  expect(await fits(folder, '%config |')).toEqual([...SETTINGS.keys()]);
  expect(await fits(folder, '%config verify |')).toEqual(['size', 'mtime', 'content']);
  expect(await fits(folder, '%config network n|')).toEqual(['none']);
  expect(await fits(folder, '%config typecheck |')).toEqual(['warn', 'error', 'off']);
  expect(await fits(folder, '%config store |')).toEqual(['<directories>']);
  expect(await fits(folder, '%config nothing |')).toEqual([]);
  expect(await fits(folder, '%config verify size |')).toEqual([]);
});

test('each choice that %config offers is one that it takes, and its sentence names it', () => {
  for (const [key, {choices = [], values, read, set}] of SETTINGS) {
    if (choices === 'directory') continue;
    for (const choice of choices) {
      const settings = {} as Parameters<typeof set>[0];
      expect(set(settings, choice, {directory: '/'} as Parameters<typeof set>[2]), key).toBe(true);
      expect(read(settings)).toBe(choice);
      expect(values).toContain(choice);
    }
    if (choices.length > 0)
      expect(set({} as Parameters<typeof set>[0], 'other', {} as Parameters<typeof set>[2])).toBe(false);
  }
});

test('what completes is the same behind letters of any script', async () => {
  using folder = scratch();
  const known = reruns(folder);
  for (const before of ['x', '😀', '天気', 'e\u0301\u0301', '👩‍🚀', '𝒳']) {
    expect(await fits(folder, `%%bash --with a="${before}" --container podman-|`)).toEqual(['podman-hpc:', '<files>']);
    expect(await fits(folder, `%%lsst processCcd\n# ${before}\n--config a="${before}" --doR|`)).toEqual([]);
    expect(await fits(folder, `%%lsst processCcd\n# ${before}\n--config a="${before}" --dora|`)).toEqual(['--doraise']);
    expect(await fits(folder, `const a = "${before}"\n%show calexps calexp filter=HSC-I visit=|`, known)).toEqual([
      'visit=904014',
    ]);
  }
});
