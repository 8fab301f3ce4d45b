import type {MagicContext, Problem, Reading} from '../kernel/session/magic.js';
import {relativeGlob} from './glob.js';
import {outProblem, quotedOut} from './out-problem.js';
import {readsAndMutates} from './script-root.js';
import type {ScriptCall} from './script-call.js';
import {readVariables} from './script-given.js';
import type {ScriptLanguage} from './script-language.js';
import {fillLine, surplusWords, valuesOf} from './script-line.js';
import {normalScript} from './script-text.js';
import {hasFlag, readTaskOptions} from './task-options.js';

/** Reads the magic line and the body of a script for one combination of loop variables. */
export function readScript(
  language: ScriptLanguage,
  reading: Reading,
  context: MagicContext,
): {readonly call: ScriptCall; readonly problems: readonly Problem[]} {
  const {line} = reading;
  const problems: Problem[] = [];
  const variables = readVariables(reading, context, name => language.whyNoName(name), problems);
  // Another magic may be built on this one, with words of its own.
  if (line.name === language.name) problems.push(...surplusWords(line));
  const script = normalScript(reading.body);
  if (script.trim() === '')
    problems.push({
      code: 'W1007',
      severity: 'error',
      span: line.span,
      message: 'the script is empty',
      hint: `write it below the \`%%${language.name}\` line`,
    });
  for (const {name, of, at} of language.unset(script)) {
    if (variables.has(name)) continue;
    const inScope = of.includes('scope') && reading.lookup(name).is !== 'error';
    const inEnvironment =
      of.includes('environment') && Object.hasOwn(context.environment, name) && !context.settings.environment.has(name);
    if (!inScope && !inEnvironment) continue;
    const hint = inScope ? `add \`--with ${name}\`` : `add \`%env ${name}=$${name}\` in a cell before`;
    const found = at.exec(reading.body);
    const start = reading.bodySpan.start + (found?.index ?? 0);
    const span = found === null ? reading.bodySpan : {start, end: start + found[0].length};
    problems.push({
      code: 'W6003',
      severity: 'warning',
      span,
      message: `the script names \`${language.sign}${name}\`, which it is not given`,
      hint,
    });
  }
  const outs = line.options.filter(option => option.name === 'out');
  const out = fillLine(valuesOf(line, 'out'), reading, context, problems);
  problems.push(...valuesOf(line, 'out').flatMap(quotedOut));
  problems.push(...out.flatMap(({pattern, span}) => outProblem(pattern, span)));
  const [reads] = fillLine(valuesOf(line, 'reads').slice(-1), reading, context, problems);
  const [mutates] = fillLine(valuesOf(line, 'mutates').slice(-1), reading, context, problems);
  if (reads !== undefined && mutates !== undefined) problems.push(readsAndMutates(mutates.span));
  const call: ScriptCall = {
    script,
    verbatim: true,
    ...(mutates !== undefined ? {reads: {...mutates, writes: true}} : reads === undefined ? {} : {reads}),
    line: reading.bodyLine,
    variables,
    in: fillLine(valuesOf(line, 'in'), reading, context, problems).map(({pattern, span}) => ({pattern, span})),
    out: outs.length === 0 ? undefined : out.map(({pattern}) => relativeGlob(pattern).pattern),
    value: hasFlag(line, 'value'),
    strict: !hasFlag(line, 'no-strict'),
    always: hasFlag(line, 'always'),
    options: readTaskOptions(line, problems, words => fillLine(words, reading, context, problems)),
  };
  return {call, problems};
}
