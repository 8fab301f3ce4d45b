import {existsSync, statSync} from 'node:fs';
import {basename, dirname, resolve} from 'node:path';
import {Command, CommanderError} from 'commander';
import {addCacheCommand} from './cache-command.js';
import {print, say} from './command-output.js';
import {addHistoryCommand} from './history-command.js';
import {openHeadless} from './open-headless.js';
import {addPlanCommand} from './plan-command.js';
import {PARAMETERS_HELP, parameterWords} from './session/parameter-words.js';
import {runHeadless, summaryJson, summaryText} from './session/headless.js';
import {isOfExtension} from './session/loop-watch.js';
import {writeNotebook} from './session/notebook-file.js';
import type {ParameterWord} from './session/parameters.js';
import {VERSION} from './version.js';

/** Exit codes of `weft run` (LANGUAGE 16). */
const EXIT = {ok: 0, failed: 1, usage: 2, died: 3, interrupted: 130} as const;

interface RunOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly keepGoing?: boolean;
  readonly slots?: string;
}

const isDirectory = (path: string): boolean => statSync(path, {throwIfNoEntry: false})?.isDirectory() === true;

function usage(problem: string): number {
  say(`weft: ${problem}`);
  return EXIT.usage;
}

async function run(path: string, options: RunOptions, words: readonly ParameterWord[]): Promise<number> {
  // What is typed after -o means the directory where it was typed.
  const output = options.output === undefined ? undefined : resolve(options.output);
  const place = output === undefined ? undefined : dirname(output);
  // A run of hours should not find out at its end.
  if (place !== undefined && !existsSync(place)) return usage(`${place} is not there: make it, or save elsewhere`);
  if (output !== undefined && isDirectory(output)) return usage(`${output} is a directory: -o takes a file`);
  const headless = await openHeadless(path, options.slots, words, say);
  if (!headless.ok) return usage(headless.error);
  const {file, notebook, opened, signal} = headless.value;
  const {session, futures, scheduler, displays, written} = opened;
  const started = Date.now();
  const progress = (line: string): void =>
    say(`weft ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const {summary, outputs} = await runHeadless(notebook, {
    session,
    futures,
    scheduler,
    displays,
    written,
    keepGoing: options.keepGoing === true,
    progress,
    signal,
  });
  let code: number = signal.aborted ? EXIT.interrupted : summary.ok ? EXIT.ok : EXIT.failed;
  if (output !== undefined) {
    const written = writeNotebook(output, notebook, outputs);
    if (!written.ok) {
      say(`weft: ${written.error}`);
      code = EXIT.usage;
    }
  }
  await session.shutdown();
  const {open = 0} = summary;
  if (open > 0) say(`weft: ${open} ${open === 1 ? 'task goes' : 'tasks go'} on; the next run finds what they make`);
  say(`weft: ${basename(file)} ${summaryText(summary)}`);
  if (options.json === true) print(`${JSON.stringify(summaryJson(summary))}\n`);
  return code;
}

async function main(argv: readonly string[]): Promise<number> {
  const given = parameterWords(argv);
  if (!given.ok) return usage(given.error);
  const program = new Command('weft')
    .description('Futures and checkpoints for command-line pipelines.')
    .version(VERSION)
    .exitOverride();
  let code: number = EXIT.ok;
  program
    .command('run')
    .description("run a notebook's cells in order, and wait for all of its tasks")
    .argument('<notebook>', 'the notebook: an .ipynb file')
    .option('-o, --output <file>', 'save the executed notebook here')
    .option('--json', 'print a summary as one JSON object')
    .option('--keep-going', 'go on behind a cell that failed')
    .option('--slots <n>', 'how many tasks run at once')
    .addHelpText('after', PARAMETERS_HELP)
    .action(async (notebook: string, options: RunOptions) => {
      code = await run(notebook, options, given.value.words);
    });
  addPlanCommand(program, given.value.words, ended => (code = ended));
  addCacheCommand(program, ended => (code = ended));
  addHistoryCommand(program, ended => (code = ended));
  try {
    await program.parseAsync([...given.value.rest], {from: 'user'});
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
  return code;
}

process.on('uncaughtException', error => {
  if (isOfExtension(error)) return;
  say(`weft: ${error.stack ?? error.message}`);
  process.exit(EXIT.died);
});

process.exit(await main(process.argv.slice(2)));
