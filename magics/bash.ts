import {fillWord, kernelVariables, type Filling} from '../kernel/cell/fill.js';
import {parseReference} from '../kernel/cell/reference.js';
import type {Span} from '../kernel/cell/source.js';
import type {MagicLine, MagicShape, Word} from '../kernel/cell/syntax.js';
import type {MagicContext, Problem, Reading, TaskMagic} from '../kernel/session/magic.js';
import type {Evaluated} from '../kernel/typescript/messages.js';
import {readBashCall} from './bash-call.js';
import {draftBash} from './bash-draft.js';
import {unsetNames, whyNoBashName} from './bash-variables.js';
import type {ScriptCall} from './script-call.js';
import {normalScript} from './script-text.js';
import {indexed, sourceOfEvaluated, type Source} from './source.js';
import {hasFlag, readTaskOptions, TASK_OPTIONS} from './task-options.js';

// The place where others find it.

const shape: MagicShape = {
  name: 'bash',
  use: 'cell',
  body: 'script',
  options: {
    ...TASK_OPTIONS,
    in: 'many',
    out: 'many',
    with: 'many',
    value: 'none',
    'no-strict': 'none',
    always: 'none',
    bundle: 'one',
  },
};

/** `%%bash`: a script that runs in the background and is cached (LANGUAGE 4 and 9). */
export const bashMagic: TaskMagic<ScriptCall> = {
  shape,
  summary: 'runs a bash script in the background, cached by what goes into it',
  example: "%%bash --as sizes --in raw/*.fits --with filter --value\nwc -c raw/*.fits | tail -1 | awk '{print $1}'",
  kindOf: line => (hasFlag(line, 'value') ? 'value' : 'files'),
  defaultName: () => undefined,
  wants(line, body, _bodySpan, variables) {
    const expressions = expressionsOf(line);
    const names: {name: string; span: Span}[] = [];
    const diagnostics = [];
    for (const word of valuesOf(line, 'from')) {
      const parsed = parseReference(word.raw, word.span.start);
      diagnostics.push(...parsed.diagnostics);
      if (!parsed.value.name.includes(':')) names.push({name: parsed.value.name, span: parsed.value.nameSpan});
    }
    for (const word of valuesOf(line, 'with')) {
      const given = withWord(word);
      if (given.value === undefined && !variables.includes(given.name)) names.push({name: given.name, span: word.span});
    }
    for (const name of unsetNames(body)) names.push({name, span: line.span});
    return {expressions, names, diagnostics};
  },
  read,
  readCall: readBashCall,
  draft: (call, row, context) => draftBash(call, row, context),
};

/** All words of all occurrences of an option. */
export const valuesOf = (line: MagicLine, name: string): readonly Word[] =>
  line.options.filter(option => option.name === name).flatMap(option => option.values);

/** Every expression that stands in a magic line. */
export const expressionsOf = (line: MagicLine): readonly {span: Span; code: string}[] =>
  [...line.words, ...line.options.flatMap(option => option.values)].flatMap(word =>
    word.pieces.flatMap(piece => (piece.is === 'expression' ? [{span: piece.span, code: piece.code}] : [])),
  );

/** `name`, `name=text` or `name=${expr}` of `--with`. */
export function withWord(word: Word): {readonly name: string; readonly value: Word | undefined} {
  const [first, ...rest] = word.pieces;
  if (first?.is !== 'text') return {name: word.raw, value: undefined};
  const at = first.text.indexOf('=');
  if (at < 0) return {name: first.text, value: undefined};
  const text = first.text.slice(at + 1);
  const pieces = text === '' && rest.length > 0 ? rest : [{...first, text}, ...rest];
  return {name: first.text.slice(0, at), value: {...word, pieces}};
}

/** What an expression gave, as text can be made of it: a future is its placeholder. */
export function fillingOf(evaluated: Evaluated): Filling {
  switch (evaluated.is) {
    case 'json':
      return {is: 'json', value: evaluated.value};
    case 'future':
      if (evaluated.ref.kind === 'set')
        return {
          is: 'none',
          why: `the whole set \`${evaluated.ref.name}\`: await it first, or name one of its elements`,
        };
      return {is: 'text', text: `/weft:${evaluated.ref.name}:${evaluated.ref.id}`};
    case 'other':
      return {is: 'none', why: evaluated.type};
    case 'error':
      return {is: 'none', why: `${evaluated.error.ename}: ${evaluated.error.evalue}`};
    case 'deferred':
      return {is: 'none', why: 'not known yet'};
  }
}

/** Fills the words of a magic line, whose `$NAME` are of the kernel's environment. */
export function fillLine(
  words: readonly Word[],
  reading: Pick<Reading, 'evaluated'>,
  context: MagicContext,
  problems: Problem[],
): readonly {readonly text: string; readonly span: Span}[] {
  return words.flatMap(word => {
    const filled = fillWord(
      word,
      {
        expression: (span, code) => fillingOf(reading.evaluated(span, code)),
        ...kernelVariables(context.home, context.environment),
      },
      false,
    );
    problems.push(...filled.diagnostics);
    return filled.words;
  });
}

function read(reading: Reading, context: MagicContext): {call: ScriptCall | undefined; problems: readonly Problem[]} {
  const {line, row} = reading;
  const problems: Problem[] = [];
  const variables = new Map<string, {source: Source; span?: Span}>();
  const give = (name: string, source: Source, span: Span): void => {
    if (variables.has(name) && !(name in row && source.is === 'json'))
      problems.push({
        code: 'W6002',
        severity: 'error',
        span,
        message: `two inputs have the name \`${name}\``,
        hint: `give one of them another: \`--from other=${name}\``,
      });
    const why = whyNoBashName(name);
    if (why !== undefined)
      problems.push({
        code: 'W6001',
        severity: 'error',
        span,
        message: `\`${name}\` ${why}`,
        hint: `give it another name: \`x=${name}\``,
      });
    variables.set(name, {source, span});
  };
  for (const [name, value] of Object.entries(row)) give(name, {is: 'json', value}, line.span);
  for (const word of valuesOf(line, 'with')) {
    const {name, value} = withWord(word);
    if (value === undefined) {
      if (name in row) continue;
      const source = sourceOfEvaluated(reading.lookup(name), name, context);
      if (source.ok) give(name, source.value, word.span);
      else problems.push({...source.error, span: word.span});
      continue;
    }
    const [only] = value.pieces;
    if (value.pieces.length === 1 && only?.is === 'expression') {
      const source = sourceOfEvaluated(reading.evaluated(only.span, only.code), only.code.trim(), context);
      if (source.ok) give(name, source.value, word.span);
      else problems.push({...source.error, span: only.span});
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
      );
  }
  for (const word of valuesOf(line, 'from')) {
    const reference = parseReference(word.raw, word.span.start).value;
    const source = sourceOfEvaluated(reading.lookup(reference.name), reference.name, context);
    if (!source.ok) {
      problems.push({...source.error, span: reference.nameSpan});
      continue;
    }
    const element = indexed(source.value, reference, row);
    if (element.ok) give(reference.alias ?? reference.name, element.value, word.span);
    else problems.push(element.error);
  }
  const script = normalScript(reading.body);
  if (script.trim() === '')
    problems.push({
      code: 'W1007',
      severity: 'error',
      span: line.span,
      message: 'the script is empty',
      hint: 'write it below the `%%bash` line',
    });
  for (const name of unsetNames(script)) {
    if (variables.has(name)) continue;
    const inScope = reading.lookup(name).is !== 'error';
    const inEnvironment =
      context.environment[name] !== undefined && !context.settings.environment.has(name) && !CLEAN.has(name);
    if (!inScope && !inEnvironment) continue;
    const hint = inScope ? `add \`--with ${name}\`` : `add \`%env ${name}=$${name}\` in a cell before`;
    const at = new RegExp(`\\$\\{?${name}\\b`).exec(reading.body);
    const start = reading.bodySpan.start + (at?.index ?? 0);
    const span = at === null ? reading.bodySpan : {start, end: start + at[0].length};
    problems.push({
      code: 'W6003',
      severity: 'warning',
      span,
      message: `the script names \`$${name}\`, which it is not given`,
      hint,
    });
  }
  const outs = line.options.filter(option => option.name === 'out');
  const call: ScriptCall = {
    script,
    verbatim: true,
    variables,
    in: fillLine(valuesOf(line, 'in'), reading, context, problems).map(({text, span}) => ({pattern: text, span})),
    out:
      outs.length === 0 ? undefined : fillLine(valuesOf(line, 'out'), reading, context, problems).map(({text}) => text),
    value: hasFlag(line, 'value'),
    strict: !hasFlag(line, 'no-strict'),
    always: hasFlag(line, 'always'),
    options: readTaskOptions(line, problems, words => fillLine(words, reading, context, problems)),
  };
  return {call, problems};
}

/** What a task's environment has without being declared. */
const CLEAN: ReadonlySet<string> = new Set([
  'HOME',
  'USER',
  'LANG',
  'TERM',
  'PATH',
  'LC_ALL',
  'TMPDIR',
  'PYTHONNOUSERSITE',
  'OMP_NUM_THREADS',
  'PWD',
  'OLDPWD',
  'SHLVL',
  'IFS',
  'UID',
  'EUID',
  'PPID',
  'HOSTNAME',
  'OPTARG',
  'OPTIND',
  'REPLY',
  'LINENO',
  'SECONDS',
  'RANDOM',
  'PIPESTATUS',
  'BASH_SOURCE',
]);
