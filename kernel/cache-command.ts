import {existsSync, rmdirSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Command} from 'commander';
import {parseAge} from './cell/duration.js';
import {parseSize} from './cell/size.js';
import {exportCommand, importCommand, type ArchiveOptions} from './archive-command.js';
import {complain, EXIT, noStore, print, say, STORE_HELP, storeGiven} from './command-output.js';
import {fail, ok, type Result} from './graph/result.js';
import {Cache} from './session/cache.js';
import {listedResults} from './session/cached-results.js';
import type {CachedResult, CachePort, Keep} from './session/cache-port.js';
import {cacheCells, cacheSummary, cleanUpText, removedText} from './show/cache-table.js';
import {History} from './store/history.js';
import type {StoreProblem} from './store/problem.js';
import {Store} from './store/store.js';

/** What the commands are given on the command line. */
interface CacheOptions extends ArchiveOptions {
  readonly store?: string;
  readonly json?: boolean;
  readonly older?: string;
  readonly maxSize?: string;
  readonly yes?: boolean;
}

/**
 * Adds `weft cache ls|verify|gc|pin|unpin|rebuild` to the commands of `weft`.
 * @param ended is given the exit code
 */
export function addCacheCommand(program: Command, ended: (code: number) => void): void {
  const cache = program.command('cache').description('looks after the results of a notebook');
  const add = (
    name: string,
    description: string,
    run: (port: CachePort, words: readonly string[], options: CacheOptions) => Promise<number> | number,
  ): Command =>
    cache
      .command(name)
      .description(description)
      .option('--store <dir>', STORE_HELP)
      .action(async (...given: readonly unknown[]) => {
        const options = given.at(-2) as CacheOptions;
        const words = given.slice(0, -2).flat().filter(isText);
        // What is carried to another machine may be the first that its store holds.
        const makes = name === 'import' && existsSync(resolve(words[0] ?? ''));
        ended(await withCache(options, port => run(port, words, options), makes));
      });

  cache
    .command('ls')
    .description('lists results, the newest first')
    .option('--store <dir>', STORE_HELP)
    .option('--json', 'one JSON object a line')
    .action(async (options: CacheOptions) => ended(await list(options)));
  add('verify', 'looks whether results are as they were recorded', verify).argument(
    '[how]',
    'size, mtime or content',
    'content',
  );
  add('gc', 'lists old results that no newer one was made from; --yes removes them', collect)
    .option('--older <duration>', 'what is older goes', '30d')
    .option('--max-size <size>', 'what is more than this goes, the oldest first')
    .option('--yes', 'remove them');
  const digits = 'the first digits of their fingerprints, six at least';
  add('pin', 'keeps results from being removed', (port, words) => pin(port, words, true)).argument(
    '<digits...>',
    digits,
  );
  add('unpin', 'lets results be removed again', (port, words) => pin(port, words, false)).argument(
    '<digits...>',
    digits,
  );
  add('export', 'writes results, with what they were made from, into one file', exportCommand)
    .argument('<file>', 'the file: it is not overwritten')
    .argument('[digits...]', `${digits}; without any: all results`)
    .option('--pinned', 'what is pinned');
  add('import', 'takes the results of such a file that can be used here', importCommand)
    .argument('<file>', 'the file')
    .option('--root <dir>', 'the root repository that reruns go to, in place of the one that they come from')
    .option('--dry-run', 'only says what would be done');
  add('rebuild', 'writes into the journal what only manifests tell', rebuild).argument(
    '[directories...]',
    'directories of results besides those of the store: ROOT/rerun/weft',
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';

async function withCache(
  options: CacheOptions,
  run: (port: CachePort) => Promise<number> | number,
  makes = false,
): Promise<number> {
  const directory = storeGiven(options.store);
  const isThere = existsSync(directory);
  const missing = isThere || !makes ? noStore(directory) : undefined;
  if (missing !== undefined) return complain(missing);
  const beside = options.store === undefined ? {notebooks: process.cwd()} : {};
  const opened = await Store.open({
    directory,
    ...beside,
    ...(isThere ? {} : {make: options.dryRun !== true}),
    onProblem: problem => complain(problemText(problem)),
  });
  if (!opened.ok) return complain(problemText(opened.error));
  const code = await run(new Cache(opened.value, new History({store: directory})));
  const closed = await opened.value.close();
  if (!isThere && options.dryRun === true) removeEmpty(directory);
  return closed.ok ? code : EXIT.bad;
}

const problemText = ({message, remedy}: StoreProblem): string =>
  `${message}${remedy === undefined ? '' : `. ${remedy}`}`;

/** Removes the store in which an archive was only looked at. */
function removeEmpty(directory: string): void {
  try {
    for (const path of [join(directory, 'scratch'), directory]) rmdirSync(path);
  } catch {
    // Somebody else has made use of it meanwhile.
  }
}

async function list(options: CacheOptions): Promise<number> {
  const directory = storeGiven(options.store);
  const missing = noStore(directory);
  if (missing !== undefined) return complain(missing);
  // Reading an index is quicker than opening the store.
  const history = new History({store: directory});
  const results = await listedResults(directory, history);
  await history.close();
  return show(results, options);
}

function show(results: readonly CachedResult[], {json}: CacheOptions): number {
  const clock = {now: Date.now()};
  const lines = results.map(result =>
    json === true ? JSON.stringify(result) : cacheCells(result, clock).join('\t').trimEnd(),
  );
  // Of a hundred thousand results, one write at a time.
  for (let at = 0; at < lines.length; at += 1000) print(`${lines.slice(at, at + 1000).join('\n')}\n`);
  if (json !== true) say(cacheSummary(results));
  return EXIT.ok;
}

async function verify(port: CachePort, [how = 'content']: readonly string[]): Promise<number> {
  if (how !== 'size' && how !== 'mtime' && how !== 'content')
    return complain(`it is size, mtime or content, not ${how}`);
  const bad = await port.verify(how);
  for (const {result, message} of bad) print(`${result.fingerprint.slice(0, 12)}\t${result.label}\t${message}\n`);
  if (bad.length === 0) say('all results are as they were recorded');
  return bad.length === 0 ? EXIT.ok : EXIT.bad;
}

async function collect(port: CachePort, _: readonly string[], options: CacheOptions): Promise<number> {
  const keep = keepOf(options);
  if (!keep.ok) return complain(keep.error);
  const plan = await port.plan(keep.value);
  print(cleanUpText(plan, {now: Date.now()}));
  if (options.yes !== true) {
    if (plan.results.length + plan.leftovers.length > 0) say('nothing was removed: --yes removes it');
    return EXIT.ok;
  }
  const removed = await port.remove(plan);
  print(removedText(plan, removed));
  const isAll = removed.results === plan.results.length && removed.leftovers === plan.leftovers.length;
  return isAll ? EXIT.ok : EXIT.bad;
}

function keepOf({older = '30d', maxSize}: CacheOptions): Result<Keep, string> {
  const nowhere = {start: 0, end: 0};
  const age = parseAge(older, nowhere);
  const bytes = maxSize === undefined ? undefined : parseSize(maxSize, nowhere);
  if (!age.ok) return fail(`${age.error.message}; ${age.error.hint ?? ''}`);
  if (bytes?.ok === false) return fail(`${bytes.error.message}; ${bytes.error.hint ?? ''}`);
  return ok({by: 'age', older: age.value * 1000, ...(bytes === undefined ? {} : {bytes: bytes.value})});
}

async function pin(port: CachePort, words: readonly string[], on: boolean): Promise<number> {
  const listed = await port.list();
  const found: CachedResult[] = [];
  for (const word of new Set(words)) {
    const meant = /^[0-9a-f]{6,64}$/.test(word) ? listed.filter(({fingerprint}) => fingerprint.startsWith(word)) : [];
    if (meant.length === 0)
      return complain(
        `no result has a fingerprint that begins with ${word === '' ? 'nothing' : word}: \`weft cache ls\` lists them`,
      );
    found.push(...meant.filter(one => !found.includes(one)));
  }
  const done = port.pin(found, on);
  if (!done.ok) return complain(done.error);
  for (const {fingerprint, label} of found)
    print(
      `${on ? 'pinned' : done.value.some(one => one.fingerprint === fingerprint) ? 'unpinned' : 'was not pinned'}\t${fingerprint.slice(0, 12)}\t${label}\n`,
    );
  return EXIT.ok;
}

const isDirectory = (path: string): boolean => statSync(path, {throwIfNoEntry: false})?.isDirectory() === true;

async function rebuild(port: CachePort, words: readonly string[]): Promise<number> {
  const missing = words.find(word => !isDirectory(resolve(word)));
  if (missing !== undefined)
    return complain(`there is no directory ${missing}: it takes those of results, such as ROOT/rerun/weft`);
  const count = await port.rebuild(words.map(word => resolve(word)));
  print(`${count} ${count === 1 ? 'result was' : 'results were'} found that no journal told of\n`);
  return EXIT.ok;
}
