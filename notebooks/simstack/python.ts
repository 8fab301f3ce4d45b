/** What the simulated programs hold where Python would have a value. */
export type PythonValue =
  null | boolean | number | string | PythonFloat | readonly PythonValue[] | {readonly [key: string]: PythonValue};

/** A number that Python would print with a point: `30.0`. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Python's `repr` of a number that is a float. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return `${value}.0`;
  const text = String(value);
  const small = Math.abs(value) < 1e-4 && !text.includes('e') ? value.toExponential() : text;
  return small.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Python's `repr` of a value. */
export function repr(value: PythonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (value instanceof PythonFloat) return floatRepr(value.value);
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    const body = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
    return `${quote}${quote === "'" ? body.replaceAll("'", "\\'") : body}${quote}`;
  }
  if (Array.isArray(value)) return `[${value.map((each: PythonValue) => repr(each)).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, each]) => `${repr(key)}: ${repr(each)}`)
    .join(', ')}}`;
}

/** A value as Python's `str` shows it: text without quotes. */
export function textOf(value: PythonValue | undefined): string {
  return typeof value === 'string' ? value : repr(value ?? null);
}

/**
 * Reads a Python literal: None, True, False, numbers, quoted strings, and lists or tuples of these.
 * Undefined where the text is none.
 */
export function readLiteral(text: string): PythonValue | undefined {
  const trimmed = text.trim();
  if (trimmed === 'None') return null;
  if (trimmed === 'True') return true;
  if (trimmed === 'False') return false;
  if (/^[+-]?\d+$/.test(trimmed)) return Number(trimmed);
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+)(e[+-]?\d+)?$/i.test(trimmed)) return new PythonFloat(Number(trimmed));
  const quoted = /^(['"])((?:\\.|(?!\1).)*)\1$/.exec(trimmed);
  if (quoted !== null) return (quoted[2] ?? '').replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  const list = /^[[(](.*)[\])]$/s.exec(trimmed);
  if (list === null) return undefined;
  const items = (list[1] ?? '').match(/(['"])(?:\\.|(?!\1).)*\1|[^,]+/g)?.filter(item => item.trim() !== '') ?? [];
  const values = items.map(readLiteral);
  return values.includes(undefined) ? undefined : (values as PythonValue[]);
}

/**
 * An exception of the simulated Python program: it ends a data id or the whole program, as there. It is thrown because
 * the control flow of the real programs is what is simulated.
 */
export class PythonError extends Error {
  /** The class as a traceback prints it. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** The end of the program with an exit code, as `sys.exit` raises it. */
export class SystemExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** The text of a traceback: one frame, and the exception. */
export function traceback(error: unknown, file: string): string {
  const [type, message] = error instanceof PythonError ? [error.type, error.message] : ['RuntimeError', String(error)];
  return `Traceback (most recent call last):\n  File "${file}", line 1, in <module>\n${type}: ${message}\n`;
}
