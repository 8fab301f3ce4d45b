import fc from 'fast-check';
import {beforeEach, expect, test} from 'vitest';
import {need} from '../component.js';
import {installed, mountNamespaces} from './installed.js';

const rig = installed();
beforeEach(context => need(context, mountNamespaces));

const soak = process.env['WEFT_SOAK'] !== undefined;
const piece = fc.oneof(
  fc.constantFrom(
    ' ',
    '\n',
    '"',
    "'",
    '\\',
    '$(id)',
    '`id`',
    '$HOME',
    '=',
    ',',
    ';',
    ':',
    '--',
    '*',
    '~',
    '\\n',
    '\t',
    '',
  ),
  fc.string({unit: 'grapheme', maxLength: 5}),
);
const text = fc.array(piece, {maxLength: 6}).map(pieces => pieces.join('').replaceAll('\0', ''));
const fields = (output: string) => output.split('\0').slice(0, -1);

const runtimes = {
  shifter: {
    start: () => ['shifter', '--image=docker:good:1'],
    // It refuses an empty value; the caller's environment carries it.
    carry: (name: string, value: string) =>
      value === '' ? {flags: [], env: {[name]: value}} : {flags: ['-e', `${name}=${value}`], env: {}},
  },
  apptainer: {
    start: () => ['apptainer', '-q', 'exec', '--no-eval'],
    carry: (name: string, value: string) => ({flags: [], env: {[`APPTAINERENV_${name}`]: value}}),
  },
} as const;

test.each(['shifter', 'apptainer'] as const)('%s passes any words and values byte for byte', async name => {
  const {start, carry} = runtimes[name];
  await fc.assert(
    fc.asyncProperty(fc.array(text, {minLength: 20, maxLength: 20}), async values => {
      const carried = values.map((value, i) => carry(`V${i}`, value));
      const env = Object.assign({}, ...carried.map(each => each.env)) as Record<string, string>;
      const image = name === 'apptainer' ? [`${rig.folder}/tree`] : ['--'];
      const script = 'cat /proc/$$/cmdline /proc/$$/environ; :';
      const words = [...start(), ...carried.flatMap(({flags}) => flags), ...image, 'sh', '-c', script, ...values];
      const {stdout, stderr} = await rig.run(words, env);
      expect(stderr).toBe('');
      const got = fields(stdout);
      expect(got.slice(3, 3 + values.length)).toEqual(values);
      expect(got).toEqual(expect.arrayContaining(values.map((value, i) => `V${i}=${value}`)));
    }),
    {seed: 20261123, numRuns: soak ? 50 : 5},
  );
});
