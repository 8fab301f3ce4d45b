import {describe, expect, test} from 'vitest';
import * as fc from 'fast-check';
import {digestOf, fingerprintOf} from '../../kernel/fingerprint/fingerprint.js';
import type {Recipe} from '../../kernel/graph/recipe.js';
import {diffLines, shortDiff} from '../../kernel/show/line-diff.js';
import {diffRecipes} from '../../kernel/show/recipe-diff.js';
import {changeText, whyBundle, type Labeler} from '../../kernel/show/why.js';
import {textOf, untrusted} from './sanitizer.js';
import {NOON} from './tasks.js';

const a = fingerprintOf('task/a', 1);
const b = fingerprintOf('task/a', 2);
const recipe: Recipe = {
  kind: 'lsst',
  name: 'assembleCoadd',
  arguments: {config: {doApplySkyCorr: 'False', doWrite: 'True'}, id: 'filter=HSC-R'},
  variables: {n: {is: 'json', value: 3}, psf: {is: 'task', fingerprint: a}},
  inputs: [{is: 'task', fingerprint: a}],
  code: {image: `sha256:${digestOf('one')}`},
  files: {'a.csv': digestOf('x')},
};
const labelOf: Labeler = fp => (fp === a || fp === b ? {label: 'warps filter=HSC-R', name: 'warps[HSC-R]'} : undefined);
const words = (now: Recipe): readonly string[] =>
  diffRecipes(recipe, now).map(change => changeText(change, labelOf).text);

describe('the diff of two recipes', () => {
  test('names the path, the old and the new value', () => {
    const now = {...recipe, arguments: {...recipe.arguments, config: {doApplySkyCorr: 'True', doWrite: 'True'}}};
    expect(diffRecipes(recipe, now)).toEqual([
      {
        at: ['arguments', 'config', 'doApplySkyCorr'],
        path: 'arguments.config.doApplySkyCorr',
        old: 'False',
        new: 'True',
      },
    ]);
  });

  test.each<readonly [string, Partial<Recipe>]>([
    ['config `doWrite` removed (it was True)', {arguments: {...recipe.arguments, config: {doApplySkyCorr: 'False'}}}],
    ['argument `id` filter=HSC-R → filter=HSC-I', {arguments: {...recipe.arguments, id: 'filter=HSC-I'}}],
    ['variable `n` 3 → 4', {variables: {...recipe.variables, n: {is: 'json', value: 4}}}],
    [
      'input `psf` warps filter=HSC-R changed: see %why warps[HSC-R]',
      {variables: {...recipe.variables, psf: {is: 'task', fingerprint: b}}},
    ],
    ['input warps filter=HSC-R changed: see %why warps[HSC-R]', {inputs: [{is: 'task', fingerprint: b}]}],
    ['input warps filter=HSC-R removed', {inputs: []}],
    ['file `a.csv` has other content', {files: {'a.csv': digestOf('y')}}],
    ['environment variable `OMP` added: 1', {environment: {OMP: '1'}}],
    ['what %setup sets up changed', {setup: digestOf('s')}],
    ['declared code `mine.py` added', {sources: {'mine.py': digestOf('s')}}],
  ])('in words: %s', (text, change) => {
    expect(words({...recipe, ...change})).toEqual([text]);
  });

  test('shows an image by the head of its digest', () => {
    expect(words({...recipe, code: {image: `sha256:${digestOf('two')}`}})[0]).toMatch(
      /^code: image sha256:[0-9a-f]{12}… → sha256:[0-9a-f]{12}…$/,
    );
  });

  test('compares ordered options by name, and other lists by their entries', () => {
    const at = (config: readonly string[]): Recipe => ({...recipe, arguments: {config}});
    const changes = diffRecipes(at(['doWrite=True', 'n=1']), at(['doWrite=False', 'n=1', 'm=2']));
    expect(changes.map(change => changeText(change, labelOf).text)).toEqual(
      ['config `doWrite` True → False', 'config `m` added: 2'].toSorted(),
    );
    expect(diffRecipes(at(['x', 'y']), at(['y', 'z']))).toMatchObject([{path: 'arguments.config', old: 'x', new: 'z'}]);
    expect(diffRecipes(at(['x', 'y']), at(['y', 'x']))).toHaveLength(1);
    expect(diffRecipes(at(['n=1', 'm=2']), at(['m=2', 'n=1']))).toHaveLength(1);
  });

  test('is empty for equal recipes and for these only', () => {
    const json = fc.jsonValue({maxDepth: 3}) as fc.Arbitrary<never>;
    const recipes = fc.record({
      arguments: fc.dictionary(fc.constantFrom('x', 'y', 'config'), json),
      files: fc.dictionary(fc.constantFrom('p', 'q'), json),
    });
    const full = (part: object): Recipe => JSON.parse(JSON.stringify({...recipe, ...part})) as Recipe;
    fc.assert(
      fc.property(recipes, recipes, (one, two) => {
        expect(diffRecipes(full(one), full(one))).toEqual([]);
        const equal = fingerprintOf('t', full(one) as never) === fingerprintOf('t', full(two) as never);
        expect(diffRecipes(full(one), full(two)).length === 0).toBe(equal);
        diffRecipes(full(one), full(two)).forEach(change => changeText(change, labelOf));
      }),
      {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 100 : 5000},
    );
  });
});

describe('%why', () => {
  const clock = {now: NOON, zone: 'UTC'};
  const previous = {recipe, startedAt: new Date(NOON).toISOString()};
  const view = {label: 'coadds[HSC-R]', recipe, previous};

  test('says in one line what changed since the run before', () => {
    const now = {...recipe, arguments: {...recipe.arguments, config: {doApplySkyCorr: 'True', doWrite: 'True'}}};
    expect(whyBundle({...view, recipe: now}, labelOf, clock)['text/plain']).toBe(
      'coadds[HSC-R]: changed since the run of 12 Oct 14:03: config `doApplySkyCorr` False → True',
    );
  });

  test('shows the lines of a script that changed', () => {
    const script = (text: string): Recipe => ({...recipe, kind: 'bash', arguments: {script: text}});
    const bundle = whyBundle(
      {label: 'stats', recipe: script('a\nb\nc\nd <x>\n'), previous: {...previous, recipe: script('a\nb\nC\nd <x>\n')}},
      labelOf,
      clock,
    );
    expect(bundle['text/plain']).toMatchInlineSnapshot(`
      "stats: changed since the run of 12 Oct 14:03:
        the script changed
            b
          - C
          + c
            d <x>"
    `);
    const html = bundle['text/html'] as string;
    expect(textOf(untrusted(html))).toBe(textOf(html));
    expect(html).toContain('- C\n+ c\n  d &lt;x&gt;</pre>');
  });

  test('says that nothing changed, why a result was refused, and that there was no run before', () => {
    const text = (more: object): unknown => whyBundle({...view, ...more}, labelOf, clock)['text/plain'];
    expect(text({})).toBe('coadds[HSC-R]: nothing changed since the run of 12 Oct 14:03');
    expect(text({missed: 'a.fits is missing'})).toBe('coadds[HSC-R]: its result was refused: a.fits is missing');
    expect(text({previous: undefined})).toBe('coadds[HSC-R]: no earlier run of it is known');
  });
});

describe('the diff of lines', () => {
  test('gives both texts back', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c'), {maxLength: 30});
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(before, after);
        expect(diff.filter(line => line.mark !== '+').map(line => line.text)).toEqual(before);
        expect(diff.filter(line => line.mark !== '-').map(line => line.text)).toEqual(after);
      }),
      {seed: 7, numRuns: 200},
    );
  });

  test('shows what differs with one line around it, and is bounded', () => {
    const before = Array.from({length: 30}, (_, at) => `${at}`);
    const after = before.map(line => (line === '3' || line === '20' ? 'new' : line));
    expect(shortDiff(diffLines(before, after))).toEqual([
      '  2',
      '- 3',
      '+ new',
      '  4',
      '…',
      '  19',
      '- 20',
      '+ new',
      '  21',
    ]);
    const long = Array.from({length: 2000}, (_, at) => `${at}`);
    expect(shortDiff(diffLines(long, long.toReversed()))).toHaveLength(25);
  });
});
