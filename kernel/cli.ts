import {writeSync} from 'node:fs';
import {basename, dirname, resolve} from 'node:path';
import {Command, CommanderError} from 'commander';
import {addCacheCommand} from './cache-command.js';
import {addHistoryCommand} from './history-command.js';
import {openNotebook} from './open-notebook.js';
import {PARAMETERS_HELP, parameterWords} from './session/parameter-words.js';
import {runHeadless, summaryJson, summaryText} from './session/headless.js';
import {isOfExtension} from './session/loop-watch.js';
import {readNotebook, writeNotebook} from './session/notebook-file.js';
import {injectParameters, readParameters, type ParameterWord} from './session/parameters.js';
import {VERSION} from './version.js';

/** Exit codes of `weft run` (LANGUAGE 16). */
const EXIT = {ok: 0, failed: 1, usage: 2, died: 3, interrupted: 130} as const;

interface RunOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly keepGoing?: boolean;
  readonly slots?: string;
}

const say = (line: string): void => void writeSync(2, `${line}\n`);

function usage(problem: string): number {
  say(`weft: ${problem}`);
  return EXIT.usage;
}

async function run(path: string, options: RunOptions, words: readonly ParameterWord[]): Promise<number> {
  const file = resolve(path);
  // What is typed after -o means the directory where it was typed.
  const output = options.output === undefined ? undefined : resolve(options.output);
  const read = readNotebook(file);
  if (!read.ok) return usage(read.error);
  const parameters = readParameters(words);
  if (!parameters.ok) return usage(parameters.error);
  const {notebook, warnings} =
    parameters.value.size > 0 ? injectParameters(read.value, parameters.value) : {notebook: read.value, warnings: []};
  for (const warning of warnings) say(`weft: warning: ${warning}`);
  const slots = options.slots === undefined ? undefined : Number(options.slots);
  if (slots !== undefined && (!Number.isInteger(slots) || slots < 1))
    return usage(`--slots takes a whole number of at least 1, not ${String(options.slots)}`);
  const directory = dirname(file);
  process.chdir(directory);
  const opened = await openNotebook({
    directory,
    environment: process.env,
    log: say,
    ...(slots === undefined ? {} : {slots}),
  });
  if (!opened.ok) return usage(opened.error);
  const {session, futures, scheduler, displays} = opened.value;
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const started = Date.now();
  const progress = (line: string): void =>
    say(`weft ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const {summary, outputs} = await runHeadless(notebook, {
    session,
    futures,
    scheduler,
    displays,
    keepGoing: options.keepGoing === true,
    progress,
    signal: abort.signal,
  });
  let code: number = abort.signal.aborted ? EXIT.interrupted : summary.ok ? EXIT.ok : EXIT.failed;
  if (output !== undefined) {
    const written = writeNotebook(output, notebook, outputs);
    if (!written.ok) {
      say(`weft: ${written.error}`);
      code = EXIT.usage;
    }
  }
  await session.shutdown();
  say(`weft: ${basename(file)} ${summaryText(summary)}`);
  if (options.json === true) writeSync(1, `${JSON.stringify(summaryJson(summary))}\n`);
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
