import type {Candidate} from './completer.js';
import type {UserPort} from './user-port.js';
import {within} from './within.js';

/** So long the user's process may take, in milliseconds: one that computes is not waited for. */
const PATIENCE = 150;

/** What stands before a dot: a name, and properties of it, whose values can be looked at without running anything. */
const PATH =
  /(?<![\p{ID_Continue}$.)\]"'`])([\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*)\.\s*$/u;

/**
 * The properties of the value that stands before a dot, as the user's process has it; none where that is no name, or is not known now. No getter
 * and no code of the value runs.
 * @param before the text up to the dot, and that too
 */
export async function memberNames(before: string, user: Pick<UserPort, 'evaluate'>): Promise<readonly Candidate[]> {
  const [, path] = PATH.exec(before) ?? [];
  if (path === undefined) return [];
  const [base = '', ...keys] = path.split('.');
  const code = `(${LOOK})(() => ${base}, ${JSON.stringify(keys)})`;
  const table = await within(PATIENCE, user.evaluate('', [code], [{}], false));
  const [[looked] = []] = table ?? [];
  if (looked?.is !== 'json' || !Array.isArray(looked.value)) return [];
  return looked.value.filter(each => typeof each === 'string').map(text => ({text, type: 'property'}));
}

/** Runs in the user's process. Elements of a list are no names. */
const LOOK = `(base, keys) => {
  try {
    let value = base();
    for (const key of keys) {
      let at = Object(value), found;
      while (at !== null && (found = Object.getOwnPropertyDescriptor(at, key)) === undefined) at = Object.getPrototypeOf(at);
      // Of a getter there is no value.
      value = found?.value;
    }
    const names = new Set();
    for (let at = value === null || value === undefined ? null : Object(value); at !== null; at = Object.getPrototypeOf(at)) {
      if (at === Object.prototype && names.size > 0) break;
      if (Array.isArray(at) && at !== Array.prototype || ArrayBuffer.isView(at)) continue;
      for (const name of Object.getOwnPropertyNames(at))
        if (/^[A-Za-z_$][\\w$]*$/.test(name) && name !== 'constructor' && !name.startsWith('__')) names.add(name);
    }
    return [...names].slice(0, 500);
  } catch {
    return [];
  }
}`;
