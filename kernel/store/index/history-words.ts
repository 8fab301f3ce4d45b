import {isObject} from '../record.js';

/** Bytes of a log's end and of a failure's text that are searched, at most. */
const LONGEST = 4096;

/** What search looks at: of one task alone, and what many tasks share. */
export interface HistoryWords {
  /** Values of variables, names of files, the log of a value, what a failure says. */
  readonly own: string;
  /** The code, the arguments, the environment: equal for all tasks of a loop. */
  readonly shared: string;
}

/** Digests say nothing to who searches, and are most of a record. */
const withoutDigests = (text: string): string => text.replace(/\b[0-9a-f]{64}\b/g, '');

/** Texts in a JSON value: keys, strings, numbers; a script keeps its lines. */
function textsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(textsOf).filter(Boolean).join(' ');
  if (!isObject(value)) return '';
  return Object.entries(value)
    .map(([key, one]) => `${key}=${textsOf(one)}`)
    .join(' ');
}

/** What can be searched of a result, as a journal has it. */
export function resultWords(manifest: Readonly<Record<string, unknown>>): HistoryWords {
  const {recipe, log, value} = manifest;
  if (!isObject(recipe)) return {own: '', shared: ''};
  const {kind, name, arguments: words, variables, environment, files, sources, code} = recipe;
  const given = Object.entries(isObject(variables) ? variables : {}).map(
    ([key, one]) => `${key}=${isObject(one) && one['is'] === 'json' ? textsOf(one['value']) : ''}`,
  );
  const own = [
    ...given,
    ...Object.keys(isObject(files) ? files : {}),
    textsOf(value),
    typeof log === 'string' ? log : '',
  ];
  const shared = [kind, name, words, environment, code, Object.keys(isObject(sources) ? sources : {})].map(textsOf);
  return {
    own: withoutDigests(own.filter(Boolean).join('\n')).slice(-LONGEST),
    shared: withoutDigests(shared.filter(Boolean).join('\n')),
  };
}

/** What can be searched of a failure. */
export function failureWords(failure: unknown): HistoryWords {
  return {own: withoutDigests(textsOf(failure)).slice(-LONGEST), shared: ''};
}
