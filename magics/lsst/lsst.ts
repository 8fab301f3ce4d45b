import {resolve} from 'node:path';
import {isIdentifier} from '../../kernel/cell/identifier.js';
import {parseReference} from '../../kernel/cell/reference.js';
import type {MagicLine, MagicShape, Word} from '../../kernel/cell/syntax.js';
import type {Span} from '../../kernel/cell/source.js';
import {bodyWords, literalText} from '../../kernel/cell/words.js';
import {fillWord} from '../../kernel/cell/fill.js';
import type {MagicContext, Problem, Reading, TaskMagic} from '../../kernel/session/magic.js';
import {rowKey} from '../script-draft.js';
import {expressionsOf, fillingOf, fillLine, valuesOf} from '../script-line.js';
import {indexed, sourceOfEvaluated} from '../source.js';
import {hasFlag, readTaskOptions, TASK_OPTIONS} from '../task-options.js';
import {CATALOGUE} from './catalogue.js';
import type {ArgumentWord, LsstCall, Parent} from './lsst-call.js';
import {draftLsst} from './lsst-draft.js';
import {readLsstCall} from './lsst-function.js';
import {rerunProblems, unknownVariable} from './line-problems.js';
import {dataIdWords, normalArguments, readArguments} from './arguments.js';
import {PersonsOrder} from './persons-order.js';
import {planLsst, showsOnly} from './plan.js';
import {RootOrder} from './root-order.js';

const shape: MagicShape = {
  name: 'lsst',
  use: 'cell',
  body: 'arguments',
  options: {...TASK_OPTIONS, rerun: 'one', repo: 'one', split: 'one', bundle: 'one', mutates: 'none'},
};

/** `%%lsst TASK`: a command-line task of the Gen2 middleware, in a rerun of its own (LANGUAGE 8). */
export const lsstMagic: TaskMagic<LsstCall> = {
  shape,
  summary: 'runs a command-line task of the LSST stack in a rerun of its own, in the background',
  example:
    '%%lsst makeCoaddTempExp --from skymap --as warps\n--selectId filter=HSC-R\n--id filter=HSC-R tract=0 patch=${patches}\n--config doApplyUberCal=False doApplySkyCorr=False',
  kindOf: (line, body) => (asksToShow(body) || CATALOGUE.get(taskOf(line) ?? '')?.prints === true ? 'value' : 'repo'),
  foreground: asksToShow,
  defaultName: line => {
    const name = taskOf(line);
    return name !== undefined && isIdentifier(name) ? name : undefined;
  },
  wants(line, body, bodySpan) {
    const words = bodyWords(body, bodySpan.start);
    const diagnostics = [...words.diagnostics];
    const names: {name: string; span: Span}[] = [];
    for (const word of valuesOf(line, 'from')) {
      const parsed = parseReference(word.raw, word.span.start);
      diagnostics.push(...parsed.diagnostics);
      const {name, nameSpan} = parsed.value;
      if (!name.includes(':') && parsed.diagnostics.length === 0) names.push({name, span: nameSpan});
    }
    const expressions = words.value.flatMap(word =>
      word.pieces.flatMap(piece => (piece.is === 'expression' ? [{span: piece.span, code: piece.code}] : [])),
    );
    return {expressions: [...expressionsOf(line), ...expressions], names, diagnostics};
  },
  read: (reading, context) => ({call: readLine(reading, context), problems: []}),
  readCall: readLsstCall,
  deferred: (line, node, context) => {
    const task = taskOf(line);
    const [repo] = valuesOf(line, 'repo').slice(-1);
    const typed = repo === undefined ? undefined : literalText(repo);
    const root = typed === undefined ? context.settings.repo : resolve(context.directory, typed);
    if (task === undefined || root === undefined) return;
    const writes = hasFlag(line, 'mutates') || CATALOGUE.get(task)?.root === true;
    RootOrder.of(context.state).submitted(root, node, writes, context.cell);
    const [rerun] = valuesOf(line, 'rerun').slice(-1);
    PersonsOrder.of(context.state).submitted(node, {
      root,
      rerun: rerun === undefined ? undefined : literalText(rerun),
      from: valuesOf(line, 'from').flatMap(word => /^rerun:(.+)$/.exec(literalText(word) ?? '')?.[1] ?? []),
    });
  },
  also: async (call, row, context) => {
    const planned = await planLsst(call, row, rowKey(row), context);
    return planned.ok ? [] : planned.error;
  },
  draft: draftLsst,
};

/** The task's name, as it stands in the line without `.py`; undefined where it is an expression or missing. */
function taskOf(line: MagicLine): string | undefined {
  const [word] = line.words;
  return word === undefined ? undefined : literalText(word)?.replace(/\.py$/, '');
}

/** Whether a body has `--show`, of anything but a run. */
function asksToShow(body: string): boolean {
  const words = bodyWords(body, 0).value.map(word => ({text: literalText(word) ?? '', glob: false}));
  return showsOnly(normalArguments(readArguments(words)).value);
}

function readLine(reading: Reading, context: MagicContext): LsstCall {
  const {line, body, bodySpan} = reading;
  const problems: Problem[] = [];
  const [task, ...more] = fillLine(line.words, reading, context, problems);
  if (task === undefined && problems.length === 0)
    problems.push({
      code: 'W5001',
      severity: 'error',
      span: line.span,
      message: '`%%lsst` names no task',
      hint: 'write it behind: `%%lsst processCcd`',
    });
  const extra = more[0];
  if (extra !== undefined)
    problems.push({
      code: 'W5001',
      severity: 'error',
      span: extra.span,
      message: `\`${extra.text}\` stands behind the task`,
      hint: 'arguments of the task go into the lines below',
    });
  const one = (name: string): string | undefined =>
    fillLine(valuesOf(line, name).slice(-1), reading, context, problems)[0]?.text;
  const split = one('split');
  const rerun = one('rerun');
  const repo = one('repo');
  const repoAt = valuesOf(line, 'repo').at(-1);
  const keys = split
    ?.split(',')
    .map(key => key.trim())
    .filter(key => key !== '');
  if (keys?.length === 0)
    problems.push({
      code: 'W5012',
      severity: 'error',
      span: line.span,
      message: '`--split` names no key',
      hint: 'write `--split visit,ccd`',
    });
  if (rerun !== undefined)
    problems.push(...rerunProblems(rerun, split !== undefined, valuesOf(line, 'rerun')[0]?.span));
  const words = bodyWords(body, bodySpan.start).value;
  return {
    task: task?.text.replace(/\.py$/, '') ?? '',
    ...(task === undefined ? {} : {taskSpan: task.span}),
    words: environment => fillBody(words, environment, reading, context),
    from: valuesOf(line, 'from').flatMap(word => readParent(word, reading, context, problems)),
    ...(rerun === undefined ? {} : {rerun}),
    ...(keys === undefined || keys.length === 0 ? {} : {split: keys}),
    ...(repo === undefined ? {} : {repo}),
    ...(repoAt === undefined ? {} : {repoSpan: repoAt.span}),
    bodySpan:
      words.length === 0
        ? line.nameSpan
        : {start: words[0]?.span.start ?? bodySpan.start, end: words.at(-1)?.span.end ?? bodySpan.end},
    mutates: hasFlag(line, 'mutates'),
    options: readTaskOptions(line, problems, words => fillLine(words, reading, context, problems)),
    problems,
  };
}

function readParent(word: Word, reading: Reading, context: MagicContext, problems: Problem[]): readonly Parent[] {
  const reference = parseReference(word.raw, word.span.start).value;
  const person = /^rerun:(.+)$/.exec(reference.name)?.[1];
  if (person !== undefined) return [{is: 'rerun', name: person, span: word.span}];
  const source = sourceOfEvaluated(reading.lookup(reference.name), reference.name, context);
  if (!source.ok) {
    problems.push({...source.error, span: reference.nameSpan});
    return [];
  }
  const element = indexed(source.value, reference, reading.row);
  if (!element.ok) {
    problems.push(element.error);
    return [];
  }
  return [{is: 'source', source: element.value, label: word.raw, span: word.span}];
}

function fillBody(
  words: readonly Word[],
  environment: Readonly<Record<string, string>>,
  reading: Reading,
  context: MagicContext,
): {readonly words: readonly ArgumentWord[]; readonly problems: readonly Problem[]} {
  const problems: Problem[] = [];
  const isDataId = dataIdWords();
  const filled = words.flatMap(word => {
    const result = fillWord(
      word,
      {
        expression: (span, code) => fillingOf(reading.evaluated(span, code)),
        variable: name => (Object.hasOwn(environment, name) ? environment[name] : undefined),
        unknownVariable: (name, span) => unknownVariable(name, span, context),
      },
      isDataId(word.raw),
    );
    problems.push(...result.diagnostics);
    return result.words;
  });
  return {words: filled, problems};
}
