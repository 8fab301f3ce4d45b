import {checkName} from '../../kernel/cell/identifier.js';
import type {MagicLine, Word} from '../../kernel/cell/syntax.js';
import {ok} from '../../kernel/graph/result.js';
import type {LineContext, NamedNode, Problem} from '../../kernel/session/magic.js';
import type {TaskNode} from '../../kernel/session/node.js';
import {durationText} from '../../kernel/show/duration-text.js';
import {timeText} from '../../kernel/show/time-text.js';
import {draftFrozen} from '../lsst/freeze.js';
import {OWN_NAMES} from '../task-options.js';
import {lineMagic, wrong} from './line-magic.js';

/** `%adopt NAME`: an earlier result is accepted under the new fingerprint. `%adopt RERUN --as NAME`: a person's rerun becomes an input. */
export const adoptMagic = lineMagic(
  {
    name: 'adopt',
    summary: "accepts an earlier result in place of a new one; with --as, freezes a person's rerun",
    example: '%adopt calexps',
    options: {as: 'one'},
  },
  async (line, context) => {
    const [word, more] = line.words;
    if (word === undefined)
      return wrong(line, 'W2037', '`%adopt` needs a name', 'write `%adopt NAME`, or `%adopt RERUN --as NAME`');
    const given = line.options.filter(({name}) => name === 'as').flatMap(({values}) => values);
    const [as] = given;
    if (as === undefined) return adopt(line, context);
    if (more !== undefined)
      return [
        {
          code: 'W7052',
          severity: 'error',
          span: more.span,
          message: 'with `--as`, `%adopt` takes one rerun',
          hint: 'adopt each in a line of its own',
        },
      ];
    return freeze(word, as, line, context);
  },
);

async function freeze(
  word: Word,
  as: Word,
  line: MagicLine,
  context: LineContext,
): Promise<readonly Problem[] | undefined> {
  const bad = checkName(as.raw, as.span, OWN_NAMES);
  if (bad !== undefined) return [bad];
  if (as.raw === word.raw)
    return [
      {
        code: 'W2011',
        severity: 'error',
        span: as.span,
        message: `the line binds \`${as.raw}\`, which it also takes`,
        hint: `give the frozen one another name: \`--as ${as.raw}_2\``,
      },
    ];
  // A future of that name comes first; a name with a colon, or of no future, is one of a rerun.
  const named = word.raw.startsWith('rerun:') ? undefined : await context.resolve({...line, words: [word]});
  const node = named?.ok === true ? named.value[0]?.node : undefined;
  const filled = node === undefined ? await context.fill({...line, words: [word]}) : ok([word.raw]);
  if (!filled.ok) return filled.error;
  const name = (filled.value[0] ?? '').replace(/^rerun:/, '');
  if (node !== undefined && (node.is !== 'task' || node.draft.mutable !== true))
    return [
      {
        code: 'W7052',
        severity: 'error',
        span: word.span,
        message: `\`${word.raw}\` is a future that never changes: there is nothing to freeze`,
        hint: `use it as it is; a rerun of yours with that name is \`rerun:${word.raw}\``,
      },
    ];
  const all = await context.resolve({...line, words: []});
  const writers = (all.ok ? all.value.flatMap(tasksOf) : []).flatMap(one =>
    one.node.draft.mutable === true ? [one.node] : [],
  );
  const draft = draftFrozen({name, span: word.span, writers, ...(node === undefined ? {} : {node})}, context);
  if (!draft.ok) return draft.error;
  const frozen = context.plan(draft.value, as.raw);
  // What a cell has planned is shown at its end.
  context.bind(as.raw, frozen);
  return undefined;
}

async function adopt(line: MagicLine, context: LineContext): Promise<readonly Problem[] | undefined> {
  const named = await context.resolve(line);
  if (!named.ok)
    return named.error.map(problem =>
      problem.code === 'W2034'
        ? {...problem, hint: `${problem.hint ?? ''}; a rerun of yours is adopted with \`%adopt RERUN --as NAME\``}
        : problem,
    );
  const persons = named.value.find(({node}) => node.is === 'task' && node.draft.mutable === true);
  if (persons !== undefined)
    return wrong(
      line,
      'W7051',
      `\`${persons.name}\` is a person's rerun, which is never cached`,
      `\`%adopt ${persons.name} --as NAME\` freezes it into an input`,
    );
  const problems: Problem[] = [];
  const again: [TaskNode, boolean][] = [];
  let adopted = 0;
  for (const {name, node} of named.value.flatMap(tasksOf)) {
    // Of many, those that are done are none that anybody asks about.
    if (node.state.is === 'done' && named.value.flatMap(tasksOf).length > 1) continue;
    const wasOver = node.over;
    const done = await context.notebook.adopt(node);
    // What was under way was ended for it, and goes on.
    if (done.ok || (!wasOver && node.state.is === 'cancelled')) again.push([node, done.ok]);
    if (!done.ok) {
      problems.push({
        code: 'W7051',
        severity: 'error',
        span: spanOf(line, name),
        message: `\`${node.label}\` can't be adopted: ${done.error}`,
        hint: 'what has no earlier result runs: `%retry`, or run its cell again',
      });
      continue;
    }
    adopted++;
    const {adoptedFrom = '', startedAt, endedAt, host} = done.value;
    const took = durationText(Date.parse(endedAt) - Date.parse(startedAt));
    const when = timeText(startedAt, {now: Date.now()});
    context.stream(
      'stdout',
      `${node.label}: adopted the result ${adoptedFrom.slice(0, 12)}, which ran ${when} on ${host} · ${took}\n`,
    );
  }
  if (adopted === 0 && problems.length === 0)
    return wrong(
      line,
      'W7051',
      'all of it is done already: there is nothing to adopt',
      'use it as it is; `%why NAME` says of what it was made',
    );
  for (const [node, isThere] of again) context.notebook.retry(node, isThere);
  if (adopted > 0)
    context.watch(
      line.words.map(word => word.raw).join(' '),
      named.value.map(({node}) => node),
    );
  return problems.length === 0 ? undefined : problems;
}

const spanOf = (line: MagicLine, name: string): MagicLine['span'] =>
  line.words.find(({raw}) => raw === name)?.span ?? line.nameSpan;

function tasksOf({name, node}: NamedNode): readonly {readonly name: string; readonly node: TaskNode}[] {
  const nodes =
    node.is === 'set' ? (node.members ?? []).map(member => member.node) : node.parts.length > 0 ? node.parts : [node];
  return nodes.map(each => ({name, node: each}));
}
