import {isProxy} from 'node:util/types';
import type {ErrorContent} from '../wire/notebook.js';
import type {CellErrors} from './cell-error.js';
import {CellSyntax} from './evaluate.js';
import {TaskFailed} from './futures.js';

/** What a person sees of anything that code of a cell, or the making of it, has thrown. Never throws. */
export function errorContent(error: unknown, errors: CellErrors): ErrorContent {
  // What a proxy is an instance of is asked of its handler, which may throw.
  if (isProxy(error)) return errors.content(error);
  if (error instanceof CellSyntax) return errors.syntax(error.label, error.source, error.message, error.at);
  if (!(error instanceof TaskFailed)) return errors.content(error);
  return {ename: error.name, evalue: error.message, traceback: `${error.name}: ${error.message}`.split('\n')};
}
