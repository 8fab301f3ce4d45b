import type {ErrorContent} from './notebook.js';

/** An exception of the kernel itself, a bug, as the content of an error. */
export function internalError(thrown: unknown): ErrorContent {
  const evalue = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = thrown instanceof Error ? (thrown.stack ?? evalue) : evalue;
  return {
    ename: 'InternalError',
    evalue,
    traceback: ['InternalError: this is a fault of the kernel', ...stack.split('\n')],
  };
}
