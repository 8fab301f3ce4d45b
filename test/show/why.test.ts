import {describe, expect, test} from 'vitest';
import * as fc from 'fast-check';
import {digestOf, fingerprintOf, type Digest} from '../../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import type {Recipe} from '../../kernel/graph/recipe.js';
import {runAgainWords} from '../../kernel/show/run-again.js';
import {countLines, diffLines, unifiedDiff} from '../../kernel/show/line-diff.js';
import {diffRecipes} from '../../kernel/show/recipe-diff.js';
import {changeText, type Labeler} from '../../kernel/show/change-text.js';
import {whyBundle} from '../../kernel/show/why.js';
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
    ['`%env OMP` added: 1', {environment: {OMP: '1'}}],
    ['what `%setup` sets up changed', {setup: digestOf('s')}],
    ['the code `mine.py` that `%code` declares added', {sources: {'mine.py': digestOf('s')}}],
  ])('in words: %s', (text, change) => {
    expect(words({...recipe, ...change})).toEqual([text]);
  });

  test('tells once of an input that is a variable, and of the others beside it', () => {
    const psf = {is: 'task', fingerprint: b} as const;
    expect(words({...recipe, variables: {...recipe.variables, psf}, inputs: [psf]})).toEqual([
      'input `psf` warps filter=HSC-R changed: see %why warps[HSC-R]',
    ]);
    const other = {is: 'task', fingerprint: fingerprintOf('task/a', 3)} as const;
    expect(words({...recipe, variables: {...recipe.variables, psf}, inputs: [other, psf]})).toHaveLength(2);
  });

  test('names what of a set-up changed, where it is known what both set up', () => {
    const digest = (name: string): Digest => digestOf(name);
    const known: Readonly<Record<string, JsonValue>> = {
      [digest('old')]: {
        products: {afw: '18.1.0', ip: '1', gone: '3', mine: '2', own: 'LOCAL'},
        assigned: {MODE: 'slow'},
        local: {own: digest('a')},
      },
      [digest('new')]: {
        products: {afw: '19.0.0', ip: '1', mine: 'LOCAL', own: 'LOCAL', fresh: '5'},
        assigned: {MODE: 'fast'},
        local: {mine: digest('m'), own: digest('b')},
      },
      [digest('lines')]: {text: 'export A=1', files: {'a.sh': digest('f')}},
      [digest('other')]: {text: 'export A=2', files: {'a.sh': digest('g')}},
    };
    const setupOf = (identity: string): JsonValue | undefined => known[identity];
    const between = (old: string, now: string) =>
      diffRecipes({...recipe, setup: digest(old)}, {...recipe, setup: digest(now)}, setupOf).map(change =>
        changeText(change, labelOf),
      );
    expect(between('old', 'new').map(({text}) => text)).toEqual([
      'variable of `%setup` `MODE` slow → fast',
      'the product `own`, a directory of your own, has other content',
      'product `afw` 18.1.0 → 19.0.0',
      'product `fresh` added: 5',
      'product `gone` removed (it was 3)',
      'product `mine` 2 → LOCAL',
    ]);
    expect(between('old', 'new').map(({short}) => short)).toContain('product `afw` was 18.1.0, is 19.0.0');
    expect(between('lines', 'other').map(({text}) => text)).toEqual([
      'file `a.sh`, which `%setup` reads, has other content',
      'the lines of `%setup` export A=1 → export A=2',
    ]);
    expect(between('old', 'unknown').map(({text}) => text)).toEqual(['what `%setup` sets up changed']);
    expect(between('old', 'old')).toEqual([]);
  });

  test('shows an image by the head of its digest', () => {
    expect(words({...recipe, code: {image: `sha256:${digestOf('two')}`}})[0]).toMatch(
      /^the container image changed: sha256:[0-9a-f]{12}… → sha256:[0-9a-f]{12}…$/,
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

  test('knows what each object of JavaScript has from what a recipe has', () => {
    const at = (config: object): Recipe => ({...recipe, arguments: {config: config as never}});
    expect(diffRecipes(at({valueOf: null, constructor: 1}), at({constructor: 1}))).toMatchObject([
      {path: 'arguments.config.valueOf', old: null},
    ]);
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
  const previous = {recipe, label: 'coadds[HSC-R]', host: 'nid00123', startedAt: new Date(NOON).toISOString()};
  const view = {label: 'coadds[HSC-R]', recipe, previous};

  test('says in one line what changed since the run before', () => {
    const now = {...recipe, arguments: {...recipe.arguments, config: {doApplySkyCorr: 'True', doWrite: 'True'}}};
    expect(whyBundle({...view, recipe: now}, labelOf, clock)['text/plain']).toBe(
      'coadds[HSC-R]: changed since the run of 12 Oct 14:03 on nid00123: config `doApplySkyCorr` False → True',
    );
  });

  test('shows the lines of a script that changed', () => {
    const script = (text: string): Recipe => ({...recipe, kind: 'bash', arguments: {script: text}});
    const bundle = whyBundle(
      {label: 'stats', recipe: script('a\nb\nc\nd <x>\n'), previous: {...previous, recipe: script('a\nb\nC\nd <x>\n')}},
      labelOf,
      clock,
    );
    expect(bundle['text/plain']).toBe(
      [
        'stats: changed since `coadds[HSC-R]` ran 12 Oct 14:03 on nid00123:',
        '  the script changed',
        ...['@@ -1,5 +1,5 @@', ' a', ' b', '-C', '+c', ' d <x>', ' '].map(line => `    ${line}`),
      ].join('\n'),
    );
    const html = bundle['text/html'] as string;
    expect(textOf(untrusted(html))).toBe(textOf(html));
    expect(html).toContain('-C\n+c\n d &lt;x&gt;\n </pre>');
  });

  test('says that nothing changed, why a result was refused, and that there was no run before', () => {
    const text = (more: object): unknown => whyBundle({...view, ...more}, labelOf, clock)['text/plain'];
    expect(text({})).toBe('coadds[HSC-R]: nothing changed since the run of 12 Oct 14:03 on nid00123');
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

  test('in the unified form makes the new text of the old one, and counts its lines', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), {maxLength: 40});
    fc.assert(
      fc.property(lines, lines, fc.integer({min: 0, max: 3}), (before, after, context) => {
        const diff = diffLines(before, after);
        const patch = unifiedDiff(diff, context);
        expect(applied(before, patch)).toEqual(after);
        const {added, removed} = countLines(diff);
        expect(after.length - before.length).toBe(added - removed);
        expect(patch.filter(line => /^[-+]/.test(line))).toHaveLength(added + removed);
      }),
      {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 300 : 20_000},
    );
  });

  test('shows what differs with the lines around it, as `diff -u` does', () => {
    const before = Array.from({length: 30}, (_, at) => `${at}`);
    const after = before.map(line => (line === '3' || line === '20' ? 'new' : line));
    expect(unifiedDiff(diffLines(before, after), 1)).toEqual([
      ...['@@ -3,3 +3,3 @@', ' 2', '-3', '+new', ' 4'],
      ...['@@ -20,3 +20,3 @@', ' 19', '-20', '+new', ' 21'],
    ]);
    expect(unifiedDiff(diffLines([], ['a']))).toEqual(['@@ -0,0 +1 @@', '+a']);
  });
});

/** A text after a patch, by the numbers of its hunks. */
function applied(before: readonly string[], patch: readonly string[]): readonly string[] {
  const after: string[] = [];
  let at = 0;
  for (const line of patch) {
    const [, start, count] = /^@@ -(\d+)(?:,(\d+))? \+/.exec(line) ?? [];
    if (start !== undefined) {
      // Of no lines, the hunk stands behind the line that it names.
      const from = Number(start) - (count === '0' ? 0 : 1);
      after.push(...before.slice(at, from));
      at = from;
    } else {
      if (!line.startsWith('+')) expect(before[at++]).toBe(line.slice(1));
      if (!line.startsWith('-')) after.push(line.slice(1));
    }
  }
  return [...after, ...before.slice(at)];
}

describe('why a task runs again, in a line', () => {
  const run = (now: Partial<Recipe>, open = true) => ({
    changes: diffRecipes(recipe, {...recipe, ...now}).map(change => changeText(change, labelOf)),
    open,
  });
  const n = (value: number): Partial<Recipe> => ({variables: {...recipe.variables, n: {is: 'json', value}}});
  const script = (text: string): Recipe => ({...recipe, kind: 'bash', arguments: {script: text}});

  test.each<readonly [string, Partial<Recipe>]>([
    ['`n` was 3, is 4', n(4)],
    ['config `doWrite` is gone', {arguments: {...recipe.arguments, config: {doApplySkyCorr: 'False'}}}],
    ['`id` was filter=HSC-R, is filter=HSC-I', {arguments: {...recipe.arguments, id: 'filter=HSC-I'}}],
    ['its input `warps[HSC-R]` changed', {inputs: [{is: 'task', fingerprint: b}]}],
    ['`a.csv` changed', {files: {'a.csv': digestOf('y')}}],
    ['`b.csv` is new', {files: {...recipe.files, 'b.csv': digestOf('y')}}],
    ['`%env OMP` is new', {environment: {OMP: '1'}}],
    ['what `%setup` sets up changed', {setup: digestOf('s')}],
    ['`%code mine.py` changed', {sources: {'mine.py': digestOf('s')}}],
    ['the container image changed', {code: {image: 'other'}}],
    ['`a.csv` is gone, `n` was 3, is 4', {...n(4), files: {}}],
  ])('%s', (text, change) => {
    expect(runAgainWords([run(change)], true)).toEqual([`runs again: ${text}`]);
    expect(runAgainWords([run(change, false)], true)).toEqual([`ran again: ${text}`]);
  });

  test('says by how many lines a script changed, and not that it did where only its inputs are other ones', () => {
    const changes = (old: string, now: string) =>
      diffRecipes(script(old), script(now)).map(change => changeText(change, labelOf).short);
    expect(changes('a\nb\nc', 'a\nB\nc\nd')).toEqual(['its script changed (+2 −1)']);
    expect(changes(`cat /weft::${a}/f`, `cat /weft::${b}/f`)).toEqual(['its input `warps filter=HSC-R` changed']);
  });

  test('puts tasks together of which the same changed', () => {
    expect(runAgainWords([run(n(4)), run(n(4)), run({files: {}})], false)).toEqual([
      '2 run again: `n` was 3, is 4',
      '1 runs again: `a.csv` is gone',
    ]);
    expect(runAgainWords([run(n(4), false), run(n(5), false)], false, true)).toEqual([
      'at least 2 ran again: `n` changed',
    ]);
    const many = ['p', 'q', 'r', 's', 't'].map(name => run({environment: {[name]: '1'}}));
    expect(runAgainWords(many, false).at(-1)).toBe('2 more for other reasons');
  });
});
