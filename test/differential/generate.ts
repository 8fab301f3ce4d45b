import {Random} from '../rig/random.js';
import {chains, command, failingReruns, look} from './generate-chains.js';
import {splits} from './generate-splits.js';
import {INCOMING, ingesting} from './generate-ingest.js';
import {
  variablesOf,
  type Command,
  type From,
  type Given,
  type Join,
  type Json,
  type Loop,
  type Model,
  type Script,
  type Stack,
  type Task,
} from './model.js';

/** What a notebook is to have. */
export interface Flavour {
  /** `%env`, `%code` and `%setup` stand at its top: so it can run again in one kernel. */
  readonly kept: boolean;
  readonly stack: boolean;
  readonly python: boolean;
  readonly containers: boolean;
  /** A set with a member that fails, and a script that reads what there is of it. */
  readonly failures?: boolean;
  /** Two tasks that differ in nothing but the person's rerun in which they run. */
  readonly persons?: boolean;
  /** Chains of reruns that read through each other what nobody declares. */
  readonly chains?: boolean;
  /** Tasks that change the root, among others that read it. */
  readonly ingests?: boolean;
  /** Commands that are split. */
  readonly splits?: boolean;
  /** Few scripts, and no commands but those that are asked for. */
  readonly bare?: boolean;
}

/** A text that is longer than what is hashed at once. */
const BIG = 'abcdefghij\n'.repeat(9000);

/** Makes a random notebook. Lists of loops are shared: tasks over one list change together. */
export function generate(random: Random, flavour: Flavour): Model {
  const chance = (n: number): boolean => random.below(100) < n;
  const tasks: Task[] = [];
  const lists: Loop[] = [
    {variable: 'x', list: {is: 'keys', keys: ['a', 'b', 'c']}},
    {variable: 'y', list: {is: 'keys', keys: [1, 2]}},
  ];
  const scripts = flavour.bare === true ? 3 : 7 + random.below(3);
  for (let i = 0; i < scripts; i++) {
    const yields = i === 1 || (i > 3 && chance(15));
    const task = script(`s${i}`, random, tasks, lists, flavour, yields);
    tasks.push(task);
    if (yields) lists.push({variable: `z${i}`, list: {is: 'task', task: task.id}});
  }
  const first = flavour.kept ? 0 : tasks.length - 3;
  const joined = fileJoin('j0', random, tasks);
  if (joined.members.length > 0) tasks.push(joined);
  if (flavour.failures === true) tasks.push(...forgiving(flavour));
  const second = flavour.kept && flavour.stack ? 0 : tasks.length;
  if (flavour.stack && flavour.bare !== true) tasks.push(...commands(random));
  if (flavour.stack && flavour.failures === true) tasks.push(...failingReruns());
  if (flavour.stack && flavour.chains === true) tasks.push(...chains());
  if (flavour.stack && flavour.ingests === true) tasks.push(...ingesting());
  if (flavour.stack && flavour.splits === true) tasks.push(...splits());
  if (flavour.stack && flavour.persons === true) tasks.push(...inReruns());
  return {
    tasks,
    parts: [first, second],
    files: {
      'data/a.txt': 'first\n',
      'data/b.txt': 'second\n',
      'data/sub/c.txt': 'third\n',
      'data/sub/deep/d.txt': 'fourth\n',
      'data/big.bin': BIG,
      'lib/code.txt': 'code\n',
      'lib/more/part.txt': 'part\n',
      'cfg/one.py': 'config.a = 1\n',
      'notes.md': 'notes\n',
      ...(flavour.ingests === true ? INCOMING : {}),
    },
    env: {ONE: 'one'},
    code: ['lib'],
    stack: flavour.stack ? makeStack() : null,
    image: '1',
    undeclared: 'u0\n',
    copies: 0,
    failing: [],
    forced: [],
    format: 1,
    order: random.below(1e6),
    look: {order: random.below(1e6), comment: chance(50)},
    slots: 2,
  };
}

function script(
  id: string,
  random: Random,
  before: readonly Task[],
  lists: readonly Loop[],
  flavour: Flavour,
  yields: boolean,
): Script {
  const chance = (n: number): boolean => random.below(100) < n;
  const loops: Loop[] = [];
  // A script without a loop early on, so that others find what to read.
  if (!yields && id !== 's0')
    for (const count = random.of([0, 0, 1, 1, 2]); loops.length < count;) {
      const loop = random.of(lists);
      if (loops.includes(loop)) break;
      loops.push(loop);
    }
  const from: From[] = [];
  for (let i = random.of([0, 1, 1, 2]); i > 0 && before.length > 0; i--) {
    const source = sourceOf(random.of(before), loops, `f${i}`, random);
    if (from.every(({task}) => task !== source.task)) from.push(source);
  }
  const givens: Given[] = [];
  const values: Json[] = ['text', 2.5, [1, 'two'], {b: 1, a: [true, null]}, ''];
  if (chance(60)) givens.push({variable: 'w1', value: {is: 'json', json: random.of(values)}});
  const list = lists.find(loop => loop.list.is === 'task');
  if (list?.list.is === 'task' && chance(40))
    givens.push({variable: 'w2', value: {is: 'of', task: list.list.task, what: random.of(['length', 'first', 'all'])}});
  const value = yields || chance(25);
  const container = flavour.containers && chance(25);
  const language =
    container || !flavour.python ? 'bash' : random.of(['bash', 'bash', 'bash', 'bash', 'python', 'both'] as const);
  const out = value && chance(60) ? null : random.of([null, null, ['o-*.txt'], ['*.txt'], ['o-*.txt', 'x']]);
  return {
    is: 'script',
    id,
    language,
    reads: random.of(['bash', 'python']),
    salt: random.below(100),
    loops,
    from,
    with: givens,
    in: chance(55)
      ? random.of([
          ['data/a.txt'],
          ['data/*.txt'],
          ['data/sub'],
          ['data/*'],
          ['data/a.txt', 'data/sub/c.txt'],
          ['data/big.bin'],
        ])
      : [],
    out,
    value,
    ...(yields
      ? {yields: ['k0', 'k1', 'k2'].slice(0, 1 + random.below(3))}
      : value && chance(30)
        ? {yields: random.of(values)}
        : {}),
    strict: chance(80),
    broken: false,
    ...(!value && out !== null && loops.length === 0 ? {empty: {allowed: true}} : {}),
    always: !value && language === 'bash' && loops.length === 0 && id === 's3',
    force: false,
    container,
    look: look(id, random),
  };
}

/** A `--from` of a task: indexed by the loops in force as far as they are its own, then perhaps by a key. */
export function sourceOf(task: Task, loops: readonly Loop[], variable: string, random: Random): From {
  const at: From['at'] = [];
  if (task.is !== 'join' && task.is !== 'ingest')
    for (const loop of task.loops) {
      const same = loops.find(other => other.variable === loop.variable);
      if (same !== undefined && random.below(4) > 0) at.push({is: 'loop', variable: loop.variable});
      else if (loop.list.is === 'keys' && random.below(3) === 0) at.push({is: 'key', key: String(loop.list.keys[0])});
      else break;
    }
  return {variable, task: task.id, at};
}

function fileJoin(id: string, random: Random, tasks: readonly Task[]): Join {
  const files = tasks.filter(
    task => task.is === 'script' && !task.value && variablesOf(task).every(name => !name.startsWith('z')),
  );
  const members = files.slice(-3).map(task => task.id);
  return {is: 'join', id, members, mode: 'auto', look: look(id, random)};
}

/** The same task in two reruns of a person's. */
const inReruns = (): readonly Command[] =>
  ['mine', 'other'].map((name, i) =>
    command(`p${i}`, 'processCcd', {
      ids: {visit: [1], ccd: [10, 11]},
      rerun: {name, tag: 'p0'},
      look: look(`p${i}`, new Random(3)),
    }),
  );

/** A set whose last member fails, and a script that allows for that. */
function forgiving(flavour: Flavour): readonly Task[] {
  const random = new Random(1);
  const plain = {...flavour, python: false, containers: false};
  const loop: Loop = {variable: 'q', list: {is: 'keys', keys: ['k', 'l', 'm']}};
  const base = {from: [], with: [], in: [], out: ['o-*.txt'], value: false, strict: true, always: false};
  const set: Script = {...script('m0', random, [], [], plain, true), ...base, loops: [loop], fails: 'm'};
  delete set.empty;
  const reader: Script = {
    ...script('m1', random, [], [], plain, true),
    ...base,
    loops: [],
    from: [{variable: 'f0', task: 'm0', at: []}],
    allowed: 1,
  };
  delete reader.empty;
  for (const task of [set, reader]) delete task.yields;
  const join: Join = {is: 'join', id: 'm2', members: ['m0'], mode: 'auto', allowed: 1, look: look('m2', random)};
  return [set, reader, join];
}

function commands(random: Random): readonly Task[] {
  const visits: Loop = {variable: 'visit', list: {is: 'keys', keys: [1, 2]}};
  const base = {
    is: 'command' as const,
    loops: [] as Loop[],
    configFile: null,
    options: [] as [string, string][],
    words: [] as string[],
    from: [] as From[],
    show: '' as Command['show'],
  };
  const of = (id: string, task: string, given: Partial<Command>): Command => ({
    ...base,
    id,
    task,
    ids: {},
    config: [
      ['a', '1'],
      ['b', '2'],
    ],
    ...given,
    look: look(id, random),
  });
  return [
    of('c0', 'processCcd', {
      loops: [visits],
      ids: {visit: [1, 2], ccd: [10, 11]},
      options: [
        ['mode', 'fast'],
        ['area', 'wide'],
      ],
    }),
    of('c1', 'makeCoaddTempExp', {
      ids: {tract: [0], patch: ['0,0', '0,1']},
      from: [{variable: 'f', task: 'c0', at: []}],
      configFile: 'cfg/one.py',
    }),
    of('c2', 'processCcd', {ids: {ccd: [12, 13, 14], filter: ['HSC-R']}, words: ['word1', 'word2']}),
    {is: 'join', id: 'c3', members: ['c1', 'c2'], mode: 'auto', look: look('c3', random)},
    of('c4', 'measureCoaddSources', {
      ids: {tract: [0]},
      from: [
        {variable: 'f', task: 'c1', at: []},
        {variable: 'g', task: 'c2', at: []},
      ],
    }),
    of('c5', 'measureCoaddSources', {ids: {tract: [0]}, from: [{variable: 'f', task: 'c3', at: []}]}),
    of('c6', 'processCcd', {
      loops: [visits],
      ids: {visit: [1, 2]},
      from: [{variable: 'f', task: 'c0', at: [{is: 'loop', variable: 'visit'}]}],
    }),
    of('c7', 'makeCoaddTempExp', {ids: {tract: [1]}, from: [{variable: 'f', task: 'c2', at: []}], show: 'config'}),
  ];
}

const makeStack = (): Stack => ({
  products: [
    ['afw', '18.1.0'],
    ['pipe_tasks', '18.1.0'],
  ],
  program: 1,
  interpreter: 1,
  local: {'one.py': 'x = 1', 'two.py': 'y = 2'},
  assigned: 'first',
  mapper: 'lsst.obs.hsc.HscMapper',
  raws: [1, 2].flatMap(visit =>
    [10, 11, 12].map(ccd => ({
      visit,
      ccd,
      filter: visit === 1 ? 'HSC-R' : 'HSC-I',
      seconds: 30,
      text: `raw ${visit} ${ccd}`,
    })),
  ),
  calibrations: [10, 11, 12, 20].map(ccd => ({ccd, date: '2013-01-01', text: `bias ${ccd}`})),
  catalogue: {'shard1.fits': 'stars 1'},
  transmission: {'r.fits': 'glass'},
  skymap: null,
  ingested: [],
});
