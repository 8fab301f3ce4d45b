import type {PythonValue} from './python.js';
import {floatRepr, PythonError, PythonFloat, textOf} from './python.js';

/**
 * A pickle of protocol 0, which is text: dicts, lists, strings, numbers, booleans and None.
 * Source: `python/cpython:Lib/pickletools.py`.
 */
export function writePickle(value: PythonValue): string {
  return `${opcodes(value)}.`;
}

function opcodes(value: PythonValue): string {
  if (value === null) return 'N';
  if (typeof value === 'boolean') return value ? 'I01\n' : 'I00\n';
  if (typeof value === 'number') return Number.isInteger(value) ? `L${value}L\n` : `F${floatRepr(value)}\n`;
  if (value instanceof PythonFloat) return `F${floatRepr(value.value)}\n`;
  if (typeof value === 'string') {
    const escape = (char: string): string => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
    return `V${value.replace(/[\\\n\r\0\x1a]|[^\x00-\xff]/g, escape)}\n`;
  }
  if (Array.isArray(value)) return `(l${value.map((each: PythonValue) => `${opcodes(each)}a`).join('')}`;
  return `(d${Object.entries(value)
    .map(([key, each]) => `${opcodes(key)}${opcodes(each)}s`)
    .join('')}`;
}

/** Reads what `writePickle` writes; other pickles are an UnpicklingError. */
export function readPickle(text: string): PythonValue {
  const stack: PythonValue[] = [];
  let at = 0;
  const line = (): string => {
    const end = text.indexOf('\n', at);
    if (end < 0) throw new PythonError('_pickle.UnpicklingError', 'pickle data was truncated');
    const found = text.slice(at, end);
    at = end + 1;
    return found;
  };
  for (;;) {
    const code = text[at++];
    if (code === '.') return stack.pop() ?? null;
    else if (code === 'N') stack.push(null);
    else if (code === 'I') stack.push(line() === '01');
    else if (code === 'L') stack.push(Number(line().slice(0, -1)));
    else if (code === 'F') stack.push(new PythonFloat(Number(line())));
    else if (code === 'V') {
      stack.push(line().replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))));
    } else if (code === '(') stack.push(text[at++] === 'l' ? [] : {});
    else if (code === 'a') {
      const item = stack.pop() ?? null;
      (stack.at(-1) as PythonValue[]).push(item);
    } else if (code === 's') {
      const item = stack.pop() ?? null;
      const key = textOf(stack.pop());
      (stack.at(-1) as Record<string, PythonValue>)[key] = item;
    } else throw new PythonError('_pickle.UnpicklingError', `invalid load key, '${code ?? ''}'.`);
  }
}
