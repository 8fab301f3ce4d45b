import {planBundle} from '../../kernel/show/plan.js';
import {lineMagic} from './line-magic.js';

/** `%plan [NAME…]`: what is cached, what would run, and for how long. */
export const planMagic = lineMagic(
  {
    name: 'plan',
    summary: 'says what is cached, what is to run, and for about how long; runs nothing',
    example: '%plan warps',
  },
  async (line, context) => {
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    const {rows, all} = await context.notebook.plan(named.value);
    context.display(planBundle(rows, all));
    return undefined;
  },
);
