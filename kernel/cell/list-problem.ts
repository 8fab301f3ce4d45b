import {errorAt} from './diagnostic.js';
import type {Diagnostic} from './diagnostic.js';
import type {Span} from './source.js';
import type {ElementSyntax} from './syntax.js';

/** An element as it was typed, and whether a blank stands behind its comma. */
export interface ListWord {
  readonly raw: string;
  readonly blank: boolean;
}

/** The error of a `$NAME` in a list: there it is neither a variable of the environment nor one of the notebook. */
export function bareVariable(span: Span, raw: string, variable: string): Diagnostic {
  return errorAt(
    'W3007',
    span,
    `a bare \`$${variable}\` in a list`,
    `for a name of the notebook write \`${raw.replace(`$${variable}`, `\${${variable}}`)}\`; for the text, quote it`,
  );
}

/** The error of a list that has commas with and without blanks: what was typed close together was perhaps meant as one element. */
export function mixedCommas(words: readonly ListWord[], span: Span): Diagnostic {
  const groups: string[] = [];
  let open = false;
  for (const {raw, blank} of words) {
    if (open) groups.push(`${groups.pop() ?? ''},${raw}`);
    else groups.push(raw);
    open = !blank;
  }
  const plain = groups.every(group => /^\d+(?:,\d+)*$/.test(group));
  const apart = words.map(word => word.raw).join(', ');
  const hint = plain
    ? `write ${spellings(groups)}`
    : `write \`[${apart}]\`, and quote an element that has a comma: \`['0,0', '0,1']\``;
  return errorAt('W3008', span, 'commas with and without a blank behind them in one list', hint);
}

/** The error of a list for `patch` that has plain integers; `together` are those that were typed without blanks, if all were. */
export function integerPatches(together: readonly string[], span: Span): Diagnostic {
  const hint = `patches are written ${spellings(paired(together) ?? ['0,0', '0,1'])}`;
  return errorAt('W3009', span, 'a list of plain integers is no list of patches', hint);
}

/** The error of the first element whose key an earlier one has: the string itself, else canonical JSON. None where there is none. */
export function duplicateKeys(elements: readonly ElementSyntax[], together: readonly string[]): readonly Diagnostic[] {
  const keys = new Set<string>();
  for (const element of elements) {
    const value = plainValue(element);
    if (value === undefined) continue;
    const key = typeof value === 'string' ? value : JSON.stringify(value);
    if (keys.has(key)) {
      const pairs = paired(together);
      const hint = pairs === undefined ? 'leave one of them out' : `did you mean ${spellings(pairs)}?`;
      return [errorAt('W3014', element.span, `two elements have the key \`${key}\``, hint)];
    }
    keys.add(key);
  }
  return [];
}

type Plain = string | number | readonly Plain[];

function plainValue(element: ElementSyntax): Plain | undefined {
  if (element.is === 'value') return element.value;
  if (element.is === 'expression') return undefined;
  const values = element.elements.map(plainValue);
  return values.includes(undefined) ? undefined : (values as Plain[]);
}

function paired(integers: readonly string[]): readonly string[] | undefined {
  if (integers.length === 0 || integers.length % 2 === 1) return undefined;
  return integers.flatMap((text, i) => (i % 2 === 0 ? [`${text},${integers[i + 1] ?? ''}`] : []));
}

function spellings(groups: readonly string[]): string {
  return `\`${groups.join('^')}\` or \`[${groups.map(group => `'${group}'`).join(', ')}]\``;
}
