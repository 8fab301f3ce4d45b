import {parseReference} from '../kernel/cell/reference.js';
import type {MagicLine, MagicShape, Word} from '../kernel/cell/syntax.js';
import type {Span} from '../kernel/cell/source.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import {fail} from '../kernel/graph/result.js';
import type {MagicContext, Problem, Reading, TaskMagic} from '../kernel/session/magic.js';
import {rowKey} from './script-draft.js';
import {expressionsOf, fillLine, valuesOf} from './script-line.js';
import type {JoinCall, JoinMode, Named} from './join-call.js';
import {draftJoin} from './join-draft.js';
import {indexed, sourceOfEvaluated, sourceOfJson} from './source.js';
import {optionOf, plainValue, readTaskOptions, TASK_KEYS, TASK_OPTIONS, taskOptionsOf} from './task-options.js';

const shape: MagicShape = {
  name: 'join',
  use: 'cell',
  body: 'none',
  options: {...TASK_OPTIONS, mode: 'one', prefer: 'one'},
};

const MODES: readonly string[] = ['auto', 'chain', 'link'];

/** `%%join NAME… --as J`: one rerun that sees several, or one directory with the files of several (LANGUAGE 7). */
export const joinMagic: TaskMagic<JoinCall> = {
  shape,
  summary: 'makes one rerun of several, or one directory of several',
  example: '%%join warps_r warps_i --as warps',
  kindOf: () => 'repo',
  defaultName: () => undefined,
  wants(line) {
    const diagnostics = [];
    const names: {name: string; span: Span}[] = [];
    for (const word of namesOf(line)) {
      const parsed = parseReference(word.raw, word.span.start);
      diagnostics.push(...parsed.diagnostics);
      if (parsed.diagnostics.length === 0) names.push({name: parsed.value.name, span: parsed.value.nameSpan});
    }
    return {expressions: expressionsOf({...line, words: []}), names, diagnostics};
  },
  read(reading, context) {
    const {line} = reading;
    const problems: Problem[] = [];
    const at = {span: line.nameSpan};
    // Where a loop stands above, the name may be on its line.
    if (optionOf(line, 'as') === undefined && Object.keys(reading.row).length === 0)
      problems.push({
        code: 'W4020',
        severity: 'error',
        message: '`%%join` has no name for what it makes',
        hint: 'add `--as NAME`',
        ...at,
      });
    if (line.words.length === 0)
      problems.push({
        code: 'W4022',
        severity: 'error',
        message: '`%%join` names nothing to join',
        hint: 'write `%%join warps_r warps_i --as warps`',
        ...at,
      });
    const [from] = line.options.filter(({name}) => name === 'from');
    if (from !== undefined)
      problems.push({
        code: 'W4022',
        severity: 'error',
        message: '`%%join` has no `--from`',
        hint: 'what it joins stands behind its name: `%%join warps_r warps_i --as warps`',
        span: from.span,
      });
    const members = line.words.flatMap(word => named(word, reading, context, problems));
    const [preferred] = valuesOf(line, 'prefer').flatMap(word => named(word, reading, context, problems));
    const option = optionOf(line, 'mode');
    const mode = modeOf(option === undefined ? 'auto' : plainValue(option), option?.span, problems);
    const call: JoinCall = {
      members,
      ...(preferred === undefined ? {} : {prefer: preferred}),
      mode,
      options: readTaskOptions(line, problems, words => fillLine(words, reading, context, problems)),
      problems,
      notes: line.options.flatMap(({name, span}) => vainNote(name, `--${name}`, span)),
    };
    return {call, problems: []};
  },
  readCall,
  also: async (call, _row, context) => {
    const drafted = draftJoin(call, '', context);
    return drafted.ok ? [] : drafted.error;
  },
  draft: async (call, row, context) => {
    if (call.members.length === 0) return fail(call.problems);
    const names = call.members.map(({label}) => label).join(' ');
    return draftJoin(call, [names, rowKey(row)].filter(text => text !== '').join(' '), context);
  },
};

/** What of a task's options means nothing where no program is run. */
const VAIN: readonly string[] = ['cpus', 'mem', 'time', 'retries', 'container', 'executor', 'bundle'];

/** A note for an option that does nothing. */
function vainNote(name: string, shown: string, span?: Span): readonly Problem[] {
  if (!VAIN.includes(name)) return [];
  return [
    {
      code: 'W8005',
      severity: 'info',
      message: `\`${shown}\` does nothing here: a join runs no program, and is made at once`,
      hint: 'leave it out, or put it on the cells that make its members',
      ...(span === undefined ? {} : {span}),
    },
  ];
}

const namesOf = (line: MagicLine): readonly Word[] => [...line.words, ...valuesOf(line, 'prefer')];

function modeOf(text: string, span: Span | undefined, problems: Problem[]): JoinMode {
  if (MODES.includes(text)) return text as JoinMode;
  problems.push({
    code: 'W4022',
    severity: 'error',
    message: `a join has no mode \`${text}\``,
    hint: 'it is `chain` (several parents), `link` (a farm of hard links) or `auto`',
    ...(span === undefined ? {} : {span}),
  });
  return 'auto';
}

function named(word: Word, reading: Reading, context: MagicContext, problems: Problem[]): readonly Named[] {
  const reference = parseReference(word.raw, word.span.start).value;
  const source = sourceOfEvaluated(reading.lookup(reference.name), reference.name, context);
  if (!source.ok) {
    problems.push({...source.error, span: reference.nameSpan});
    return [];
  }
  const element = indexed(source.value, reference, reading.row);
  if (element.ok) return [{label: word.raw, source: element.value, span: word.span}];
  problems.push(element.error);
  return [];
}

const KNOWN: readonly string[] = ['mode', 'prefer', ...TASK_KEYS];

/** Reads `join([…], {mode, prefer})`. */
function readCall(
  values: readonly JsonValue[],
  context: MagicContext,
): {readonly call: JoinCall | undefined; readonly problems: readonly Problem[]} {
  const problems: Problem[] = [];
  const [given, options = {}] = values;
  if (given === undefined || typeof options !== 'object' || options === null || Array.isArray(options)) {
    return {
      call: undefined,
      problems: [
        {
          code: 'W9002',
          severity: 'error',
          message: '`join` takes futures, and an object of options',
          hint: 'join([warpsR, warpsI], {mode: "chain"})',
        },
      ],
    };
  }
  const asked = options as Readonly<Record<string, JsonValue>>;
  for (const key of Object.keys(asked))
    if (!KNOWN.includes(key))
      problems.push({
        code: 'W9002',
        severity: 'error',
        message: `\`join\` has no option \`${key}\``,
        hint: `it has ${KNOWN.join(', ')}`,
      });
  const list: readonly JsonValue[] = Array.isArray(given) ? (given as readonly JsonValue[]) : [given];
  const members = list.flatMap((value, at) => namedOf(value, `member ${at + 1}`, context, problems));
  if (members.length === 0 && problems.length === 0)
    problems.push({
      code: 'W9002',
      severity: 'error',
      message: '`join` is given nothing to join',
      hint: 'join([warpsR, warpsI])',
    });
  const [prefer] = asked['prefer'] === undefined ? [] : preferred(asked['prefer'], members, context, problems);
  const mode = modeOf(typeof asked['mode'] === 'string' ? asked['mode'] : 'auto', undefined, problems);
  return {
    call: {
      members,
      ...(prefer === undefined ? {} : {prefer}),
      mode,
      options: taskOptionsOf(asked, problems),
      problems: [],
      notes: Object.keys(asked).flatMap(key => vainNote(key, key)),
    },
    problems,
  };
}

/** A future, or one of the members by its name. */
function preferred(
  value: JsonValue,
  members: readonly Named[],
  context: MagicContext,
  problems: Problem[],
): readonly Named[] {
  if (typeof value !== 'string') return namedOf(value, 'prefer', context, problems);
  const member = members.find(({label}) => label === value);
  if (member === undefined)
    problems.push({
      code: 'W9002',
      severity: 'error',
      message: `no member has the name \`${value}\``,
      hint: `they are ${members.map(({label}) => label).join(', ')}`,
    });
  return member === undefined ? [] : [member];
}

function namedOf(value: JsonValue, name: string, context: MagicContext, problems: Problem[]): readonly Named[] {
  const source = sourceOfJson(value, name, context);
  if (!source.ok) {
    problems.push(source.error);
    return [];
  }
  const label =
    source.value.is === 'task' ? source.value.node.name : source.value.is === 'set' ? source.value.label : name;
  return [{label, source: source.value}];
}
