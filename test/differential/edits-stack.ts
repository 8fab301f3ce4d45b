import type {Random} from '../rig/random.js';
import type {Edit} from './edit.js';
import {INGEST_EDITS} from './edits-ingest.js';
import type {Command, Model, Stack} from './model.js';

const onStack = (name: string, how: (stack: Stack, random: Random, model: Model) => void): Edit => ({
  name,
  cosmetic: false,
  apply: (model, random) => {
    if (model.stack === null) return false;
    how(model.stack, random, model);
    return true;
  },
});

const onCommand = (
  name: string,
  which: (command: Command) => boolean,
  how: (command: Command, random: Random) => void,
): Edit => ({
  name,
  cosmetic: false,
  apply: (model, random) => {
    const all = model.tasks.filter(task => task.is === 'command').filter(which);
    if (all.length === 0) return false;
    how(random.of(all), random);
    return true;
  },
});

const any = (): boolean => true;

/** Edits of command-line tasks, of the stack that runs them, and of the root that they read. */
export const STACK_EDITS: readonly Edit[] = [
  onCommand(
    'other data',
    ({loops}) => loops.length === 0,
    ({ids}, random) => (ids['ccd'] = random.of([[10], [11, 12], [10, 11, 12, 13], [12]])),
  ),
  onCommand(
    'one visit more in a loop',
    ({loops}) => loops.some(({list}) => list.is === 'keys' && list.keys.length < 3),
    ({loops}) => {
      for (const {list} of loops) if (list.is === 'keys') list.keys.push(3);
    },
  ),
  onCommand('a value of a configuration', any, ({config}, random) => {
    const pair = random.of(config);
    pair[1] = `v${random.below(1000)}`;
  }),
  onCommand(
    'configurations in another order',
    ({config}) => config.length > 1,
    ({config}) => config.reverse(),
  ),
  onCommand('an option', any, ({options}, random) => {
    const [first] = options;
    if (first === undefined) options.push(['mode', 'slow']);
    else first[1] = `m${random.below(1000)}`;
  }),
  onCommand('a word', any, ({words}, random) => {
    if (words.length === 0) words.push('word0');
    else words[random.below(words.length)] = `word${random.below(1000)}`;
  }),
  onCommand(
    'another program of the same content',
    ({task, loops}) => /^processCcd$|^characterizeImage$/.test(task) && loops.length === 0,
    command => (command.task = command.task === 'processCcd' ? 'characterizeImage' : 'processCcd'),
  ),
  onCommand(
    'parents in another order',
    ({from}) => from.length > 1,
    ({from}) => from.reverse(),
  ),
  onCommand(
    'other keys of --split',
    ({task, split}) => split !== undefined && task !== 'makeCoaddTempExp',
    (command, random) => (command.split = random.of([['visit', 'ccd'], ['ccd'], ['visit'], ['filter']])),
  ),
  onCommand(
    'it prints its data instead',
    ({id}) => id === 'c5' || id === 'c7',
    command => (command.show = command.show === '' ? 'config' : ''),
  ),
  onCommand(
    'it prints something else',
    ({show}) => show !== '',
    command => (command.show = command.show === 'config' ? 'tasks' : 'config'),
  ),
  {
    name: 'the file of a configuration',
    cosmetic: false,
    apply: (model, random) => {
      if (model.stack === null) return false;
      model.files['cfg/one.py'] = `config.a = ${random.below(1000)}\n`;
      return true;
    },
  },
  onStack('the program on the host', stack => (stack.program += 1)),
  onStack('what the program is started with', stack => (stack.interpreter += 1)),
  onStack('the version of a product', (stack, random) => (random.of(stack.products)[1] = `18.${random.below(100)}.0`)),
  onStack('one product more or less', stack => {
    if (stack.products.length > 2) stack.products.pop();
    else stack.products.push(['obs_subaru', '18.1.0']);
  }),
  onStack(
    'a file of a product of one’s own',
    (stack, random) => (stack.local['one.py'] = `x = ${100 + random.below(900)}`),
  ),
  onStack('a variable that the set-up makes', (stack, random) => (stack.assigned = `a${random.below(1000)}`)),
  onStack(
    'the mapper',
    stack =>
      (stack.mapper = stack.mapper.endsWith('HscMapper') ? 'lsst.obs.hsc.OtherMapper' : 'lsst.obs.hsc.HscMapper'),
  ),
  onStack('a raw exposure', (stack, random) => (random.of(stack.raws).text = `raw ${random.below(1e6)}`)),
  onStack('a row of a raw exposure', (stack, random) => (random.of(stack.raws).seconds += 1)),
  onStack('one more exposure', (stack, random) =>
    stack.raws.push({
      visit: random.of([1, 2, 7]),
      ccd: 40 + stack.raws.length,
      filter: 'HSC-R',
      seconds: 30,
      text: `new ${random.below(1000)}`,
    }),
  ),
  ...INGEST_EDITS,
  onStack('a calibration', (stack, random) => (random.of(stack.calibrations).text = `bias ${random.below(1e6)}`)),
  onStack('one more calibration', (stack, random) =>
    stack.calibrations.push({ccd: random.of([10, 20]), date: `2014-02-${10 + stack.calibrations.length}`, text: 'new'}),
  ),
  onStack(
    'the reference catalogue',
    (stack, random) => (stack.catalogue['shard1.fits'] = `stars ${random.below(1e6)}`),
  ),
  onStack('a transmission curve', (stack, random) => (stack.transmission['r.fits'] = `glass ${random.below(1e6)}`)),
  onStack(
    'the sky map in the root',
    (stack, random) =>
      (stack.skymap = stack.skymap === null || random.below(2) === 0 ? `sky ${random.below(1000)}` : null),
  ),
];
