import {existsSync} from 'node:fs';
import {posix, resolve} from 'node:path';
import {csvRecord} from './pflag.js';

/** A mount that the user wants. */
export interface WantedBind {
  readonly from: string;
  readonly to: string;
  readonly readOnly: boolean;
}

/** Something that is FATAL; the text without that word. */
export class Fatal extends Error {}

/** Splits at a character that has no backslash before it, which goes. */
function split(text: string, at: ',' | ':'): readonly string[] {
  return text.split(new RegExp(String.raw`(?<!\\)${at}`));
}

/** Reads what `--bind` was given: `S[:D[:ro|rw]]`, several with commas between; `\,` and `\:` are the characters themselves. */
export function parseBinds(text: string, cwd: string): readonly WantedBind[] {
  return split(text, ',').flatMap(part => {
    if (part === '' || part === 'ro' || part === 'rw') return [];
    const [from = '', to, ...options] = split(part, ':').map(each => each.replaceAll(/\\([,:])/g, '$1'));
    for (const option of options) {
      if (option !== 'ro' && option !== 'rw') {
        throw new Fatal(`while parsing bind path: ${option} is not a valid bind option`);
      }
    }
    return [wanted(from, to === undefined || to === '' ? from : to, options.includes('ro'), cwd)];
  });
}

/** Reads what `--mount` was given: `type=bind,src=S,dst=D[,ro]` as CSV. */
export function parseMount(text: string, cwd: string): readonly WantedBind[] {
  const record = csvRecord(text);
  if ('error' in record) throw new Fatal(`while parsing mount "${text}": ${record.error}`);
  let type: string | undefined;
  let from: string | undefined;
  let to: string | undefined;
  let readOnly = false;
  for (const field of record.fields) {
    const at = field.indexOf('=');
    const key = at < 0 ? field : field.slice(0, at);
    const value = at < 0 ? '' : field.slice(at + 1);
    if (key === 'type') type = value;
    else if (['src', 'source'].includes(key)) from = value;
    else if (['dst', 'destination', 'target'].includes(key)) to = value;
    else if (key === 'ro') readOnly = value !== 'false';
    else throw new Fatal(`while parsing mount "${text}": invalid key "${key}" in mount specification`);
  }
  if (type !== 'bind')
    throw new Fatal(`while parsing mount "${text}": unsupported mount type "${type ?? ''}", must be 'bind'`);
  if (from === undefined || from === '')
    throw new Fatal(`while parsing mount "${text}": mount source must be specified`);
  if (to === undefined || to === '')
    throw new Fatal(`while parsing mount "${text}": mount destination must be specified`);
  return [wanted(from, to, readOnly, cwd)];
}

function wanted(from: string, to: string, readOnly: boolean, cwd: string): WantedBind {
  const source = resolve(cwd, from);
  const target = to === from ? source : to;
  if (!target.startsWith('/')) {
    throw new Fatal(`container creation failed: destination ${target} must be an absolute path`);
  }
  const clean = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (!existsSync(source)) {
    const doing = `while mounting ${source}: mount source ${source} doesn't exist`;
    throw new Fatal(
      `container creation failed: mount hook function failure: mount ${source}->${clean} error: ${doing}`,
    );
  }
  return {from: source, to: clean, readOnly};
}
