import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {SystemExit} from './python.js';

/** An option of a program. `list` takes all words up to the next option; `id` is a data id, which may be repeated. */
export interface OptionSpec {
  readonly name: string;
  readonly kind: 'flag' | 'value' | 'list' | 'id';
  readonly short?: string;
  readonly metavar?: string;
  readonly help: string;
  readonly choices?: readonly string[];
}

/** What a command line said, in the order in which it was said. */
export interface ParsedOption {
  readonly name: string;
  readonly values: readonly string[];
}

/** Where a program runs: its output, directory and environment. */
export interface Surroundings {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Splits a line as Python's `shlex.split(line, comments=True)` does. */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? '';
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === '#' && word === null) break;
    else if (char === "'" || char === '"') {
      word ??= '';
      for (i++; i < line.length && line[i] !== char; i++) {
        if (char === '"' && line[i] === '\\' && /["\\]/.test(line[i + 1] ?? '')) i++;
        word += line[i] ?? '';
      }
    } else if (char === '\\') word = (word ?? '') + (line[++i] ?? '');
    else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return words;
}

/** Reads command lines as Python's argparse does, with the stack's way of writing argument files. */
export class CommandLine {
  readonly program: string;
  readonly #options: readonly OptionSpec[];
  readonly #positional: string;
  readonly #surroundings: Surroundings;

  /** `positional` is shown in the usage, for example `input`. */
  constructor(program: string, positional: string, options: readonly OptionSpec[], surroundings: Surroundings) {
    this.program = program;
    this.#positional = positional;
    this.#options = options;
    this.#surroundings = surroundings;
  }

  /** The end that a wrong command line has: usage and message on standard error, exit 2. */
  error(message: string): SystemExit {
    this.#surroundings.stderr(
      `usage: ${this.program} ${this.#positional} [options]\n${this.program}: error: ${message}\n`,
    );
    return new SystemExit(2);
  }

  /** What `--help` prints. */
  help(description: string): string {
    const rows = this.#options.map(({name, short, kind, metavar, help}) => {
      const value = kind === 'flag' ? '' : ` ${metavar ?? name.toUpperCase()}${kind === 'value' ? '' : ' ...'}`;
      const flags = `  ${short === undefined ? '' : `-${short}${value}, `}--${name}${value}`;
      return flags.length > 24 ? `${flags}\n${' '.repeat(26)}${help}` : `${flags.padEnd(26)}${help}`;
    });
    return [
      `usage: ${this.program} ${this.#positional} [options]`,
      '',
      description,
      'This program is part of a simulated stack: it works on simulated data and is no LSST software.',
      '',
      'options:',
      '  -h, --help              show this help message and exit',
      ...rows,
      '',
      'Notes:',
      '            * --config, --configfile, --id, --loglevel and @file may appear multiple times;',
      '                all values are used, in order left to right',
      '            * @file reads command-line options from the specified file',
      '',
    ].join('\n');
  }

  /** Replaces each `@file` by the words in it; the lines of a file are split as a shell does. */
  #withFiles(args: readonly string[]): readonly string[] {
    return args.flatMap(arg => {
      if (!arg.startsWith('@')) return [arg];
      let text: string;
      try {
        text = readFileSync(resolve(this.#surroundings.cwd, arg.slice(1)), 'utf8');
      } catch {
        throw this.error(`[Errno 2] No such file or directory: '${arg.slice(1)}'`);
      }
      return this.#withFiles(text.split('\n').flatMap(line => (line.trim().startsWith('#') ? [] : shellWords(line))));
    });
  }

  /** The option that a word names: whole, or by a beginning that only one option has. */
  #option(word: string): OptionSpec {
    const name = word.replace(/^--?/, '');
    const exact = this.#options.find(option => (word.startsWith('--') ? option.name === name : option.short === name));
    if (exact !== undefined) return exact;
    const begun = word.startsWith('--') ? this.#options.filter(option => option.name.startsWith(name)) : [];
    if (begun.length > 1) {
      throw this.error(`ambiguous option: ${word} could match ${begun.map(option => `--${option.name}`).join(', ')}`);
    }
    if (begun[0] === undefined) throw this.error(`unrecognized arguments: ${word}`);
    return begun[0];
  }

  /** Parses all words: positional ones, and options in order. */
  parse(args: readonly string[]): {readonly positional: readonly string[]; readonly options: readonly ParsedOption[]} {
    const words = this.#withFiles(args);
    const positional: string[] = [];
    const options: ParsedOption[] = [];
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? '';
      if (!/^-[^\d]/.test(word)) {
        positional.push(word);
        continue;
      }
      const equals = word.startsWith('--') ? word.indexOf('=') : -1;
      const joined = /^-[A-Za-z]./.test(word) ? word.slice(2) : undefined;
      const spec = this.#option(equals >= 0 ? word.slice(0, equals) : joined === undefined ? word : word.slice(0, 2));
      const given = equals >= 0 ? word.slice(equals + 1) : joined;
      const values: string[] = given === undefined ? [] : [given];
      const most = given !== undefined || spec.kind === 'flag' ? 0 : spec.kind === 'value' ? 1 : Infinity;
      while (values.length < most && i + 1 < words.length && !/^-[^\d]/.test(words[i + 1] ?? '')) {
        values.push(words[++i] ?? '');
      }
      const shown = spec.short === undefined ? `--${spec.name}` : `-${spec.short}/--${spec.name}`;
      if (spec.kind === 'value' && values.length === 0) throw this.error(`argument ${shown}: expected one argument`);
      if (spec.kind === 'flag' && given !== undefined) {
        throw this.error(`argument ${shown}: ignored explicit argument '${given}'`);
      }
      const wrong = values.find(value => spec.choices !== undefined && !spec.choices.includes(value));
      if (wrong !== undefined) {
        const allowed = (spec.choices ?? []).map(choice => `'${choice}'`).join(', ');
        throw this.error(`argument ${shown}: invalid choice: '${wrong}' (choose from ${allowed})`);
      }
      options.push({name: spec.name, values});
    }
    return {positional, options};
  }
}
