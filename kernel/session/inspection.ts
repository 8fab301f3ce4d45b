import {placeAt} from '../cell/place.js';
import {statusBundle} from '../show/status.js';
import type {Bundle} from '../wire/notebook.js';
import type {AssistPorts} from './assist.js';
import {completionContext} from './completion-context.js';
import {OPTION_HELP} from './option-help.js';
import {shapesOf} from './registry.js';
import {within} from './within.js';

/** So long it may take, in milliseconds: the first answer needs the libraries to be read. */
const PATIENCE = 3000;

const plain = (text: string): Bundle => ({'text/plain': text});

/**
 * What is known of the thing at an offset (UTF-16) of a cell: a magic, an option, a task, how far a future is, the type and the
 * documentation of anything else.
 */
export async function inspection(code: string, at: number, ports: AssistPorts): Promise<Bundle | undefined> {
  const before = /[\p{ID_Continue}%$!-]*$/u.exec(code.slice(0, at))?.[0] ?? '';
  const word = `${before}${/^[\p{ID_Continue}$-]*/u.exec(code.slice(at))?.[0] ?? ''}`;
  const end = at - before.length + word.length;
  const place = placeAt(code, end, shapesOf(ports.registry));
  // A question is asked of its name: `%%lsst?`, `warps?`.
  if (/^%/.test(word)) return magicHelp(word.replace(/^%+/, ''), ports);
  switch (place.is) {
    case 'magic name':
      return magicHelp(word.replace(/^[%!]+/, ''), ports);
    case 'magic': {
      const {shape, at: where, text} = place.place;
      if (where.is === 'option name') {
        const name = text.replace(/^-+/, '');
        const help =
          Object.hasOwn(shape.options, name) && Object.hasOwn(OPTION_HELP, name) ? OPTION_HELP[name] : undefined;
        return help === undefined ? undefined : plain(`${text}: ${help}`);
      }
      return (
        (await candidateHelp(code, end, text, ports)) ??
        future(text.replace(/^.*=|\[.*$/g, ''), ports) ??
        magicHelp(shape.name, ports)
      );
    }
    case 'list':
    case 'other':
      return future(word, ports) ?? enclosing(code, ports);
    case 'typescript':
      return typeScript(place.code, at - place.start, word, ports);
  }
}

/** In the body of a script there is its magic to tell of. */
function enclosing(code: string, ports: AssistPorts): Bundle | undefined {
  const name = /^\s*(?:%%foreach[^\n]*\n)*%%([\w-]+)/.exec(code)?.[1];
  return name === undefined ? undefined : magicHelp(name, ports);
}

function magicHelp(name: string, {control}: AssistPorts): Bundle | undefined {
  const magic = control.magics().find(each => each.name === name);
  return magic === undefined ? undefined : plain(`${magic.use}${magic.name}: ${magic.summary}\n\n${magic.example}`);
}

/** The line that completion has for a word: of a task, of an argument. */
async function candidateHelp(code: string, at: number, text: string, ports: AssistPorts): Promise<Bundle | undefined> {
  if (text === '') return undefined;
  const place = placeAt(code, at, shapesOf(ports.registry));
  if (place.is !== 'magic') return undefined;
  const own = [...ports.registry.tasks, ...ports.registry.cells, ...ports.registry.lines].find(
    each => each.shape.name === place.place.shape.name,
  );
  const fitting = (await own?.complete?.(place.place, {...completionContext(ports), dataIds: () => []})) ?? [];
  const found = fitting.find(
    each => typeof each !== 'string' && each.text.replace(/=$/, '') === text.replace(/\.py$/, ''),
  );
  return found === undefined || typeof found === 'string' || found.help === undefined
    ? undefined
    : plain(`${text}: ${found.help}`);
}

/** How far a future is. */
function future(name: string, {futures}: AssistPorts): Bundle | undefined {
  const node = futures.namedSo(name);
  if (node === undefined) return undefined;
  const now = Date.now();
  const pending =
    node.is === 'set' && node.pending !== undefined ? {pending: `waiting for the list \`${node.pending}\``} : {};
  return statusBundle([{title: name, tasks: node.views(), startedAt: now, now, ...pending}]);
}

async function typeScript(code: string, at: number, word: string, ports: AssistPorts): Promise<Bundle | undefined> {
  const state = future(word, ports);
  const names = await ports.names.now();
  const text = await within(PATIENCE, ports.language?.inspect(code, at, names) ?? Promise.resolve(undefined));
  if (state === undefined) return text === undefined ? magicHelp(word, ports) : plain(text);
  const shown = state['text/plain'];
  const plainState = typeof shown === 'string' ? shown : '';
  return plain([...(text === undefined ? [] : [text]), plainState].join('\n\n'));
}
