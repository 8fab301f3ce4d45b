/** A flag of a Go program that uses pflag. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** Takes a value. */
  readonly value: boolean;
}

/** What was given, in order. A flag without a value has `true` or what stands after `=`. */
export type FlagValues = readonly (readonly [name: string, value: string])[];

/**
 * Reads flags as pflag does where flags and words must not be mixed: it stops at the first word that is no flag; names are
 * written out. `error` is pflag's own words. A `--` before the words is eaten.
 */
export function pflag(
  words: readonly string[],
  flags: readonly Flag[],
): {readonly values: FlagValues; readonly rest: number; readonly error?: string} {
  const values: (readonly [string, string])[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return {values, rest: at + 1};
    if (!word.startsWith('-') || word === '-') return {values, rest: at};
    const wrong = (error: string) => ({values, rest: at, error});
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = word.slice(2, equals < 0 ? undefined : equals);
      if (name === '' || name.startsWith('-')) return wrong(`bad flag syntax: ${word}`);
      const flag = flags.find(each => each.name === name);
      if (flag === undefined) return wrong(`unknown flag: --${name}`);
      if (equals >= 0) values.push([name, word.slice(equals + 1)]);
      else if (!flag.value) values.push([name, 'true']);
      else if (at + 1 < words.length) values.push([name, words[++at] ?? '']);
      else return wrong(`flag needs an argument: --${name}`);
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      const flag = flags.find(({short}) => short === word[i]);
      if (flag === undefined) return wrong(`unknown shorthand flag: '${word[i] ?? ''}' in ${word}`);
      const joined = word.slice(i + 1);
      if (!flag.value && !joined.startsWith('=')) {
        values.push([flag.name, 'true']);
        continue;
      }
      if (joined !== '') values.push([flag.name, joined.startsWith('=') ? joined.slice(1) : joined]);
      else if (at + 1 < words.length) values.push([flag.name, words[++at] ?? '']);
      else return wrong(`flag needs an argument: '${word[i] ?? ''}' in ${word}`);
      break;
    }
  }
  return {values, rest: words.length};
}

/** Reads one record as Go's encoding/csv does, or says what is wrong with it. What stands on further lines is left out. */
export function csvRecord(text: string): {readonly fields: readonly string[]} | {readonly error: string} {
  const fields: string[] = [];
  let at = 0;
  while (text[at] === '\n') at++;
  for (;;) {
    let field = '';
    if (text[at] === '"') {
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return {error: 'extraneous or missing " in quoted-field'};
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      if (at < text.length && text[at] !== ',' && text[at] !== '\n') {
        return {error: 'extraneous or missing " in quoted-field'};
      }
    } else {
      const [bare = ''] = /^[^,\n]*/.exec(text.slice(at)) ?? [];
      if (bare.includes('"')) return {error: 'bare " in non-quoted-field'};
      field = bare;
      at += bare.length;
    }
    fields.push(field);
    if (text[at] !== ',') return {fields};
    at++;
  }
}
