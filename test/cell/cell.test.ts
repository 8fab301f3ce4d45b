import {describe, expect, test} from 'vitest';
import {parseCell, parseTypeScript} from '../../kernel/cell/cell.js';
import type {MagicLine} from '../../kernel/cell/syntax.js';
import {codes, said, shapes, wordText} from './magics.js';

const parse = (text: string) => parseCell(text, shapes);

function stackOf(text: string): readonly MagicLine[] {
  const {value} = parse(text);
  return value.is === 'magic' ? value.stack : [];
}

function bodyOf(text: string): string | undefined {
  const {value} = parse(text);
  return value.is === 'magic' ? value.body : undefined;
}

function linesOf(text: string): readonly string[] {
  const {value} = parse(text);
  return value.is === 'typescript'
    ? value.lines.map(({span}) => text.slice(span.start, span.end))
    : ['(no TypeScript)'];
}

describe('a magic cell', () => {
  test('is a stack of %% lines, the outermost first, and the rest is the body', () => {
    const text = `%%foreach filter in [HSC-R, HSC-I]
%%lsst makeCoaddTempExp --from skymap --as warps
--selectId filter=\${filter}
--config doApplyUberCal=False
`;
    const [outer, inner] = stackOf(text);
    expect(outer).toMatchObject({
      sigil: '%%',
      name: 'foreach',
      rest: 'filter in [HSC-R, HSC-I]',
      words: [],
      options: [],
    });
    expect(inner?.words.map(wordText)).toEqual(['makeCoaddTempExp']);
    expect(inner?.options.map(option => [option.name, ...option.values.map(wordText)])).toEqual([
      ['from', 'skymap'],
      ['as', 'warps'],
    ]);
    expect(bodyOf(text)).toBe('--selectId filter=${filter}\n--config doApplyUberCal=False\n');
    expect(parse(text).diagnostics).toEqual([]);
  });

  test('may begin behind blank lines', () => {
    expect(stackOf('\n  \n%%bash\nls').map(line => line.name)).toEqual(['bash']);
  });

  test('means the same with CRLF, and its spans are those of the given text', () => {
    const text = '%%lsst a \\\r\n  --as b\r\n--id ccd=1\r\n';
    const [line] = stackOf(text);
    expect(line?.options[0]?.values.map(wordText)).toEqual(['b']);
    const span = line?.options[0]?.span ?? {start: 0, end: 0};
    expect(text.slice(span.start, span.end)).toBe('--as b');
    expect(bodyOf(text)).toBe('--id ccd=1\r\n');
    expect(codes(parse(text))).toEqual([]);
  });

  test('has lines that go on behind a trailing backslash, but not behind an escaped one', () => {
    expect(stackOf('%%lsst a \\\n --as b\nbody')[0]?.options).toHaveLength(1);
    expect(bodyOf('%%lsst a \\\n --as b\nbody')).toBe('body');
    expect(bodyOf('%%lsst a\\\\\n--as b')).toBe('--as b');
  });

  test('keeps a script verbatim', () => {
    const body = 'x=${f%.fits}\n# %%\n\n  echo "$HOME" \\\n';
    expect(bodyOf(`%%bash\n${body}`)).toBe(body);
    expect(codes(parse(`%%bash\n${body}`))).toEqual([]);
  });

  test('gives the options of a line that its magic reads itself', () => {
    const [outer] = stackOf("%%foreach x in [a, '--b'] --as all\n%%lsst t\n");
    expect(outer?.rest).toBe("x in [a, '--b'] ");
    expect(outer?.options.map(option => option.name)).toEqual(['as']);
  });

  test('may have a loop over TypeScript', () => {
    expect(parse('%%foreach x in [1]\nx + 1')).toMatchObject({value: {is: 'magic', body: 'x + 1'}, diagnostics: []});
  });
});

test('a cell of blanks is empty', () => {
  for (const text of ['', ' \n\t\n', '\r\n']) expect(parse(text)).toEqual({value: {is: 'empty'}, diagnostics: []});
});

test('line magics and commands stand in their places among TypeScript', () => {
  const text = `%repo DATA
const x = 1;
!ls -l \${x}
%log warps -n 3
x`;
  expect(linesOf(text)).toEqual(['%repo DATA', '!ls -l ${x}', '%log warps -n 3']);
  const {value} = parse(text);
  const [, command, log] = value.is === 'typescript' ? value.lines : [];
  expect(command).toMatchObject({sigil: '!', name: '!', rest: 'ls -l ${x}', words: [], options: []});
  expect(log?.options.map(option => [option.name, ...option.values.map(wordText)])).toEqual([['n', '3']]);
});

test('the line of %setup is left as it is', () => {
  const {value} = parse('%setup source /opt/x.sh && export A="b  c" --d # e');
  expect(value.is === 'typescript' && value.lines[0]?.rest).toBe('source /opt/x.sh && export A="b  c" --d # e');
});

test.each(['warps?', 'warps[HSC-R]?', '%status?', '%%lsst?', '%%lsst? '])('%j asks for help', text => {
  const {value, diagnostics} = parse(text);
  expect(diagnostics).toEqual([]);
  const [line] = value.is === 'typescript' ? value.lines : [];
  expect(line).toMatchObject({sigil: '%', name: 'help', rest: text.trim().slice(0, -1)});
  expect(line?.words.map(wordText)).toEqual([text.trim().slice(0, -1)]);
});

test('the TypeScript body of a loop has line magics too', () => {
  const text = '%%foreach x in [1]\n%status\nx';
  expect(parseTypeScript(text, shapes, 19).value).toMatchObject({
    is: 'typescript',
    lines: [{name: 'status', span: {start: 19, end: 26}}],
  });
});

const wrong = [
  'let x = 1\n%%bash\nls',
  '%repo DATA\n%%lsst processCcd\n--id',
  '%%foreach x in [1]\n\n%%lsst processCcd\n--id ccd=${x}',
  '%%lst processCcd',
  '%%zzzzzzz',
  '%lsst processCcd',
  '%%status',
  '%sttus',
  '%%',
  '%%lsst processCcd\n%%bash\nls',
  '%%bash\n%%foreach x in [1]\nls',
  '%%join a b --as c\n--id',
  '%%bash --as x\n \n',
  '  %%lsst processCcd',
  '!',
  '%%bash\necho\n%%lsst processCcd',
  '%%lsst processCcd \\ \n--as x',
  '%%lsst processCcd --form skymap',
  '%%lsst processCcd --id visit=903334',
  '%status --as x',
  '%%lsst processCcd --as',
  '%%lsst processCcd --as --force',
  '%%bash --in --out x\nls',
  '%%lsst --as calexps processCcd',
  '%%lsst processCcd --force=yes',
  "%%lsst processCcd --as 'x",
  '%%lsst processCcd --split "${a"',
  '%%lsst processCcd --split ${a b} --as ${} --time ${x as string}',
];

test('what is wrong with a cell is said at its place', async () => {
  const all = wrong.map(text => {
    expect(parse(text).diagnostics, text).not.toEqual([]);
    return said(text, parse(text));
  });
  await expect(`${all.join('\n\n')}\n`).toMatchFileSnapshot('goldens/cell.txt');
});

test('all errors of a cell are said at once', () => {
  expect(codes(parse('%%foreach x in [1] --nope\n%%lsst a --fro b --as\n'))).toEqual(['W2001', 'W2001', 'W2002']);
});
