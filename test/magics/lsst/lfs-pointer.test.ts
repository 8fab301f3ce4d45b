import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, describe, expect, it} from 'vitest';
import {isPointer} from '../../../magics/lsst/lfs-pointer.js';
import {lsstMagic} from '../../../magics/lsst/lsst.js';
import {FakeNotebook} from './fake-context.js';

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4'.repeat(64)}\nsize 17000000\n`;

let notebook: FakeNotebook;
beforeEach(() => {
  notebook = new FakeNotebook();
  mkdirSync(join(notebook.directory, 'ci hsc/.git'), {recursive: true});
  for (const at of ['ci hsc/raw', 'more']) mkdirSync(join(notebook.directory, at), {recursive: true});
  for (const name of ['ci hsc/raw/a.fits', 'ci hsc/raw/b.fits', 'more/d.fits'])
    writeFileSync(join(notebook.directory, name), POINTER);
  writeFileSync(join(notebook.directory, 'ci hsc/raw/c.fits'), 'SIMPLE  =                    T');
});

/** Code, place, message and hint of all that is wrong with a cell. */
async function wrong(text: string): Promise<readonly unknown[]> {
  const {parseCell} = await import('../../../kernel/cell/cell.js');
  const {value: syntax} = parseCell(text, [lsstMagic.shape]);
  if (syntax.is !== 'magic') throw new Error('no magic cell');
  const {call} = lsstMagic.read(
    {
      line: syntax.stack.at(-1)!,
      body: syntax.body,
      bodySpan: syntax.bodySpan,
      bodyLine: 1,
      row: {},
      evaluated: () => ({is: 'other', type: 'nothing'}),
      lookup: () => ({is: 'other', type: 'nothing'}),
    },
    notebook.context,
  );
  const draft = await lsstMagic.draft(call!, {}, notebook.context);
  return draft.ok
    ? []
    : draft.error.map(({code, span, message, hint}) => [code, text.slice(span?.start, span?.end), message, hint]);
}

describe('a task that puts files into the root', () => {
  it('is refused where some are git-lfs pointers, with the command that fetches them', async () => {
    const tree = join(notebook.directory, 'ci hsc');
    expect(await wrong('%%lsst ingestImages\n"ci hsc"/raw/*.fits --mode=link')).toEqual([
      [
        'W5014',
        '"ci hsc"/raw/*.fits',
        '2 of 3 raws are git-lfs pointers, not images',
        `fetch the images: \`git -C '${tree}' lfs pull\``,
      ],
    ]);
  });

  it('says so of each word, and of one file by its name; without a work tree, from the directory of the files', async () => {
    const more = join(notebook.directory, 'more');
    expect(await wrong('%%lsst ingestImages\n"ci hsc"/raw/c.fits more/*.fits "ci hsc"/raw/a.fits')).toEqual([
      [
        'W5014',
        'more/*.fits',
        `the raw \`${more}/d.fits\` is a git-lfs pointer, not an image`,
        `fetch the images: \`git -C ${more} lfs pull\``,
      ],
      ['W5014', '"ci hsc"/raw/a.fits', expect.stringContaining('raw/a.fits` is a git-lfs pointer'), expect.anything()],
    ]);
  });

  it('is planned where all files are there', async () => {
    expect(await wrong('%%lsst ingestImages\n"ci hsc"/raw/c.fits --mode=link')).toEqual([]);
  });
});

describe('a file', () => {
  it('is a pointer by its first bytes, if it is small', () => {
    const at = (name: string): string => join(notebook.directory, name);
    writeFileSync(at('large'), POINTER + ' '.repeat(1024));
    writeFileSync(at('empty'), '');
    expect(['ci hsc/raw/a.fits', 'ci hsc/raw/c.fits', 'large', 'empty', 'none', 'more'].map(at).map(isPointer)).toEqual(
      [true, false, false, false, false, false],
    );
  });
});
