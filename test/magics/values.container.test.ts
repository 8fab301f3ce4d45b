import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {need} from '../rig/component.js';
import {ALL, needsOf, runtimesOnHand, type OnHand} from '../rig/runtimes/on-hand.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {House} from '../tutorial/house.js';

/** What some shell, option parser or file of settings on the way could take for something else. */
const ODD = [
  ...Array.from(' \t\n\r\v\f"\'`$(){}[]|&;<>*?~!#%^\\=,:+-/@.'),
  ...['--', '--help', '-e', '$(id)', '`id`', '${HOME}', '$0', '\\n', '\\0', '%s', '%20', "'\\''", '\r\n', 'é'],
  // What bash keeps for itself, what is not printable, what no font has, what is turned around, and what is two units of UTF-16.
  ...[
    '\u0001',
    '\u007f',
    '\u001b[0m',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\ufffe',
    '\ufffd',
    '\u202e',
    'e\u0301',
    '\u{1f52d}',
    '\u{10ffff}',
  ],
] as const;

const text = fc
  .array(fc.oneof(fc.constantFrom(...ODD), fc.string({unit: 'grapheme', maxLength: 5})), {maxLength: 8})
  .map(parts => parts.join('').replaceAll('\0', ''));

const COUNT = process.env['WEFT_SOAK'] === undefined ? 1000 : 5000;

const values: readonly string[] = [
  '',
  '--help',
  '--',
  '-',
  '--gpu',
  '\n',
  // A word may have 128 KiB, and all of them share 2 MiB (execve(2)).
  `long ${"'\\$".repeat(40_000)}`,
  ...fc.sample(text, {seed: 20261124, numRuns: COUNT}),
];

const list = (name: string, begin: string): string =>
  `const ${name} = values.map((value, i) => \`${begin}\${i}=\${value}\`);`;

/** A program of a stack that writes down how it was called, in its rerun. */
const PROGRAM = `#!/bin/bash
printf '%s\\0' "$@" > "$1/rerun/$3/words"
cat /proc/self/environ > "$1/rerun/$3/environment"
`;

const SCRIPT = [
  `for (( i = 0; i < ${values.length}; i++ )); do name=W$i; printf '%s\\0' "\${!name}"; done > variables`,
  'cat /proc/self/environ > environment',
].join('\n');

const notebook = (image: string): readonly string[] => [
  `const values: string[] = ${JSON.stringify(values)};`,
  [list('environment', 'V'), list('words', 'k.c')].join('\n'),
  `%container ${image}\n%setup export PATH=$PWD/bin:$PATH\n%env \${environment}\n%repo DATA`,
  `bash(${JSON.stringify(`# ${image}\n${SCRIPT}`)}, {with: Object.fromEntries(values.map((value, i) => ['W' + i, value]))});`,
  `%env RUNTIME=${image}\n`,
  '%%lsst processCcd\n--id visit=1 --config ${words}',
];

const fields = (file: string): readonly string[] => readFileSync(file, 'utf8').split('\0').slice(0, -1);

let home: Scratch;
let house: House;
let onHand: OnHand;

beforeAll(async () => {
  home = scratch('/var/tmp');
  onHand = await runtimesOnHand(home.path);
  house = new House(onHand.environment, home.path);
  const program = house.at('bin', 'processCcd.py');
  for (const folder of ['bin', 'DATA']) mkdirSync(house.at(folder));
  writeFileSync(program, PROGRAM);
  chmodSync(program, 0o755);
  writeFileSync(house.at('DATA', '_mapper'), 'lsst.obs.hsc.HscMapper\n');
});
afterAll(() => home[Symbol.dispose]());

describe.each(['none', ...ALL] as const)('With %s', name => {
  test(`${COUNT} values arrive byte for byte: in the environment, as variables of a script, and as words of a command.`, async context => {
    if (name !== 'none') need(context, ...needsOf(name));
    house.write(`${name}.ipynb`, notebook(name === 'none' ? name : onHand.images[name]));
    const {summary, ended} = await house.run(`${name}.ipynb`);
    expect(summary.cells.filter(({status}) => status !== 'ok')).toEqual([]);
    expect(ended.status, ended.stderr).toBe(0);
    const [script, command] = ['variables', 'words'].map(file => {
      const made = house.results().findLast(({outputs}) => outputs.some(({path}) => path === file));
      return resolve(house.at('.weft'), made!.directory!);
    }) as [string, string];
    expect(fields(join(script, 'variables'))).toEqual(values);
    for (const directory of [script, command]) {
      const environment = new Set(fields(join(directory, 'environment')));
      expect(values.filter((value, i) => !environment.has(`V${i}=${value}`))).toEqual([]);
    }
    const [root, rerun, own, id, visit, config, ...words] = fields(join(command, 'words'));
    expect([root, rerun, dirname(own!), id, visit, config]).toEqual([
      house.at('DATA'),
      '--rerun',
      'weft',
      '--id',
      'visit=1',
      '--config',
    ]);
    expect(words).toEqual(values.map((value, i) => `k.c${i}=${value}`));
  });
});
