import type {Completer} from '../../kernel/session/completer.js';
import {SETTINGS} from '../line/placement.js';
import {containers} from './images.js';
import {completeShow} from './show.js';

const words =
  (...all: readonly string[]): Completer =>
  () =>
    all.map(text => ({text, type: 'value'}));

/** Keys of `%config`, and behind one its values. */
const config: Completer = ({words: [key, ...more]}) => {
  if (key === undefined) return [...SETTINGS].map(([text, {values}]) => ({text, help: values, type: 'setting'}));
  if (more.length > 0) return [];
  const {choices = []} = SETTINGS.get(key) ?? {};
  return choices === 'directory' ? ['directories'] : choices.map(text => ({text, type: 'value'}));
};

/** The commands of `%cache`. */
const CACHE = ['ls', 'verify', 'gc', 'pin', 'unpin', 'rebuild', 'export', 'import'];

const futures: Completer = ({at}) => (at.is === 'word' ? ['futures'] : []);

/** What fits behind the line magics, by their names. */
export const LINE_COMPLETERS: Readonly<Record<string, Completer>> = {
  repo: ({words: given}) => (given.length === 0 ? ['directories'] : []),
  setup: () => ['files'],
  code: () => ['files'],
  mount: () => ['directories'],
  container: ({at, text}, context) => (at.is === 'word' ? containers(text, context) : []),
  executor: words('local'),
  config,
  env: (_place, {settings}) => [...settings.environment.keys()].map(name => ({text: `${name}=`, open: true})),
  cache: ({words: [command]}) =>
    command === undefined ? CACHE.map(text => ({text, type: 'value'})) : ['futures', 'files'],
  wait: futures,
  cancel: futures,
  retry: futures,
  force: futures,
  adopt: futures,
  status: futures,
  plan: futures,
  timings: futures,
  log: futures,
  why: futures,
  show: completeShow,
  help: () => ['magics', 'futures'],
  '!': ({words: given}) => (given.length === 0 ? [] : ['files']),
};
