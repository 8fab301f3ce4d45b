import {resolve} from 'node:path';
import type {MagicShape} from '../kernel/cell/syntax.js';
import {literalText} from '../kernel/cell/words.js';
import type {TaskMagic} from '../kernel/session/magic.js';
import {RootOrder} from './lsst/root-order.js';
import type {ScriptCall} from './script-call.js';
import {draftScript, repeatScript, scriptErrors} from './script-draft.js';
import {readScriptCall} from './script-function.js';
import {namesTaken} from './script-given.js';
import type {ScriptLanguage} from './script-language.js';
import {expressionsOf, valuesOf} from './script-line.js';
import {readScript} from './script-read.js';
import {hasFlag, TASK_OPTIONS} from './task-options.js';

/** The magic of a language: a script that runs in the background and is cached (LANGUAGE 4 and 9). */
export function scriptMagic(language: ScriptLanguage): TaskMagic<ScriptCall> {
  const {name, summary, example} = language;
  const shape: MagicShape = {
    name,
    use: 'cell',
    body: 'script',
    options: {
      ...TASK_OPTIONS,
      in: 'many',
      out: 'many',
      with: 'many',
      reads: 'one',
      mutates: 'one',
      value: 'none',
      ...(language.strict ? {'no-strict': 'none' as const} : {}),
      always: 'none',
      bundle: 'one',
    },
  };
  return {
    shape,
    summary,
    example,
    kindOf: line => (hasFlag(line, 'value') ? 'value' : 'files'),
    defaultName: () => undefined,
    wants(line, body, _bodySpan, variables) {
      const {names, diagnostics} = namesTaken(line, variables);
      const unset = language.unset(body).filter(({of}) => of.includes('scope'));
      return {
        expressions: expressionsOf(line),
        names: [...names, ...unset.map(each => ({name: each.name, span: line.span}))],
        diagnostics,
      };
    },
    read: (reading, context) => readScript(language, reading, context),
    deferred: (line, node, context) => {
      for (const [option, writes] of [
        ['reads', false],
        ['mutates', true],
      ] as const) {
        const [root] = valuesOf(line, option).slice(-1);
        const typed = root === undefined ? undefined : literalText(root);
        if (typed !== undefined)
          RootOrder.of(context.state).submitted(resolve(context.directory, typed), node, writes, context.cell);
      }
    },
    readCall: (values, context) => readScriptCall(language, values, context),
    also: (call, _row, context) => scriptErrors(language, call, context),
    draft: (call, row, context) => draftScript(language, call, row, context),
    series: (call, row, context) => repeatScript(language, call, row, context),
  };
}
