import {parseAge} from '../../kernel/cell/duration.js';
import {didYouMean} from '../../kernel/cell/suggest.js';
import {parseSize} from '../../kernel/cell/size.js';
import type {MagicLine} from '../../kernel/cell/syntax.js';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Keep} from '../../kernel/session/cache-port.js';
import type {LineContext, Problem} from '../../kernel/session/magic.js';
import type {FutureNode} from '../../kernel/session/node.js';
import {cacheTable, cleanUpText, removedText} from '../../kernel/show/cache-table.js';
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
        const named = await resultsOf({...line, words}, context, command.raw);
        if (!named.ok) return named.error;
        const done = cache.pin(named.value, command.raw === 'pin');
        if (!done.ok) return wrong(line, 'W7040', done.error);
        context.stream('stdout', pinText(named.value, done.value, command.raw));
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

/** What came of `pin` or `unpin`: which results changed, and which there was nothing to do for. */
function pinText(named: readonly NamedResult[], changed: readonly NamedResult[], command: 'pin' | 'unpin'): string {
  const open = changed.filter(({isThere}) => !isThere);
  const rest = named.filter(result => !changed.includes(result));
  const were = (results: readonly NamedResult[]): string => (results.length === 1 ? 'was' : 'were');
  return [
    ...(named.length === 0 ? [`there is nothing to ${command}: there is no task yet`] : []),
    ...(changed.length === 0 ? [] : [`${command}ned ${countedLabels(changed)}`]),
    ...(open.length === 0 || command === 'unpin' ? [] : [`not there yet, and kept once made: ${countedLabels(open)}`]),
    ...(rest.length === 0 ? [] : [`${countedLabels(rest)} ${were(rest)} not pinned`]),
  ]
    .map(text => `${text}\n`)
    .join('');
}

/** Each label once, with how many results it means where these are several. */
function countedLabels(results: readonly NamedResult[]): string {
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
  context.stream('stdout', removedText(plan, await cache.remove(plan)));
  return undefined;
}

async function verify(line: MagicLine, context: LineContext, how: string): Promise<readonly Problem[] | undefined> {
  if (how !== 'size' && how !== 'mtime' && how !== 'content')
    return wrong(line, 'W7040', `results are not verified by \`${how}\``, 'it is size, mtime or content', 1);
  const bad = await context.notebook.cache.verify(how, context.signal);
  const said = bad.map(({result, message}) => `${result.fingerprint.slice(0, 12)}  ${result.label}: ${message}\n`);
  if (context.signal.aborted) context.stream('stdout', 'interrupted: not all results were looked at\n');
  else if (bad.length === 0) context.stream('stdout', 'all results are as they were recorded\n');
  context.stream('stdout', said.join(''));
  return undefined;
}

function keepOf(line: MagicLine): Result<Keep, readonly Problem[]> {
  const value = (name: string): {readonly raw: string; readonly span: MagicLine['span']} | undefined =>
    line.options.find(option => option.name === name)?.values[0];
  const [older, size] = [value('older'), value('max-size')];
  const age = older === undefined ? ok(MONTH / 1000) : parseAge(older.raw, older.span);
  if (!age.ok) return fail([age.error]);
  const bytes = size === undefined ? undefined : parseSize(size.raw, size.span);
  if (bytes?.ok === false) return fail([bytes.error]);
  return ok({by: 'age', older: age.value * 1000, ...(bytes === undefined ? {} : {bytes: bytes.value})});
}

/** A result that a word of a line means: that of a future may have to be made yet. */
interface NamedResult {
  readonly fingerprint: Fingerprint;
  readonly label: string;
  readonly isThere: boolean;
}

/** The results that words mean: names of futures, or the first digits of fingerprints, six at least. */
async function resultsOf(
  line: MagicLine,
  context: LineContext,
  command: string,
): Promise<Result<readonly NamedResult[], readonly Problem[]>> {
  if (line.words.length === 0)
    return fail(
      wrong(
        line,
        'W2037',
        `\`%cache ${command}\` needs a name`,
        `write \`%cache ${command} NAME\`, or the digits of \`%cache ls\``,
      ),
    );
  const listed = await context.notebook.cache.list();
  const there = new Set(listed.map(({fingerprint}) => fingerprint));
  const isDigits = (raw: string): boolean =>
    /^[0-9a-f]{6,64}$/.test(raw) && listed.some(({fingerprint}) => fingerprint.startsWith(raw));
  const digits = line.words.filter(({raw}) => isDigits(raw));
  const found: NamedResult[] = listed
    .filter(({fingerprint}) => digits.some(({raw}) => fingerprint.startsWith(raw)))
    .map(result => ({...result, isThere: true}));
  const words = line.words.filter(word => !digits.includes(word));
  if (words.length === 0) return ok(found);
  const named = await context.resolve({...line, words});
  if (!named.ok) return named;
  const unknown: string[] = [];
  for (const {name, node} of named.value)
    for (const {fingerprint} of pendingOf(node) ? [{fingerprint: undefined}] : node.views()) {
      if (fingerprint === undefined) unknown.push(name);
      else found.push({fingerprint, label: name, isThere: there.has(fingerprint)});
    }
  const [first] = unknown;
  if (first === undefined || words.some(({raw}) => raw === '*')) return ok(found);
  return fail(
    wrong({...line, words}, 'W7040', `it is not known yet what \`${first}\` is`, `wait for it: \`%wait ${first}\``),
  );
}

/** A set whose list is not known. */
const pendingOf = (node: FutureNode): boolean => node.is === 'set' && node.pending !== undefined;
