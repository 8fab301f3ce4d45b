import {mkdirSync, writeFileSync} from 'node:fs';
import fc from 'fast-check';
import {execFileSync} from 'node:child_process';
import {expect, test} from 'vitest';
import {bashPreamble, unsetNames, whyNoBashName} from '../../magics/bash-variables.js';
import {valueOf} from '../../magics/bash-language.js';
import {cleanEnvironment} from '../../magics/clean-environment.js';
import {entryName} from '../../magics/entry-name.js';
import {readGlob, relativeGlob} from '../../magics/glob.js';
import {matchGlob} from '../../magics/script-inputs.js';
import {dedent, normalScript} from '../../magics/script-text.js';
import {scratch} from '../rig/scratch.js';

test('a function may indent its script, and line ends are cosmetic', () => {
  expect(normalScript(dedent('\n    if x; then\n      y\n    fi\n  '))).toBe('if x; then\n  y\nfi');
  expect(normalScript(dedent('a\r\nb\r\n\r\n'))).toBe('a\nb');
  expect(normalScript('  a\nb \n\n')).toBe('  a\nb ');
  expect(dedent('\n\n\ta\n\tb')).toBe('\na\nb');
});

test('any text comes into bash as it is', () => {
  const text = fc
    .string({unit: 'binary', maxLength: 40})
    .filter(each => !each.includes('\0') && !/[\ud800-\udfff]/u.test(each));
  fc.assert(
    fc.property(fc.array(text, {minLength: 1, maxLength: 20}), texts => {
      const variables = Object.fromEntries(texts.map((each, i) => [`v${i}`, each]));
      const script = `${bashPreamble(variables)}${texts.map((_, i) => `printf '%s\\0' "$v${i}"`).join('\n')}`;
      const printed = execFileSync('bash', ['--norc', '-s'], {
        input: script,
        env: {LC_ALL: 'C.UTF-8', PATH: process.env['PATH']},
      });
      expect(printed.toString().split('\0').slice(0, -1)).toEqual(texts);
    }),
    {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 10 : 300},
  );
});

test('names of entries are unique, and stand for one file each', () => {
  expect([['a/b'], ['.x'], [''], ['a,b', 'c'], [1, [2]], ['5%']].map(entryName)).toEqual([
    'a%2Fb',
    '%2Ex',
    '%',
    'a%2Cb,c',
    '1,[2]',
    '5%25',
  ]);
  const long = entryName(['x'.repeat(300)]);
  expect(long).toMatch(/^x+~[0-9a-f]{12}$/);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255);
  fc.assert(
    fc.property(
      fc.array(fc.string(), {minLength: 2, maxLength: 2}),
      fc.array(fc.string(), {minLength: 2, maxLength: 2}),
      (a, b) => {
        expect(entryName(a) === entryName(b)).toBe(a[0] === b[0] && a[1] === b[1]);
        expect(entryName(a)).not.toMatch(/[/\0]|^\./);
      },
    ),
    {seed: 7},
  );
});

test('a star stays in its directory, two do not', () => {
  const match = (glob: string, name: string): boolean => readGlob(glob).expression.test(name);
  expect(['a.txt', 'x/a.txt'].map(name => match('*.txt', name))).toEqual([true, false]);
  expect(['a.txt', 'x/a.txt', 'x/y/a.txt'].map(name => match('**/*.txt', name))).toEqual([true, true, true]);
  expect(['f1', 'f2', 'f3'].map(name => match('f[12]', name))).toEqual([true, true, false]);
  expect(['f1', 'g1', 'h1'].map(name => match('{f,g}?', name))).toEqual([true, true, false]);
  expect(match('a+b(1)', 'a+b(1)')).toBe(true);
});

test('a glob finds files, and all files of directories, sorted, without hidden ones', () => {
  using folder = scratch();
  mkdirSync(folder.at('raw', 'deep'), {recursive: true});
  for (const name of ['b', 'a', 'deep/c', '.hidden']) writeFileSync(folder.at('raw', name), '');
  expect(matchGlob(folder.path, relativeGlob('raw/*'))).toEqual(['raw/a', 'raw/b', 'raw/deep/c']);
  expect(matchGlob(folder.path, relativeGlob('r*/?'))).toEqual(['raw/a', 'raw/b']);
  expect(matchGlob(folder.path, relativeGlob('./raw/a'))).toEqual(['raw/a']);
  expect(matchGlob(folder.path, relativeGlob('raw/z'))).toEqual([]);
});

test('a value is the last line of JSON, else all of it', () => {
  expect(valueOf('x\n{"a":1}\n\n')).toEqual({ok: true, value: {a: 1}});
  expect(valueOf('[1,\n2]\n')).toEqual({ok: true, value: [1, 2]});
  expect(valueOf('null')).toEqual({ok: true, value: null});
  expect(valueOf('"\\ud83d\\ude00"')).toEqual({ok: true, value: '\u{1f600}'});
  expect(valueOf('["\\ud83d"]')).toMatchObject({ok: false, error: expect.stringContaining('half of a character')});
  expect(valueOf('[9007199254740992, 1.5e300, "12345678901234567890"]')).toMatchObject({ok: true});
  for (const text of ['9007199254740993', '{"a": [1, -12345678901234567890]}', '[\n1e400\n]'])
    expect(valueOf(text)).toMatchObject({ok: false, error: expect.stringContaining('which readers of JSON round')});
  for (const text of ['', '\n', 'x', '1\nx'])
    expect(valueOf(text)).toMatchObject({ok: false, error: expect.stringContaining('last line')});
});

test('names that bash keeps are none of a script', () => {
  for (const name of ['PATH', 'HOME', 'LC_ALL', 'BASH_ENV', 'WEFT_OUT', 'TMPDIR', 'a-b', '1a', ''])
    expect(whyNoBashName(name), name).toBeDefined();
  for (const name of [
    '_',
    'RANDOM',
    'SRANDOM',
    'SECONDS',
    'LINENO',
    'GROUPS',
    'FUNCNAME',
    'DIRSTACK',
    'PIPESTATUS',
    'EPOCHSECONDS',
  ])
    expect(whyNoBashName(name), name).toBe('is a variable that bash sets by itself');
  expect(whyNoBashName('GLOBIGNORE')).toBe('is a variable by which bash works otherwise');
  for (const name of ['filter', 'USER', 'x1', '_a', '__', 'SECONDS_', 'HOSTNAME', 'REPLY'])
    expect(whyNoBashName(name), name).toBeUndefined();
});

test('what a script names and does not set is found by eye', () => {
  expect(
    [
      ...unsetNames(
        'echo $a ${b} "$c" \'$d\' \\$e # $f\nx=1; echo $x; for i in 1; do echo $i; done; read r; echo $r ${g:-1}',
      ),
    ].sort(),
  ).toEqual(['a', 'b', 'c']);
});

test('a task has the environment that is declared, and no other', () => {
  const words = cleanEnvironment({HOME: '/h', PATH: '/bin', 'BASH_FUNC_x%%': 'y'}, {A: "it's", LC_ALL: 'C'});
  const printed = execFileSync('/bin/bash', ['-c', `${words} /usr/bin/env -0`], {
    env: {SECRET: '1', PATH: '/usr/bin:/bin'},
  });
  expect(printed.toString().split('\0').filter(Boolean).sort()).toEqual([
    "A=it's",
    'HOME=/h',
    'LC_ALL=C',
    'OMP_NUM_THREADS=1',
    'PATH=/bin',
    'PYTHONNOUSERSITE=1',
  ]);
});
