import ts from 'typescript';
import type {CellFile} from './cell-files.js';
import type {TypeProblem} from './language-messages.js';

/** A name that nobody knows. Whether it is an error, the user's process decides. */
const UNKNOWN_NAMES: ReadonlySet<number> = new Set([
  2304, 2503, 2552, 2580, 2581, 2582, 2583, 2584, 2591, 2592, 2593, 18004,
]);

/**
 * What runs all the same, or is said by what runs the cell: modules without types, declaring a name again, a place that is read
 * before it is declared, an assignment to what is imported from another cell, what is only good for `this` and commas.
 */
const HARMLESS: ReadonlySet<number> = new Set([
  2300, 2306, 2307, 2318, 2391, 2393, 2403, 2440, 2448, 2449, 2450, 2451, 2454, 2484, 2589, 2590, 2628, 2630, 2631,
  2632, 2662, 2663, 2683, 2691, 2695, 2792, 2793, 2813, 2814, 2834, 2835, 2856, 2866, 5097, 6133, 18028, 18046, 18047,
  18048, 18049, 18050,
]);

/** Types of which JavaScript lets one set any property: an empty literal, the global object. */
const OPEN_TYPE = /on type '(?:\{\}|object|typeof globalThis|never|unknown)'/;

const LONGEST = 300;

/** A diagnostic of TypeScript as a problem of the cell, or undefined for one that is none. `names` are those of the user's process. */
export function problemOf(
  diagnostic: ts.Diagnostic,
  file: CellFile,
  names: ReadonlySet<string>,
): TypeProblem | undefined {
  const {code, category, start, length = 0} = diagnostic;
  if (category !== ts.DiagnosticCategory.Error || start === undefined) return undefined;
  // Below 2000 are errors of syntax and of modules, 7000 and above is what only a strict check says.
  if (code < 2000 || HARMLESS.has(code) || (code >= 4000 && code < 18000)) return undefined;
  const from = start - file.shift;
  if (from < 0 || from > file.length) return undefined;
  const to = Math.min(from + length, file.length);
  const text = ts.flattenDiagnosticMessageText(plainest(diagnostic.messageText), '\n');
  if (OPEN_TYPE.test(text)) return undefined;
  if (code === 2554 && leavesOut(diagnostic)) return undefined;
  if (UNKNOWN_NAMES.has(code)) {
    const name = file.text.slice(start, start + length);
    if (names.has(name) || code > 2552) return undefined;
  }
  const [first = '', ...more] = text.split('\n').map(line => line.trim());
  const suggested = /^([^]*?)\. Did you mean (?:to write )?'([^']*)'\?$/.exec(first);
  const whole = [suggested?.[1] ?? first.replace(/\.$/, ''), ...more.map(line => line.replace(/\.$/, ''))].join(': ');
  const message = whole.length > LONGEST ? `${whole.slice(0, LONGEST - 1)}…` : whole;
  return {
    ...(UNKNOWN_NAMES.has(code) ? {unknownName: true} : {}),
    span: {start: from, end: to},
    number: code,
    message,
    ...(suggested?.[2] === undefined ? {} : {hint: `did you mean \`${suggested[2]}\`?`}),
  };
}

/** Too few arguments are no error where the one that is left out has no type: JavaScript gives undefined. */
function leavesOut({relatedInformation = []}: ts.Diagnostic): boolean {
  const [{file, start = 0, length = 0} = {file: undefined}] = relatedInformation;
  return file !== undefined && !file.isDeclarationFile && !file.text.slice(start, start + length).includes(':');
}

/** Where a function has several forms, what the last of them says: it is the most common one. */
function plainest(text: ts.Diagnostic['messageText']): ts.Diagnostic['messageText'] {
  if (typeof text === 'string' || text.code !== 2769) return text;
  return text.next?.at(-1)?.next?.[0] ?? text;
}
