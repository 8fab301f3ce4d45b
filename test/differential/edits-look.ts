import type {Random} from '../rig/random.js';
import type {Edit} from './edit.js';
import type {Look, Model} from './model.js';

const looked = (name: string, how: (look: Look, random: Random) => void): Edit => ({
  name,
  cosmetic: true,
  apply: (model, random) => {
    for (const {look} of model.tasks) if (random.below(3) === 0) how(look, random);
    return true;
  },
});

const whole = (name: string, how: (model: Model, random: Random) => void): Edit => ({
  name,
  cosmetic: true,
  apply: (model, random) => {
    how(model, random);
    return true;
  },
});

/** Other spellings of the same notebook. */
export const LOOK_EDITS: readonly Edit[] = [
  looked('options in another order', (look, random) => (look.order = random.below(1e6))),
  looked('a magic as a function', look => (look.spelling = look.spelling === 'magic' ? 'function' : 'magic')),
  looked('other ends of lines', look => (look.crlf = !look.crlf)),
  looked('blank lines behind the body', (look, random) => (look.trailing = random.below(4))),
  looked('comments', look => (look.comment = !look.comment)),
  looked('options of placement', look => (look.placement = !look.placement)),
  looked('other spellings of lists and words', look => (look.other = !look.other)),
  looked('another name', (look, random) => (look.name = `${look.name.replace(/_\d+$/, '')}_${random.below(1000)}`)),
  whole('cells in another order', (model, random) => (model.order = random.below(1e6))),
  whole(
    '%env and %code in another order',
    (model, random) => (model.look = {order: random.below(1e6), comment: random.below(2) === 0}),
  ),
  {...whole('another count of slots', model => (model.slots = 3 - model.slots)), restart: true},
];
