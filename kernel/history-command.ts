import type {Command} from 'commander';
import {complain, EXIT, noStore, print, say, STORE_HELP, storeGiven} from './command-output.js';
import {historyCells} from './show/history-table.js';
import {History} from './store/history.js';

interface HistoryOptions {
  readonly store?: string;
  readonly search?: string;
  readonly json?: boolean;
}

/** Rows without a number. */
const ROWS = 20;

/**
 * Adds `weft history` to the commands of `weft`.
 * @param ended is given the exit code
 */
export function addHistoryCommand(program: Command, ended: (code: number) => void): void {
  program
    .command('history')
    .description('lists what became of the tasks of a notebook over all runs, the newest first')
    .argument('[count]', 'how many at most', String(ROWS))
    .option('--search <text>', 'only those in which all words of this text stand')
    .option('--store <dir>', STORE_HELP)
    .option('--json', 'one JSON object a line')
    .action(async (count: string, options: HistoryOptions) => ended(await show(count, options)));
}

async function show(word: string, {store: directory, search: typed, json}: HistoryOptions): Promise<number> {
  // A text of nothing asks for nothing.
  const search = typed?.trim() === '' ? undefined : typed;
  const count = Number(word);
  if (!(Number.isSafeInteger(count) && count > 0))
    return complain(`${word} is no whole number of at least 1: \`weft history --search TEXT\` looks for a text`);
  const store = storeGiven(directory);
  const missing = noStore(store);
  if (missing !== undefined) return complain(missing);
  const history = new History({store});
  const found = search === undefined ? await history.newest(count) : await history.search(search, count);
  await history.close();
  if ('ok' in found && !found.ok) {
    complain(`${found.error}; \`weft history\` without --search works`);
    return EXIT.bad;
  }
  const events = 'ok' in found ? found.value : found;
  const clock = {now: Date.now()};
  const lines = events.map(event => (json === true ? JSON.stringify(event) : historyCells(event, clock).join('\t')));
  if (lines.length > 0) print(`${lines.join('\n')}\n`);
  else say(`no task${search === undefined ? '' : ` with ${search}`} in the history`);
  return EXIT.ok;
}
