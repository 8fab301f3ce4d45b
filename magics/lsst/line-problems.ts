import type {Span} from '../../kernel/cell/source.js';
import type {MagicContext, Problem} from '../../kernel/session/magic.js';

/** What is wrong with the name of a person's rerun. */
export function rerunProblems(rerun: string, split: boolean, span?: Span): readonly Problem[] {
  const at = span === undefined ? {} : {span};
  const problems: Problem[] = [];
  if (/^\/|:|(?:^|\/)\.\.?(?:\/|$)|\s/.test(rerun) || rerun === '') {
    const [parent, own] = rerun.split(':', 2);
    const hint =
      own === undefined ? 'write a name: `--rerun manual1`' : `write \`--from rerun:${parent ?? ''} --rerun ${own}\``;
    problems.push({code: 'W5013', severity: 'error', message: `\`${rerun}\` is no name of a rerun`, hint, ...at});
  } else if (rerun === 'weft' || rerun.startsWith('weft/')) {
    problems.push({
      code: 'W5013',
      severity: 'error',
      message: `\`${rerun}\` is among Weft's own reruns`,
      hint: 'name yours otherwise: `--rerun manual1`; without `--rerun`, Weft names the rerun itself',
      ...at,
    });
  }
  if (split)
    problems.push({
      code: 'W5012',
      severity: 'error',
      message: "a person's rerun can't be split: its tasks run one after the other",
      hint: 'leave out `--split` or `--rerun`',
      ...at,
    });
  return problems;
}

/** A variable that the environment of the set-up does not have: what to do depends on whether the kernel has it. */
export function unknownVariable(name: string, span: Span, context: MagicContext): Problem & {readonly span: Span} {
  const known = Object.hasOwn(context.environment, name);
  const hint = known
    ? `the kernel has it: add \`%env ${name}=$${name}\` in a cell before`
    : `set it with \`%env ${name}=…\`, or with what \`%setup\` sets up; a dollar sign itself is written \`$$\``;
  return {
    code: 'W2033',
    severity: 'error',
    span,
    message: `the environment of the set-up has no variable \`${name}\``,
    hint,
  };
}
