import type {ConfigField} from './config-table.js';
import type {PythonValue} from './python.js';
import {PythonFloat, readLiteral, repr, textOf} from './python.js';

/** Why a field could not be set; the text of the real parser. */
export type ConfigProblem = string;

/** The configuration of one task: fields with their values, and the history of each. */
export class Config {
  readonly #module: string;
  readonly #className: string;
  readonly #fields: ReadonlyMap<string, ConfigField>;
  readonly #values = new Map<string, PythonValue>();

  /** `module` and `className` name the real class, for example `lsst.pipe.tasks.processCcd` and `ProcessCcdConfig`. */
  constructor(module: string, className: string, fields: readonly ConfigField[]) {
    this.#module = module;
    this.#className = className;
    this.#fields = new Map(fields.map(each => [each.name, each]));
    for (const {name, value} of fields) this.#values.set(name, value);
  }

  boolean(name: string): boolean {
    return this.#get(name) === true;
  }

  number(name: string): number {
    const value = this.#get(name);
    return value instanceof PythonFloat ? value.value : Number(value);
  }

  text(name: string): string {
    return textOf(this.#get(name));
  }

  list(name: string): readonly PythonValue[] {
    const value = this.#get(name);
    return Array.isArray(value) ? (value as PythonValue[]) : [value];
  }

  #get(name: string): PythonValue {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`Internal error: no config field ${name}`);
    return value;
  }

  /**
   * Sets a field from the text of `--config NAME=TEXT`: as text if it takes text, else as the Python value.
   * Source: `lsst/pipe_base@18.1.0:python/lsst/pipe/base/argumentParser.py`, ConfigValueAction.
   */
  setText(name: string, text: string): ConfigProblem | null {
    const field = this.#fields.get(name);
    if (field === undefined) return `no config field: ${name}`;
    if (field.type === 'str' && this.set(name, text) === null) return null;
    const value = readLiteral(text);
    if (value === undefined) return `cannot parse ${repr(text)} as a value for ${name}`;
    const problem = this.set(name, value);
    return problem === null ? null : `cannot set config.${name}=${repr(value)}: ${problem}`;
  }

  /** Sets a field to a value of its type, or says why that is impossible. */
  set(name: string, value: PythonValue): ConfigProblem | null {
    const field = this.#fields.get(name);
    if (field === undefined) return `no config field: ${name}`;
    const kept = field.type === 'float' && typeof value === 'number' ? new PythonFloat(value) : value;
    const type = pythonType(kept);
    if (type !== field.type) {
      return `Value ${repr(value)} is of incorrect type ${type}. Expected type ${field.type}`;
    }
    if (field.choices !== undefined && !field.choices.includes(textOf(value))) {
      return `Value ${repr(value)} is not allowed; choose from ${field.choices.join(', ')}`;
    }
    this.#values.set(name, kept);
    return null;
  }

  /** Runs a file of overrides: lines `config.NAME=VALUE`, comments and imports. */
  load(text: string): ConfigProblem | null {
    for (const raw of text.split('\n')) {
      const line = raw.trim();
      if (line === '' || line.startsWith('#') || /^(import|from|assert)\s/.test(line)) continue;
      const assignment = /^(?:config|root)\.([\w.]+)\s*=\s*([^#]*?)\s*(?:#.*)?$/.exec(line);
      if (assignment === null) return 'invalid syntax (<string>, line 1)';
      const [name, source] = [assignment[1] ?? '', assignment[2] ?? ''];
      if (!this.#fields.has(name)) return `'${this.#className}' object has no attribute '${name}'`;
      const value = readLiteral(source);
      if (value === undefined) return `name ${repr(source)} is not defined`;
      const problem = this.set(name, value);
      if (problem !== null) return problem;
    }
    return null;
  }

  /** The assignments of all fields whose name matches; with the comments that the real configuration has. */
  lines(matches: (name: string) => boolean = () => true): readonly string[] {
    return [...this.#fields.values()]
      .filter(({name}) => matches(name))
      .flatMap(({name, doc}) => [`# ${doc}`, `config.${name}=${repr(this.#get(name))}`, '']);
  }

  /** The file that is kept in the output repository. */
  fileText(): string {
    const whole = `${this.#module}.${this.#className}`;
    return [
      `import ${this.#module}`,
      `assert type(config)==${whole}, 'config is of type %s.%s instead of ${whole}' % (type(config).__module__, type(config).__name__)`,
      ...this.lines(),
    ].join('\n');
  }

  /** What differs from the configuration in a file, as the comparison of the real one prints it. */
  differences(fileText: string): readonly string[] {
    const stored = new Map<string, string>();
    for (const line of fileText.split('\n')) {
      const assignment = /^config\.([\w.]+)=(.*)$/.exec(line);
      if (assignment !== null) stored.set(assignment[1] ?? '', assignment[2] ?? '');
    }
    return [...this.#values]
      .map(([name, value]) => ({name, now: repr(value), before: stored.get(name) ?? 'None'}))
      .filter(({now, before}) => now !== before)
      .map(({name, now, before}) => `Inequality in ${name}: ${now} != ${before}`);
  }
}

/** The type of a value, by the word that a field of that type has. */
function pythonType(value: PythonValue): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'str';
  return value instanceof PythonFloat ? 'float' : 'list';
}
