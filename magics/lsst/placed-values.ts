import type {JsonValue} from '../../kernel/fingerprint/json.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Draft, MagicContext, Problem} from '../../kernel/session/magic.js';
import type {Stop, TaskNode} from '../../kernel/session/node.js';
import {bashText} from '../bash-variables.js';
import type {ArgumentWord, LsstCall} from './lsst-call.js';
import {PersonsOrder} from './persons-order.js';
import type {Plan} from './plan.js';
import {RootOrder} from './root-order.js';

/** The placeholder of a value; of one that has files too only where no path goes on behind it, as it is its directory there. */
const placeOf = ({id, draft}: TaskNode): string => `/weft:[^:/\\s'"]*:${id}${draft.files === true ? '(?!/)' : ''}`;

/** The values that stand in words by their placeholders. */
export function valuesIn(words: readonly string[], context: MagicContext): readonly TaskNode[] {
  const text = words.join('\n');
  return context.placeholders(text).nodes.filter(node => node.kind === 'value' && new RegExp(placeOf(node)).test(text));
}

/**
 * A task in whose words values stand: it is read once these are there, as their texts may be of its data ids (LANGUAGE 5).
 * @param draft of the task with placeholders for the values: what is known of it before
 * @param read makes the draft of a call
 */
export function draftLater(
  call: LsstCall,
  plan: Plan,
  values: readonly TaskNode[],
  draft: Draft,
  context: MagicContext,
  read: (call: LsstCall) => Promise<Result<Draft, readonly Problem[]>>,
): Draft {
  let inner: Draft | undefined;
  let self: TaskNode | undefined;
  return {
    ...draft,
    planned: node => {
      self = node;
      if (plan.root === undefined) return;
      RootOrder.of(context.state).submitted(plan.root.path, node, plan.entry.root, context.cell);
      PersonsOrder.of(context.state).submitted(node, {
        root: plan.root.path,
        rerun: plan.rerun,
        from: plan.parents.flatMap(parent => (parent.is === 'rerun' ? [parent.name] : [])),
      });
    },
    make: async () => {
      const texts = new Map<TaskNode, JsonValue>();
      for (const node of values) {
        const settled = await node.settled();
        if (settled.is !== 'value') return {is: 'blocked', blocked: {because: node.stopWords}};
        texts.set(node, settled.value);
      }
      const drafted = await read({
        ...call,
        words: environment => {
          const {words, problems} = call.words(environment);
          const filled = words.map(word => withValues(word, texts));
          return {
            words: filled.flatMap(each => (each.ok ? each.value : [])),
            problems: [...problems, ...filled.flatMap(each => (each.ok ? [] : [each.error]))],
          };
        },
      });
      if (!drafted.ok) return stopOf(drafted.error);
      inner = drafted.value;
      if (self !== undefined) inner.planned?.(self);
      return inner.make();
    },
    settle: manifest => inner?.settle(manifest) ?? draft.settle(manifest),
  };
}

/** A word with the texts of values in it; a list is several words, or several values of a data id, as in an expression (LANGUAGE 3). */
function withValues(
  word: ArgumentWord,
  values: ReadonlyMap<TaskNode, JsonValue>,
): Result<readonly ArgumentWord[], Problem> {
  let {text} = word;
  for (const [node, value] of values) {
    const place = placeOf(node);
    if (!new RegExp(place).test(text)) continue;
    const list =
      Array.isArray(value) && value.every(isScalar) ? (value as readonly JsonValue[]).map(bashText) : undefined;
    if (list !== undefined && new RegExp(`^${place}$`).test(text)) return ok(list.map(each => ({...word, text: each})));
    const joined = list !== undefined && list.length > 0 && new RegExp(`^\\w+=${place}$`).test(text);
    if (!joined && !isScalar(value))
      return fail({
        code: 'W2032',
        severity: 'error',
        message: `\`${node.label}\` is ${kindOf(value)}, which has no text in \`${text.replace(new RegExp(place), node.label)}\``,
        hint: 'give a text, a number or a boolean; a list stands alone, or as the value of a key',
        ...(word.span === undefined ? {} : {span: word.span}),
      });
    const filled = joined ? list.join('^') : bashText(value);
    text = text.replaceAll(new RegExp(place, 'g'), () => filled);
  }
  return ok([text === word.text ? word : {...word, text}]);
}

const isScalar = (value: JsonValue): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const kindOf = (value: JsonValue): string => (value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object');

function stopOf(problems: readonly Problem[]): Extract<Stop, {is: 'failed'}> {
  const [first] = problems;
  return {
    is: 'failed',
    failure: {
      reason: 'start',
      message: problems.map(({message}) => message).join('; '),
      ...(first?.hint === undefined ? {} : {remedy: first.hint}),
    },
  };
}
