import {resolve} from 'node:path';
import type {MagicLine} from '../../kernel/cell/syntax.js';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Result} from '../../kernel/graph/result.js';
import type {LineContext, Problem} from '../../kernel/session/magic.js';
import {exportText, importText} from '../../kernel/show/archive-text.js';
import {wrong} from './line-magic.js';

const has = (line: MagicLine, option: string): boolean => line.options.some(({name}) => name === option);

/** The results that words of a line mean, which is one of a command of `%cache`. */
export type ResultsOf = (
  line: MagicLine,
  context: LineContext,
  command: string,
) => Promise<Result<readonly {readonly fingerprint: Fingerprint}[], readonly Problem[]>>;

/** The path that the word behind the command names. */
async function fileOf(line: MagicLine, context: LineContext, example: string): Promise<string | readonly Problem[]> {
  const [command, file] = line.words;
  if (file === undefined)
    return wrong(line, 'W2037', `\`%cache ${command?.raw ?? ''}\` needs a file`, `write \`${example}\``);
  const filled = await context.fill({...line, words: [file]});
  return filled.ok ? resolve(context.directory, filled.value[0] ?? '') : filled.error;
}

/** `%cache export FILE [NAME…] [--pinned] [--all]`: without names, what the notebook's futures stand for. */
export async function exportCache(
  line: MagicLine,
  context: LineContext,
  resultsOf: ResultsOf,
): Promise<readonly Problem[] | undefined> {
  const file = await fileOf(line, context, '%cache export results.tar coadds');
  if (typeof file !== 'string') return file;
  const {cache} = context.notebook;
  const words = line.words.slice(2);
  const named = words.length === 0 ? undefined : await resultsOf({...line, words}, context, 'export');
  if (named?.ok === false) return named.error;
  const listed = has(line, 'pinned') || has(line, 'all') ? await cache.list() : [];
  const chosen = listed.filter(({pinned}) => pinned || has(line, 'all')).map(({fingerprint}) => fingerprint);
  const wanted =
    named?.value.map(({fingerprint}) => fingerprint) ??
    (listed.length > 0 ? [] : [...(await context.notebook.reached())]);
  const done = await cache.export(file, [...wanted, ...chosen]);
  if (!done.ok) {
    const hint = 'name a new file, in a directory that is there; `%cache ls` lists what can be exported';
    return wrong({...line, words: line.words.slice(1)}, 'W7053', done.error, hint);
  }
  context.stream('stdout', exportText(file, done.value));
  return undefined;
}

/** `%cache import FILE [--root DIR]`. */
export async function importCache(line: MagicLine, context: LineContext): Promise<readonly Problem[] | undefined> {
  const file = await fileOf(line, context, '%cache import results.tar');
  if (typeof file !== 'string') return file;
  const [root] = line.options.filter(({name}) => name === 'root').flatMap(({values}) => values);
  const filled = root === undefined ? undefined : await context.fill({...line, words: [root]});
  if (filled?.ok === false) return filled.error;
  const named = filled?.value[0];
  const {repo} = context.settings;
  const dry = has(line, 'dry-run');
  const done = await context.notebook.cache.import(file, {
    dry,
    ...(repo === undefined ? {} : {repo}),
    ...(named === undefined ? {} : {root: resolve(context.directory, named)}),
  });
  if (!done.ok) {
    const hint = 'name a file that `%cache export` wrote, and that was brought here whole';
    return wrong({...line, words: line.words.slice(1)}, 'W7053', done.error, hint);
  }
  context.stream('stdout', importText(done.value, dry));
  return undefined;
}
