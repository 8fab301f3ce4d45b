import {didYouMean} from '../../kernel/cell/suggest.js';
import {lineMagic, wrong} from './line-magic.js';

/** `%lsmagic`: all magics, a line each. */
export const lsmagicMagic = lineMagic(
  {name: 'lsmagic', summary: 'lists all magics', example: '%lsmagic', most: 0},
  async (_line, context) => {
    const rows = context.notebook.magics().map(({name, use, summary}) => `${`${use}${name}`.padEnd(14)} ${summary}\n`);
    context.stream('stdout', rows.join(''));
    return undefined;
  },
);

/** `%help [NAME]`, `name?`: what a magic does; of a future, how far it is. */
export const helpMagic = lineMagic(
  {name: 'help', summary: 'says what a magic does, or how far a future is', example: '%help lsst', most: 1},
  async (line, context) => {
    const [word] = line.words;
    const magics = context.notebook.magics();
    if (word === undefined) {
      context.stream(
        'stdout',
        'Cells build futures: %%lsst, %%bash, %%foreach, %%join. %lsmagic lists all magics, %help NAME tells of one, %status shows all futures.\n',
      );
      return undefined;
    }
    const name = word.raw.replace(/^%+/, '');
    const magic = magics.find(each => each.name === name);
    if (magic !== undefined) {
      const text = `${magic.use}${magic.name}: ${magic.summary}\n\n${magic.example}\n`;
      // A question, `%%lsst?`, opens the pager; `%help lsst` answers in the notebook.
      if (line.nameSpan.start >= word.span.end) context.page(text);
      else context.stream('stdout', text);
      return undefined;
    }
    const named = await context.resolve(line);
    if (named.ok) {
      context.watch(
        word.raw,
        named.value.map(({node}) => node),
      );
      return undefined;
    }
    const value = await context.evaluate(word.raw);
    if (value.is === 'json') {
      context.stream('stdout', `${word.raw}: ${JSON.stringify(value.value)}\n`);
      return undefined;
    }
    if (value.is === 'other') {
      context.stream('stdout', `${word.raw}: ${value.type}\n`);
      return undefined;
    }
    return wrong(
      line,
      'W2034',
      `\`${word.raw}\` is neither a magic nor a name of the notebook`,
      didYouMean(
        name,
        magics.map(each => each.name),
        '%',
      ) ?? '`%lsmagic` lists the magics, `%status` the futures of the notebook',
    );
  },
);
