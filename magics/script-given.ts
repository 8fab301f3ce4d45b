import {parseReference} from '../kernel/cell/reference.js';
import type {Diagnostic} from '../kernel/cell/diagnostic.js';
import type {Span} from '../kernel/cell/source.js';
import type {MagicLine} from '../kernel/cell/syntax.js';
import type {MagicContext, Problem, Reading} from '../kernel/session/magic.js';
import type {ScriptCall} from './script-call.js';
import {fillLine, valuesOf, withWord} from './script-line.js';
import {indexed, sourceOfEvaluated, type Source} from './source.js';

/** The names of the notebook that `--from` and `--with` of a line take. */
export function namesTaken(
  line: MagicLine,
  variables: readonly string[],
): {
  readonly names: readonly {readonly name: string; readonly span: Span}[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const names: {name: string; span: Span}[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const word of valuesOf(line, 'from')) {
    const parsed = parseReference(word.raw, word.span.start);
    diagnostics.push(...parsed.diagnostics);
    if (!parsed.value.name.includes(':')) names.push({name: parsed.value.name, span: parsed.value.nameSpan});
  }
  for (const word of valuesOf(line, 'with')) {
    const given = withWord(word);
    if (given.value === undefined && !variables.includes(given.name)) names.push({name: given.name, span: word.span});
  }
  return {names, diagnostics};
}

/** What a script sees as variables: loop variables, `--with` and `--from` (LANGUAGE 4). Tells `problems` what is wrong. */
export function readVariables(
  reading: Reading,
  context: MagicContext,
  whyNoName: (name: string) => string | undefined,
  problems: Problem[],
): ScriptCall['variables'] {
  const {line, row} = reading;
  const variables = new Map<string, {source: Source; span?: Span}>();
  const give = (name: string, source: Source, span: Span, again: (other: string) => string): void => {
    if (variables.has(name) && !(Object.hasOwn(row, name) && source.is === 'json'))
      problems.push({
        code: 'W6002',
        severity: 'error',
        span,
        message: `two inputs have the name \`${name}\``,
        hint: `give one of them another: \`${again('other')}\``,
      });
    const why = whyNoName(name);
    if (why !== undefined)
      problems.push({
        code: 'W6001',
        severity: 'error',
        span,
        message: `\`${name}\` ${why}`,
        hint: `give it another name: \`${again('x')}\``,
      });
    variables.set(name, {source, span});
  };
  // It was given, though nothing came of it: that the script is not given it would be said for nothing.
  const wrong = (name: string, problem: Problem): void => {
    problems.push(problem);
    if (!variables.has(name)) variables.set(name, {source: {is: 'json', value: null}});
  };
  for (const [name, value] of Object.entries(row))
    give(
      name,
      {is: 'json', value},
      reading.binders?.find(({variable}) => variable === name)?.variableSpan ?? line.span,
      other => `%%foreach ${other} in …`,
    );
  for (const word of valuesOf(line, 'with')) {
    const {name, value} = withWord(word);
    if (value === undefined) {
      if (Object.hasOwn(row, name)) continue;
      const source = sourceOfEvaluated(reading.lookup(name), name, context);
      if (source.ok) give(name, source.value, word.span, other => `--with ${other}=\${${name}}`);
      else wrong(name, {...source.error, span: word.span});
      continue;
    }
    const again = (other: string): string => `--with ${other}=${word.raw.slice(word.raw.indexOf('=') + 1)}`;
    const [only] = value.pieces;
    if (value.pieces.length === 1 && only?.is === 'expression') {
      const source = sourceOfEvaluated(reading.evaluated(only.span, only.code), only.code.trim(), context);
      if (source.ok) give(name, source.value, word.span, again);
      else wrong(name, {...source.error, span: only.span});
    } else
      give(
        name,
        {
          is: 'json',
          value: fillLine([value], reading, context, problems)
            .map(({text}) => text)
            .join(''),
        },
        word.span,
        again,
      );
  }
  for (const word of valuesOf(line, 'from')) {
    const reference = parseReference(word.raw, word.span.start).value;
    const source = sourceOfEvaluated(reading.lookup(reference.name), reference.name, context);
    if (!source.ok) {
      wrong(reference.alias ?? reference.name, {...source.error, span: reference.nameSpan});
      continue;
    }
    const element = indexed(source.value, reference, row);
    const taken = word.raw.slice(reference.alias === undefined ? 0 : word.raw.indexOf('=') + 1);
    if (element.ok)
      give(reference.alias ?? reference.name, element.value, word.span, other => `--from ${other}=${taken}`);
    else wrong(reference.alias ?? reference.name, element.error);
  }
  return variables;
}
