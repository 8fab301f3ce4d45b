import {parseDuration} from '../../kernel/cell/duration.js';
import {didYouMean} from '../../kernel/cell/suggest.js';
import {parseSize} from '../../kernel/cell/size.js';
import type {MagicLine} from '../../kernel/cell/syntax.js';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Keep} from '../../kernel/session/cache-port.js';
import type {LineContext, Problem} from '../../kernel/session/magic.js';
import {cacheTable, cleanUpText} from '../../kernel/show/cache-table.js';
import {tableBundle} from '../../kernel/show/table.js';
import {exportCache, importCache} from './cache-archive.js';
import {lineMagic, surplusOf, wrong} from './line-magic.js';

const NAMES = ['ls', 'verify', 'gc', 'pin', 'unpin', 'rebuild', 'export', 'import'];

/** How many words those take that take only some, themselves among them, and how they are written. */
const MOST: Readonly<Record<string, readonly [number, string]>> = {
  ls: [1, '%cache ls'],
  verify: [2, '%cache verify content'],
  gc: [1, '%cache gc --older 30d'],
  rebuild: [1, '%cache rebuild'],
  import: [2, '%cache import results.tar'],
};

/** Milliseconds that `%cache gc` keeps what is younger, unless `--older` says otherwise. */
const MONTH = 30 * 86_400_000;

const YES = 'Nothing was removed: `--yes` removes it.\n';

/** `%cache ls|verify|gc|pin|unpin|rebuild|export|import`: the results of the notebook's store. */
export const cacheMagic = lineMagic(
  {
    name: 'cache',
    summary: 'lists, checks, pins, removes and carries results',
    example: '%cache ls',
    options: {
      yes: 'none',
      older: 'one',
      'max-size': 'one',
      pinned: 'none',
      all: 'none',
      root: 'one',
      'dry-run': 'none',
    },
  },
  async (line, context) => {
    const [command, ...words] = line.words;
    const {cache} = context.notebook;
    const [most, example] = MOST[command?.raw ?? ''] ?? [Infinity, ''];
    const surplus = surplusOf(line, most, example);
    if (surplus !== undefined) return surplus;
    switch (command?.raw) {
      case 'ls':
        context.display(tableBundle(cacheTable(await cache.list(), {now: Date.now()})));
        return undefined;
      case 'verify':
        return verify(line, context, words[0]?.raw ?? 'content');
      case 'gc': {
        const keep = keepOf(line);
        return keep.ok ? cleanUp(line, context, keep.value) : keep.error;
      }
      case 'pin':
      case 'unpin': {
        const named = await resultsOf({...line, words}, context);
        if (!named.ok) return named.error;
        const done = cache.pin(named.value, command.raw === 'pin');
        if (!done.ok) return wrong(line, 'W7040', done.error);
        context.stream('stdout', `${command.raw}ned ${countedLabels(named.value)}\n`);
        return undefined;
      }
      case 'rebuild': {
        const found = await cache.rebuild();
        context.stream(
          'stdout',
          `${found} ${found === 1 ? 'result was' : 'results were'} found that no journal told of\n`,
        );
        return undefined;
      }
      case 'export':
        return exportCache(line, context, resultsOf);
      case 'import':
        return importCache(line, context);
      default:
        return wrong(
          line,
          'W7040',
          command === undefined ? '`%cache` needs a command' : `\`%cache\` has no command \`${command.raw}\``,
          (command === undefined ? undefined : didYouMean(command.raw, NAMES)) ??
            `there is ${NAMES.slice(0, -1)
              .map(name => `\`${name}\``)
              .join(', ')} or \`${NAMES.at(-1) ?? ''}\``,
        );
    }
  },
);

/** Each label once, with how many results it means where these are several. */
function countedLabels(results: readonly {readonly fingerprint: Fingerprint; readonly label: string}[]): string {
  const labels = new Map<string, Set<Fingerprint>>();
  for (const {label, fingerprint} of results) labels.set(label, (labels.get(label) ?? new Set()).add(fingerprint));
  return [...labels].map(([label, {size}]) => (size === 1 ? label : `${label} (${size} results)`)).join(', ');
}

/** `%cleanup [--yes]`: what nothing needs any more. */
export const cleanupMagic = lineMagic(
  {
    name: 'cleanup',
    summary: 'lists attempts that nobody has and results that nothing reaches; --yes removes them',
    example: '%cleanup --yes',
    most: 0,
    options: {yes: 'none', all: 'none'},
  },
  async (line, context) => {
    const {notebook} = context;
    const all = line.options.some(({name}) => name === 'all');
    return cleanUp(line, context, {
      by: 'notebook',
      reached: await notebook.reached(),
      asked: fingerprint => notebook.asked(fingerprint),
      all,
    });
  },
);

async function cleanUp(line: MagicLine, context: LineContext, keep: Keep): Promise<undefined> {
  const {cache} = context.notebook;
  const plan = await cache.plan(keep);
  context.stream('stdout', cleanUpText(plan, {now: Date.now()}));
  if (plan.results.length + plan.leftovers.length === 0) return undefined;
  if (!line.options.some(({name}) => name === 'yes')) {
    context.stream('stdout', YES);
    return undefined;
  }
  const {results, leftovers} = await cache.remove(plan);
  context.stream('stdout', `removed ${results} results and ${leftovers} leftovers\n`);
  return undefined;
}

async function verify(line: MagicLine, context: LineContext, how: string): Promise<readonly Problem[] | undefined> {
  if (how !== 'size' && how !== 'mtime' && how !== 'content')
    return wrong(line, 'W7040', `results are not verified by \`${how}\``, 'it is size, mtime or content', 1);
  const bad = await context.notebook.cache.verify(how, context.signal);
  const said = bad.map(({result, message}) => `${result.fingerprint.slice(0, 12)}  ${result.label}: ${message}\n`);
  context.stream('stdout', bad.length === 0 ? 'all results are as they were recorded\n' : said.join(''));
  return undefined;
}

function keepOf(line: MagicLine): Result<Keep, readonly Problem[]> {
  const value = (name: string): {readonly raw: string; readonly span: MagicLine['span']} | undefined =>
    line.options.find(option => option.name === name)?.values[0];
  const [older, size] = [value('older'), value('max-size')];
  const age = older === undefined ? ok(MONTH / 1000) : parseDuration(older.raw, older.span);
  if (!age.ok) return fail([age.error]);
  const bytes = size === undefined ? undefined : parseSize(size.raw, size.span);
  if (bytes?.ok === false) return fail([bytes.error]);
  return ok({by: 'age', older: age.value * 1000, ...(bytes === undefined ? {} : {bytes: bytes.value})});
}

/** The results that words mean: names of futures, or the first digits of fingerprints, six at least. */
async function resultsOf(
  line: MagicLine,
  context: LineContext,
): Promise<Result<readonly {readonly fingerprint: Fingerprint; readonly label: string}[], readonly Problem[]>> {
  if (line.words.length === 0)
    return fail(
      wrong(line, 'W2037', '`%cache pin` needs a name', 'write `%cache pin NAME`, or the digits of `%cache ls`'),
    );
  const listed = await context.notebook.cache.list();
  const isDigits = (raw: string): boolean =>
    /^[0-9a-f]{6,64}$/.test(raw) && listed.some(({fingerprint}) => fingerprint.startsWith(raw));
  const digits = line.words.filter(({raw}) => isDigits(raw));
  const found = listed.filter(({fingerprint}) => digits.some(({raw}) => fingerprint.startsWith(raw)));
  const words = line.words.filter(word => !digits.includes(word));
  if (words.length === 0) return ok(found);
  const named = await context.resolve({...line, words});
  if (!named.ok) return named;
  const tasks = named.value.flatMap(({name, node}) =>
    node.views().map(view => ({name, fingerprint: view.fingerprint})),
  );
  return ok([
    ...found,
    ...tasks.flatMap(({name, fingerprint}) => (fingerprint === undefined ? [] : [{fingerprint, label: name}])),
  ]);
}
