import {Random} from '../rig/random.js';
import {command, look} from './generate-chains.js';
import type {Ingest, Script, Task} from './model.js';

/** What tasks of {@link ingesting} put into the root. */
export const INCOMING: Readonly<Record<string, string>> = {
  'incoming/1-60-HSC-R.fits': 'incoming 1',
  'incoming/2-61-HSC-I.fits': 'incoming 2',
  'incoming/1-62-HSC-R.fits': 'incoming 3',
};

const ingest = (id: string, files: string[], script = false): Ingest => ({
  is: 'ingest',
  id,
  files,
  script,
  force: false,
  look: look(id, new Random(6)),
});

/** A script that reads the whole root. */
const watcher = (id: string): Script => ({
  is: 'script',
  id,
  language: 'bash',
  reads: 'bash',
  salt: 1,
  loops: [],
  from: [],
  with: [],
  in: [],
  out: ['o-*.txt'],
  value: false,
  strict: true,
  broken: false,
  always: false,
  force: false,
  container: false,
  root: true,
  look: look(id, new Random(7)),
});

/** Tasks that change the root, and readers before them, between them and behind: of all exposures, of those of a visit, and through a rerun. */
export function ingesting(): readonly Task[] {
  const [first = '', second = '', third = ''] = Object.keys(INCOMING);
  const visits = [{variable: 'visit', list: {is: 'keys' as const, keys: [1, 2]}}];
  const reader = (id: string): Task => command(id, 'processCcd', {ids: {visit: [1]}});
  return [
    reader('i1'),
    command('i2', 'makeCoaddTempExp', {ids: {tract: [0]}, from: [{variable: 'f', task: 'i1', at: []}]}),
    ingest('i3', [first, second]),
    command('i4', 'processCcd', {loops: visits, ids: {visit: [1, 2]}, from: [{variable: 'f', task: 'i1', at: []}]}),
    reader('i5'),
    watcher('i9'),
    ingest('i6', [second, third], true),
    {...watcher('ia'), from: [{variable: 'f0', task: 'i9', at: []}]},
    command('i7', 'processCcd', {loops: visits, ids: {visit: [1, 2]}}),
    command('i8', 'makeCoaddTempExp', {ids: {tract: [0]}, from: [{variable: 'f', task: 'i7', at: []}]}),
  ];
}
