import type {Candidate, CompletionContext, Completer, Fitting} from '../../kernel/session/completer.js';
import type {MagicPlace} from '../../kernel/cell/place.js';
import {CATALOGUE} from '../lsst/catalogue.js';
import {dataIdCandidates, keyNames} from './data-id.js';
import {configFields, idsOfRoot, rerunsOf, rootOf, type SeenId} from './repository.js';
import {TASK_ARGUMENTS} from './task-arguments.js';
import {TASK_HELP} from './task-help.js';

/** What fits in a `%%lsst` cell: tasks, reruns, keys and values of data ids, fields of the configuration. */
export const completeLsst: Completer = (place, context): readonly Fitting[] => {
  const {at, words} = place;
  if (at.is === 'word') return words.length === 0 ? tasks() : [];
  if (at.is === 'body') return body(place, at.words, context);
  if (at.is !== 'value') return [];
  const root = rootOf(place.options, context);
  switch (at.option) {
    case 'rerun':
      return root === undefined ? [] : rerunsOf(root).map(text => ({text, type: 'rerun'}));
    case 'from':
      return [
        'futures',
        ...(root === undefined ? [] : rerunsOf(root).map(name => ({text: `rerun:${name}`, type: 'rerun'}))),
      ];
    case 'repo':
      return ['directories'];
    case 'split':
      return split(place.text, seenIn(root, context));
    default:
      return [];
  }
};

function tasks(): readonly Candidate[] {
  return [...CATALOGUE.keys()].map(text => ({text, type: 'task', ...helpOf(text)}));
}

const helpOf = (task: string): {help?: string} => {
  const help = Object.hasOwn(TASK_HELP, task) ? TASK_HELP[task] : undefined;
  return help === undefined ? {} : {help};
};

const seenIn = (root: string | undefined, context: CompletionContext): readonly SeenId[] => [
  ...(root === undefined ? [] : idsOfRoot(root)),
  ...context.dataIds(),
];

function split(text: string, seen: readonly SeenId[]): readonly Candidate[] {
  const had = text.split(',').slice(0, -1);
  const prefix = had.map(key => `${key},`).join('');
  return keyNames(seen)
    .filter(key => !had.includes(key))
    .map(key => ({text: prefix + key, type: 'key'}));
}

function body(place: MagicPlace, words: readonly string[], context: CompletionContext): readonly Fitting[] {
  if (place.text.startsWith('-'))
    return Object.entries(TASK_ARGUMENTS).map(([text, help]) => ({text, help, type: 'option'}));
  const from = words.findLastIndex(word => /^--?[A-Za-z]/.test(word));
  const option = words[from];
  const before = words.slice(from + 1);
  const root = rootOf(place.options, context);
  switch (option) {
    case '--id':
    case '--selectId':
      return dataIdCandidates(place.text, before, seenIn(root, context));
    case '--config':
    case '-c': {
      const task = place.words[0]?.replace(/\.py$/, '');
      if (root === undefined || task === undefined) return [];
      return [...configFields(root, task)].flatMap(([name, value]): readonly Candidate[] => [
        {text: `${name}=`, help: `was ${value}`, type: 'field', open: true},
        ...(place.text.startsWith(`${name}=`)
          ? valuesOf(value).map(each => ({text: `${name}=${each}`, type: 'value'}))
          : []),
      ]);
    }
    case '--configfile':
    case '-C':
      return ['files'];
    case '--show':
      return ['config', 'data', 'tasks', 'run', 'history'].map(text => ({text, type: 'value'}));
    default:
      return [];
  }
}

/** What a field may be that once had this value. */
const valuesOf = (value: string): readonly string[] =>
  value === 'True' || value === 'False' ? ['True', 'False'] : [value];
