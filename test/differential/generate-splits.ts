import {command} from './generate-chains.js';
import type {Command, Task} from './model.js';

/**
 * Commands that are split: on their own, behind another one, in each round of a loop. One that is written by hand is a part of the first,
 * and others read the whole, through it, and that part.
 */
export function splits(): readonly Task[] {
  const from = (task: string): Pick<Command, 'from'> => ({from: [{variable: 'f', task, at: []}]});
  const visits = [{variable: 'visit', list: {is: 'keys' as const, keys: [1, 2]}}];
  const patches = {tract: [0], patch: ['0,0', '0,1']};
  return [
    command('d0', 'processCcd', {ids: {visit: [1, 2], ccd: [10, 11]}, split: ['visit', 'ccd']}),
    command('d1', 'processCcd', {ids: {visit: [1], ccd: [10]}, tag: 'd0'}),
    command('d2', 'makeCoaddTempExp', {ids: patches, ...from('d0'), split: ['patch'], quiet: true}),
    command('d3', 'measureCoaddSources', {ids: {tract: [0]}, ...from('d2')}),
    command('d4', 'processCcd', {loops: visits, ids: {visit: [1, 2]}, split: ['ccd']}),
    command('d5', 'makeCoaddTempExp', {ids: {tract: [0]}, ...from('d4')}),
    command('d6', 'makeCoaddTempExp', {ids: {tract: [0]}, ...from('d1')}),
    command('d7', 'processCcd', {ids: {filter: ['HSC-R']}, split: ['visit'], undeclared: true}),
    command('d8', 'measureCoaddSources', {ids: {tract: [0]}, ...from('d7')}),
  ];
}
