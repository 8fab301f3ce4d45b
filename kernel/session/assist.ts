import {hasErrors} from '../cell/diagnostic.js';
import {parseCell} from '../cell/cell.js';
import {typeScriptOf} from '../cell/place.js';
import type {Completeness} from '../wire/notebook.js';
import type {Contexts} from './context.js';
import type {Futures} from './futures.js';
import type {KnownNames} from './known-names.js';
import type {LanguagePort} from './language-port.js';
import type {NotebookControl} from './notebook-control.js';
import {shapesOf, type Registry} from './registry.js';
import type {UserPort} from './user-port.js';

/** What helps while a person types. */
export interface AssistPorts {
  readonly user: UserPort;
  readonly registry: Registry;
  readonly control: NotebookControl;
  readonly futures: Futures;
  readonly contexts: Contexts;
  readonly names: KnownNames;
  readonly language: LanguagePort | undefined;
}

/** Whether a cell is complete, for a console's return key. */
export function completeness(code: string, {registry, user}: AssistPorts): Promise<Completeness> {
  const {value, diagnostics} = parseCell(code, shapesOf(registry));
  if (value.is === 'magic')
    return Promise.resolve(code.endsWith('\n') ? {status: 'complete'} : {status: 'incomplete', indent: ''});
  if (hasErrors(diagnostics)) return Promise.resolve({status: 'invalid'});
  if (value.is === 'empty') return Promise.resolve({status: 'complete'});
  return user.isComplete(typeScriptOf(code, value.lines));
}
