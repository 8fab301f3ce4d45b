import {historyTable} from '../../kernel/show/history-table.js';
import {tableBundle} from '../../kernel/show/table.js';
import {lineMagic, wrong} from './line-magic.js';

/** Rows of `%history` without a number. */
const ROWS = 20;

/** `%history [N] [--search TEXT]`: what became of the tasks of this store, over all runs. */
export const historyMagic = lineMagic(
  {
    name: 'history',
    summary: 'lists what became of tasks over all runs, the newest first; --search looks for words',
    example: '%history 50 --search "HSC-I detect"',
    options: {search: 'one'},
  },
  async (line, context) => {
    const [word, more] = line.words;
    const number = await context.fill({...line, words: word === undefined ? [] : [word]});
    if (!number.ok) return number.error;
    const [text] = number.value;
    const count = text === undefined ? ROWS : Number(text);
    if (text !== undefined && !(Number.isSafeInteger(count) && count > 0))
      return wrong(line, 'W2010', `\`${text}\` is no whole number of at least 1`, hintFor(text));
    if (more !== undefined)
      return [
        {
          code: 'W2010',
          severity: 'error',
          span: more.span,
          message: '`%history` takes one number',
          hint: 'a text of several words stands in quotes: `--search "two words"`',
        },
      ];
    const options = line.options.filter(({name}) => name === 'search').flatMap(({values}) => values);
    const filled = await context.fill({...line, words: options});
    if (!filled.ok) return filled.error;
    const search = filled.value.join(' ').trim() === '' ? undefined : filled.value.join(' ');
    const {history} = context.notebook;
    if (search === undefined) {
      context.display(tableBundle(historyTable(await history.newest(count), undefined, {now: Date.now()})));
      return undefined;
    }
    const found = await history.search(search, count);
    if (!found.ok)
      return [
        {
          code: 'W7050',
          severity: 'error',
          span: options[0]?.span ?? line.nameSpan,
          message: found.error,
          hint: '`%history` without `--search` works; `npm install better-sqlite3` where Weft is installed adds it',
        },
      ];
    context.display(tableBundle(historyTable(found.value, search, {now: Date.now()})));
    return undefined;
  },
);

const hintFor = (raw: string): string =>
  /^[\d.+-]+$/.test(raw) ? `write \`%history ${ROWS}\`` : `write \`%history --search ${raw}\``;
