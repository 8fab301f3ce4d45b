import {execFileSync} from 'node:child_process';
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {escapeGlob, fillWord} from '../../kernel/cell/fill.js';
import {bodyWords, lineWords} from '../../kernel/cell/words.js';
import {readGlob, relativeGlob} from '../../magics/glob.js';
import {inputFiles, matchGlob} from '../../magics/script-inputs.js';
import {quotedOut} from '../../magics/out-problem.js';
import {scratch} from '../rig/scratch.js';

/** The glob that a typed word is; `$V` is `[v]*`, `${e}` is `{e,f}`, `${l}` a list of `l*` and `[m]`. */
const globsOf = (typed: string): readonly string[] =>
  lineWords(typed).value.flatMap(word =>
    fillWord(
      word,
      {
        expression: (_span, code) => ({is: 'json', value: code === 'l' ? ['l*', '[m]'] : '{e,f}'}),
        variable: () => '[v]*',
        unknownVariable: (_name, span) => ({code: 'W2033', severity: 'error', message: '', span}),
      },
      false,
    ).words.map(({pattern}) => readGlob(pattern).pattern),
  );

test.each([
  ['d/*.txt', 'd/*.txt', false],
  ["'d/*.txt'", 'd/\\*.txt', true],
  ['"d/*.txt"', 'd/\\*.txt', true],
  ['d/\\*.txt', 'd/\\*.txt', true],
  ['d/"a b"*.txt', 'd/a b*.txt', false],
  ['"d[1]"/*', 'd\\[1]/*', false],
  ["[1]'[2]'", '[1]\\[2]', false],
  ['$V/x*', '\\[v]\\*/x*', false],
  ['${e}.txt', '\\{e,f}.txt', true],
  ['{${e},b}.txt', '{\\{e\\,f\\},b}.txt', false],
  ['{a","c,b}', '{a\\,c,b}', false],
  ["[a'-'c]", '[a\\-c]', false],
  ["['!'a]", '[\\!a]', false],
  ["'a\\b'*", 'a\\\\b*', false],
])('the word %s is the glob %s', (typed, pattern, literal) => {
  expect(globsOf(typed)).toEqual([pattern]);
  expect(readGlob(pattern)).toMatchObject({pattern, literal});
});

test('each text of a list that is a whole word stands for itself', () => {
  expect(globsOf('${l}')).toEqual(['l\\*', '\\[m]']);
});

test('a glob in a body is known by what was typed of it', () => {
  const [word] = bodyWords("raw/'[1]'*.fits").value;
  const nothing = {expression: () => ({is: 'none', why: ''}) as const, variable: () => undefined};
  const unknownVariable = (): never => expect.fail();
  const filled = word && fillWord(word, {...nothing, unknownVariable}, true);
  expect(filled?.words).toMatchObject([{text: 'raw/[1]*.fits', glob: true, pattern: 'raw/\\[1\\]*.fits'}]);
});

test.each(['[]a', '[', '[a/b]', '{a', '{a,{b', '{a}', 'a}', '{}', '{{a}', '[!', '[a', '{a,b', 'a\\'])(
  '%s is literal, as for bash',
  text => {
    expect(readGlob(text)).toMatchObject({text, literal: true});
    expect(readGlob(text).expression.test(text)).toBe(true);
  },
);

test.each([
  ['{a,b}{1,2}', ['a1', 'b2'], ['a', '{a,b}{1,2}']],
  ['{a,{b,c}x}', ['a', 'bx', 'cx'], ['b', 'bx}']],
  ['{a,{b,c}', ['{a,b', '{a,c'], ['a', 'b']],
  ['{x/a,b}.txt', ['x/a.txt', 'b.txt'], ['x/b.txt']],
  ['[[:digit:]]x', ['7x'], ['dx', ':x']],
  ['[[:upper:]-]', ['A', '-'], ['a']],
  ['[é-ü]', ['ö'], ['a']],
  ['a\\*', ['a*'], ['ab']],
])('%s matches %j and not %j', (pattern, matched, others) => {
  const {expression} = readGlob(pattern);
  expect(matched.filter(name => expression.test(name))).toEqual(matched);
  expect(others.filter(name => expression.test(name))).toEqual([]);
});

test('a set matches what it matches for bash, whatever stands in it', () => {
  const pattern = fc.string({unit: fc.constantFrom(...Array.from('ab[]!^-\\*?c')), maxLength: 7});
  const name = fc.string({unit: fc.constantFrom(...Array.from('ab[]!^-c\\')), maxLength: 4});
  const pairs = fc.sample(fc.tuple(pattern, name), {seed: 5, numRuns: 4000});
  const script = 'while IFS= read -r p && IFS= read -r n; do [[ $n == $p ]] && echo y || echo n; done';
  const said = execFileSync('bash', ['-c', script], {
    input: pairs.map(([p, n]) => `${p}\n${n}\n`).join(''),
    env: {...process.env, LC_ALL: 'C'},
    encoding: 'utf8',
  });
  const ours = pairs.map(([p, n]) => (readGlob(p).expression.test(n) ? 'y' : 'n'));
  const theirs = said.trim().split('\n');
  const different = pairs.filter((_, at) => ours[at] !== theirs[at]);
  // A pattern that ends in a lone backslash is undefined for POSIX.
  expect(different.filter(([p]) => !/(^|[^\\])(\\\\)*\\$/.test(p))).toEqual([]);
});

test('any text is read without a fault, its one way of writing is read as the same, and escaped it stands for itself', () => {
  const text = fc.string({unit: fc.constantFrom(...Array.from('ab/.*?[]{},!^-\\: ')), maxLength: 12});
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      const glob = readGlob(pattern);
      const again = readGlob(glob.pattern);
      expect(again.pattern).toBe(glob.pattern);
      expect(again.literal).toBe(glob.literal);
      expect(again.expression.test(name)).toBe(glob.expression.test(name));
      expect(readGlob(escapeGlob(name))).toMatchObject({text: name, literal: true});
      expect(readGlob(escapeGlob(name)).expression.test(name)).toBe(true);
    }),
    {seed: 3, numRuns: 2000},
  );
});

test('what says nothing in a path is left out', () => {
  for (const pattern of ['y.txt', './y.txt', 'e/../y.txt', 'y.txt/', './/y.txt'])
    expect(relativeGlob(pattern).pattern).toBe('y.txt');
  expect(relativeGlob('./').pattern).toBe('.');
  expect(relativeGlob('../d/./*').pattern).toBe('../d/*');
});

test('literal names take the files that they name, and what was meant otherwise is told how to write it', async () => {
  using folder = scratch();
  mkdirSync(folder.at('g', '.hid'), {recursive: true});
  for (const name of ['x1.txt', 'x[1].txt', '{p,q}.txt', 'y1.txt', '.hid/h.txt'])
    writeFileSync(folder.at('g', name), '');
  const read = async (pattern: string): Promise<readonly string[]> => {
    const digest = (): Promise<{ok: true; value: never}> => Promise.resolve({ok: true, value: 'sha256:' as never});
    const {files, problems} = await inputFiles(folder.at('g'), [pattern], false, digest);
    return [...files.map(({name}) => name), ...problems.map(({message, hint}) => `${message} - ${hint ?? ''}`)];
  };
  expect(await read('x\\[1].txt')).toEqual(['x[1].txt']);
  expect(await read('x[1].txt')).toEqual(['x1.txt']);
  expect(await read('\\{p,q}.txt')).toEqual(['{p,q}.txt']);
  expect(await read('../g/*1.txt')).toEqual(['../g/x1.txt', '../g/y1.txt']);
  expect(await read(`${escapeGlob(folder.at('g'))}/[x-y]1.txt`)).toEqual([
    folder.at('g/x1.txt'),
    folder.at('g/y1.txt'),
  ]);
  expect(matchGlob(folder.path, readGlob('g/*/h.txt'))).toEqual([]);
  expect(matchGlob(folder.path, readGlob('g/.*/h.txt'))).toEqual(['g/.hid/h.txt']);
  expect(matchGlob(folder.path, readGlob('../*/g/*/h.txt'))).toEqual([]);
  expect(await read('y\\*.txt')).toEqual([
    'there is no file `y*.txt` - its `*` is literal, as all that is quoted, escaped or comes from `${}` is; a glob is written without quotes: `y*.txt`',
  ]);
  expect(await read('{p,q}.txt')).toEqual([
    "`{p,q}.txt` matches no file - a file of just this name is there: quote it, `'{p,q}.txt'`",
  ]);
  expect(await read('')).toEqual(['an empty name is no input - ']);
  expect(await read('[]a')).toEqual(['there is no file `[]a` - ']);
  expect(await read('[z-a]')).toEqual(['`[z-a]` matches no file - `[z-a]` matches nothing: it runs backwards']);
});

test.each([
  ["'*.txt'", 1],
  ['"a b?"', 1],
  ["d/'*'.txt", 1],
  ['*.txt', 0],
  ['"a b"*', 0],
  ['\\*', 0],
  ["'a b'", 0],
  ["'x[1]'", 0],
  ['"${e}*"', 0],
])('of the output %s there are %i warnings that it is no glob', (typed, count) => {
  expect(lineWords(typed).value.flatMap(quotedOut)).toHaveLength(count);
});

test('a link that leads nowhere is named, with where it leads, and what to do', async () => {
  using folder = scratch();
  symlinkSync('gone', folder.at('link'));
  const digest = (): Promise<{ok: false; error: string}> => Promise.resolve({ok: false, error: 'it is missing'});
  const {problems} = await inputFiles(folder.path, ['l*'], false, digest);
  expect(problems).toMatchObject([
    {
      message: '`link` is a link to `gone`, which is not there',
      hint: expect.stringContaining('mend or remove the link') as string,
    },
  ]);
});

test('links that lead back up are followed once below `**`', () => {
  using folder = scratch();
  mkdirSync(folder.at('d', 'deep'), {recursive: true});
  writeFileSync(folder.at('d', 'deep', 'x'), '');
  for (const name of ['current', 'latest', 'last']) symlinkSync('.', folder.at('d', name));
  symlinkSync('../deep', folder.at('d', 'deep', 'again'));
  expect(matchGlob(folder.path, readGlob('**/x'))).toEqual(['d/deep/x']);
  expect(matchGlob(folder.path, readGlob('d/*/deep/x'))).toEqual([
    'd/current/deep/x',
    'd/last/deep/x',
    'd/latest/deep/x',
  ]);
});
