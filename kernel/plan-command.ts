import {basename} from 'node:path';
import type {Command} from 'commander';
import {complain, EXIT, print, say} from './command-output.js';
import {openHeadless} from './open-headless.js';
import {notebookPlanJson, notebookPlanText, planNotebook} from './session/headless-plan.js';
import {PARAMETERS_HELP} from './session/parameter-words.js';
import type {ParameterWord} from './session/parameters.js';

interface PlanOptions {
  readonly json?: boolean;
  readonly slots?: string;
}

/** Where the command was interrupted. */
const INTERRUPTED = 130;

const HELP = `
The cells are evaluated as \`weft run\` would, commands of \`!\` too, but no task is started and no result is touched.
What depends on a value that no task has made yet is said to be unknown.
Exit codes: 0; 1 a cell failed; 2 usage or no notebook; 3 the kernel died; 130 interrupted.
`;

/**
 * Adds `weft plan` to the commands of `weft`.
 * @param words the parameters of the command line
 * @param ended is given the exit code
 */
export function addPlanCommand(program: Command, words: readonly ParameterWord[], ended: (code: number) => void): void {
  program
    .command('plan')
    .description('say what running a notebook would find cached, what it would run, and for how long')
    .argument('<notebook>', 'the notebook: an .ipynb file')
    .option('--json', 'print the plan as one JSON object')
    .option('--slots <n>', 'how many tasks run at once')
    .addHelpText('after', PARAMETERS_HELP + HELP)
    .action(async (notebook: string, options: PlanOptions) => ended(await plan(notebook, options, words)));
}

async function plan(path: string, {json, slots}: PlanOptions, words: readonly ParameterWord[]): Promise<number> {
  const headless = await openHeadless(path, slots, words, say, true);
  if (!headless.ok) return complain(headless.error);
  const {file, notebook, opened, signal} = headless.value;
  const {session, futures, forecast} = opened;
  const planned = await planNotebook(notebook, {
    session,
    futures,
    forecast,
    signal,
    line: text => (json === true ? undefined : print(`${text}\n`)),
  });
  await session.shutdown();
  if (json === true) print(`${JSON.stringify(notebookPlanJson(planned))}\n`);
  else print(`${basename(file)}: ${notebookPlanText(planned)}\n`);
  return signal.aborted ? INTERRUPTED : planned.ok ? EXIT.ok : EXIT.bad;
}
