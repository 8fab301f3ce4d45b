import {expect, test} from 'vitest';
import {filesBelow, importsOf, type Import} from '../rig/sources.js';

/** Rooms of kernel/, from the leaves up. A room may import from itself and from lower floors. */
const floors: readonly (readonly string[])[] = [
  ['fingerprint'],
  ['graph', 'cell', 'wire'],
  ['machine'],
  ['store', 'run', 'show', 'typescript', 'python'],
  ['session'],
  ['web'],
];
/** Below all floors: how a failure is said. It imports nothing. */
const ground = 'kernel/graph/result.ts';
const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map(room => [room, floor] as const)));

/** What magics/ may see of the kernel. */
const seenByMagics = ['kernel/cell/', 'kernel/graph/', 'kernel/fingerprint/', 'kernel/show/', 'magics/'];
/** The context that a magic is given, and what travels to the user's process: their types only. */
const context = /^kernel\/(session\/|typescript\/messages\.ts)/;
/** What notebooks/simstack may see. */
const seenBySimstack = [
  'kernel/show/',
  'kernel/cell/',
  'kernel/fingerprint/json.ts',
  'magics/lsst/',
  'notebooks/simstack/',
];

/** Pure rooms do no I/O: the modules that would do it for them. */
const pure = /^kernel\/(cell|graph|show)\//;
const effects =
  /^(node:)?(fs|fs\/promises|child_process|net|http|https|dgram|worker_threads|cluster|readline|tty|inspector)$/;

/** Packages that one room alone may load. */
const owners: Readonly<Record<string, RegExp>> = {
  zeromq: /^(kernel\/wire\/|kernel\/(main|cli)\.ts)/,
  'better-sqlite3': /^kernel\/store\//,
  'oxc-transform': /^kernel\/typescript\//,
  typescript: /^kernel\/(typescript\/|language\.ts)/,
  commander: /^kernel\/cli\.ts/,
};

const sources = filesBelow(['kernel', 'magics', 'notebooks'], ['.ts']);
const imports = sources.flatMap(importsOf);
const known = new Set(sources.map(file => file.path));

/** The room of a file of kernel/, or undefined for an entry point and for what is not in kernel/. */
function roomOf(path: string): string | undefined {
  return /^kernel\/([^/]+)\//.exec(path)?.[1];
}

/** Why an import goes the wrong way, or undefined. */
function wrong({from, target, typeOnly}: Import): string | undefined {
  const owner = Object.hasOwn(owners, target) ? owners[target] : undefined;
  if (owner !== undefined && !typeOnly && !owner.test(from)) return `only ${owner.source} loads ${target}`;
  if (pure.test(from) && effects.test(target)) return 'a pure room does no I/O';
  if (!/^(kernel|magics|notebooks|test|bench)\//.test(target)) return undefined;
  if (/^(test|bench)\//.test(target)) return 'the product does not import its tests';
  if (from.startsWith('magics/')) {
    if (typeOnly && context.test(target)) return undefined;
    return seenByMagics.some(path => target.startsWith(path)) ? undefined : 'magics do not see this';
  }
  if (from.startsWith('notebooks/')) {
    return seenBySimstack.some(path => target.startsWith(path)) ? undefined : 'the simulated stack does not see this';
  }
  const room = roomOf(from);
  if (room === undefined) return undefined; // an entry point puts everything together
  if (!target.startsWith('kernel/')) return 'the kernel knows nothing of magics and notebooks';
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) return 'nothing imports an entry point';
  if (targetRoom === room) return undefined;
  if (target === ground) return undefined;
  const [here, there] = [floorOf.get(room), floorOf.get(targetRoom)];
  if (here === undefined || there === undefined)
    return `a room without a floor: ${here === undefined ? room : targetRoom}`;
  return there < here ? undefined : `${targetRoom} is not below ${room}`;
}

test('imports go one way: leaves, then stores and runners, then the session, then the web, then the entry points', () => {
  const faults = imports.flatMap(each => {
    const why = wrong(each);
    return why === undefined ? [] : [`${each.from}:${each.line} imports ${each.target}: ${why}`];
  });
  expect(faults).toEqual([]);
});

test('every relative import names a file that exists', () => {
  const faults = imports
    .filter(
      ({target}) => target.startsWith('kernel/') || target.startsWith('magics/') || target.startsWith('notebooks/'),
    )
    .filter(({target}) => target.endsWith('.ts') && !known.has(target))
    .map(({from, line, target}) => `${from}:${line} imports ${target}`);
  expect(faults).toEqual([]);
});

test('no file loads itself by way of others', () => {
  const next = new Map<string, string[]>();
  for (const {from, target, typeOnly} of imports) {
    if (!typeOnly && known.has(target)) next.set(from, [...(next.get(from) ?? []), target]);
  }
  const cycles: string[] = [];
  const state = new Map<string, 'open' | 'closed'>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'closed') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'closed');
  };
  for (const path of known) visit(path, []);
  expect(cycles).toEqual([]);
});

test('the rule sees what it forbids', () => {
  const between = (from: string, target: string, typeOnly = false) =>
    wrong({from, target, line: 1, typeOnly}) !== undefined;
  expect(between('kernel/graph/plan.ts', 'kernel/store/store.ts', true)).toBe(true);
  expect(between('kernel/store/store.ts', 'kernel/graph/plan.ts')).toBe(false);
  expect(between('kernel/graph/plan.ts', 'kernel/cell/source.ts')).toBe(true);
  expect(between('kernel/graph/plan.ts', 'node:fs')).toBe(true);
  expect(between('kernel/session/queue.ts', 'magics/lsst/data-id.ts')).toBe(true);
  expect(between('kernel/session/queue.ts', 'zeromq')).toBe(true);
  expect(between('kernel/session/queue.ts', 'kernel/main.ts')).toBe(true);
  expect(between('kernel/main.ts', 'magics/lsst/lsst.ts')).toBe(false);
  expect(between('magics/why.ts', 'kernel/session/magic.ts')).toBe(true);
  expect(between('magics/why.ts', 'kernel/session/magic.ts', true)).toBe(false);
  expect(between('notebooks/simstack/main.ts', 'kernel/run/executor.ts')).toBe(true);
});
