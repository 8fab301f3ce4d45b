import {Random} from '../rig/random.js';
import type {Command, Join, Look, Task} from './model.js';

/** How a thing is typed, from a seed. */
export const look = (id: string, random: Random): Look => ({
  name: `r_${id}`,
  spelling: random.of(['magic', 'function']),
  order: random.below(1e6),
  crlf: random.below(5) === 0,
  trailing: random.below(3),
  comment: random.below(2) === 0,
  placement: random.below(3) === 0,
  other: random.below(2) === 0,
});

/** A task of the stack with nothing but what is given. */
export const command = (id: string, task: string, given: Partial<Command>): Command => ({
  is: 'command',
  id,
  task,
  loops: [],
  ids: {},
  config: [['a', '1']],
  configFile: null,
  options: [],
  words: [],
  from: [],
  show: '',
  look: look(id, new Random(id.charCodeAt(1))),
  ...given,
});

/**
 * Chains of reruns: the first reads something that nobody declares, those in the middle write the same whatever they read, and the last
 * read the first through these: through one, through two, through a join, and one element of a set.
 */
export function chains(): readonly Task[] {
  const visits = [{variable: 'visit', list: {is: 'keys' as const, keys: [1, 2]}}];
  const ids = {tract: [0]};
  const join: Join = {is: 'join', id: 'u4', members: ['u1', 'u3'], mode: 'auto', look: look('u4', new Random(4))};
  return [
    command('u0', 'processCcd', {ids: {visit: [1], ccd: [10]}, undeclared: true}),
    command('u1', 'makeCoaddTempExp', {ids, from: [{variable: 'f', task: 'u0', at: []}], quiet: true}),
    command('u2', 'makeCoaddTempExp', {ids, from: [{variable: 'f', task: 'u1', at: []}]}),
    command('u3', 'makeCoaddTempExp', {ids, from: [{variable: 'f', task: 'u1', at: []}], quiet: true}),
    join,
    command('u5', 'measureCoaddSources', {ids, from: [{variable: 'f', task: 'u4', at: []}]}),
    command('u6', 'processCcd', {loops: visits, ids: {visit: [1, 2], ccd: [10]}, undeclared: true}),
    command('u7', 'makeCoaddTempExp', {ids, from: [{variable: 'f', task: 'u6', at: []}], quiet: true}),
    command('u8', 'makeCoaddTempExp', {ids, from: [{variable: 'f', task: 'u7', at: []}]}),
    command('u9', 'processCcd', {
      loops: visits,
      ids: {visit: [1, 2], ccd: [11]},
      from: [{variable: 'f', task: 'u6', at: [{is: 'loop', variable: 'visit'}]}],
    }),
  ];
}

/** A set of reruns, members of which may fail: read whole, and through a join. */
export function failingReruns(): readonly Task[] {
  const visits = [{variable: 'visit', list: {is: 'keys' as const, keys: [1, 2]}}];
  const ids = {tract: [0]};
  return [
    command('v0', 'processCcd', {loops: visits, ids: {visit: [1, 2], ccd: [10]}}),
    command('v1', 'makeCoaddTempExp', {ids, from: [{variable: 'f', task: 'v0', at: []}], allowed: 1}),
    {is: 'join', id: 'v2', members: ['v0'], mode: 'auto', allowed: 1, look: look('v2', new Random(8))},
    command('v3', 'makeCoaddTempExp', {ids, from: [{variable: 'f', task: 'v2', at: []}]}),
  ];
}
