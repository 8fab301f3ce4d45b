/** An option as `getopt_long` has it. */
export interface Option {
  /** Without the dashes. */
  readonly long: string;
  readonly short?: string;
  readonly argument: 'none' | 'required' | 'optional';
}

/** One option that was given: its long name, or its letter if it has no long name. */
export interface Given {
  readonly name: string;
  readonly value: string | undefined;
}

/** How a command line was read. */
export interface Parsed {
  readonly given: readonly Given[];
  /** Index of the first word that is no option; one `--` before it is eaten. */
  readonly rest: number;
  /** The first thing wrong, in the words of glibc, without the program's name. What stands before it is in `given`. */
  readonly error?: string;
}

/**
 * Reads options as glibc's `getopt_long` does where POSIXLY_CORRECT is set: it stops at the first word that is no option. An
 * optional argument must be joined (`--long=x`, `-lx`). A beginning of a long name will do if no other begins so.
 */
export function getopt(words: readonly string[], options: readonly Option[], letters = ''): Parsed {
  const given: Given[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return {given, rest: at + 1};
    if (!word.startsWith('-') || word === '-') break;
    if (word.startsWith('--')) {
      const [name = '', ...more] = word.slice(2).split('=');
      const joined = more.length === 0 ? undefined : more.join('=');
      const option = longOption(name, options);
      if (typeof option === 'string') return {given, rest: at, error: option};
      if (option.argument === 'none' && joined !== undefined) {
        return {given, rest: at, error: `option '--${option.long}' doesn't allow an argument`};
      }
      let value = joined;
      if (option.argument === 'required' && value === undefined) {
        value = words[++at];
        if (value === undefined) return {given, rest: at, error: `option '--${option.long}' requires an argument`};
      }
      given.push({name: option.long, value});
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] ?? '';
      const option = options.find(({short}) => short === letter);
      if (option === undefined && !letters.includes(letter)) {
        return {given, rest: at, error: `invalid option -- '${letter}'`};
      }
      const joined = word.slice(i + 1);
      if (option === undefined || option.argument === 'none') {
        given.push({name: option?.long ?? letter, value: undefined});
        continue;
      }
      let value: string | undefined = joined;
      if (joined === '') value = option.argument === 'required' ? words[++at] : undefined;
      if (option.argument === 'required' && value === undefined) {
        return {given, rest: at, error: `option requires an argument -- '${letter}'`};
      }
      given.push({name: option.long, value});
      break;
    }
  }
  return {given, rest: at};
}

function longOption(name: string, options: readonly Option[]): Option | string {
  const exact = options.find(({long}) => long === name);
  if (exact !== undefined) return exact;
  const [first, ...others] = options.filter(({long}) => long.startsWith(name));
  if (first === undefined) return `unrecognized option '--${name}'`;
  if (others.length === 0) return first;
  return `option '--${name}' is ambiguous; possibilities:${[first, ...others].map(({long}) => ` '--${long}'`).join('')}`;
}
