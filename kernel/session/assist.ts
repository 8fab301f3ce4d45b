import {hasErrors} from '../cell/diagnostic.js';
import {parseCell} from '../cell/cell.js';
import type {Bundle, Completeness, Completions} from '../wire/notebook.js';
import type {NotebookControl} from './magic.js';
import {shapesOf, type Registry} from './registry.js';
import type {UserPort} from './user-port.js';

/** What helps while a person types. */
export interface AssistPorts {
  readonly user: UserPort;
  readonly registry: Registry;
  readonly control: NotebookControl;
}

/** Whether a cell is complete, for a console's return key. */
export function completeness(code: string, {registry, user}: AssistPorts): Promise<Completeness> {
  const {value, diagnostics} = parseCell(code, shapesOf(registry));
  if (value.is === 'magic')
    return Promise.resolve(code.endsWith('\n') ? {status: 'complete'} : {status: 'incomplete', indent: ''});
  if (hasErrors(diagnostics)) return Promise.resolve({status: 'invalid'});
  if (value.is === 'empty') return Promise.resolve({status: 'complete'});
  // What is left of the lines that are magics is TypeScript.
  let rest = code;
  for (const {span} of value.lines)
    rest = rest.slice(0, span.start) + ' '.repeat(span.end - span.start) + rest.slice(span.end);
  return user.isComplete(rest);
}

/** Names of magics behind `%`, else names of the notebook. `at` is an offset in `code`. */
export async function completions(code: string, at: number, {registry, user}: AssistPorts): Promise<Completions> {
  const word = /[\w%$]*$/.exec(code.slice(0, at))?.[0] ?? '';
  const start = at - word.length;
  const list = (names: readonly string[]): Completions => ({
    matches: [...new Set(names.filter(name => name.startsWith(word) && name !== word))].sort(),
    start,
    end: at,
    metadata: {},
  });
  if (word === '') return list([]);
  if (!word.startsWith('%')) return list(await user.names());
  return list(
    shapesOf(registry).flatMap(({name, use}) =>
      use === 'cell' ? [`%%${name}`] : use === 'line' ? [`%${name}`] : [`%%${name}`, `%${name}`],
    ),
  );
}

/** What is known of the magic at a place. */
export function inspection(code: string, at: number, {control}: AssistPorts): Bundle | undefined {
  const word = `${/[\w%$]*$/.exec(code.slice(0, at))?.[0] ?? ''}${/^[\w$]*/.exec(code.slice(at))?.[0] ?? ''}`;
  const magic = control.magics().find(({name}) => name === word.replace(/^%+/, ''));
  return magic === undefined
    ? undefined
    : {'text/plain': `${magic.use}${magic.name}: ${magic.summary}\n\n${magic.example}`};
}
