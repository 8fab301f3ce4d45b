import type {AttemptId} from '../../../kernel/graph/task.js';
import {LocalExecutor} from '../../../kernel/run/local/local-executor.js';

// A kernel of its own process, to be killed: `dying-kernel RUNNER DIRECTORY…`, where each directory has a `task.sh`,
// and the one named `limited` a limit of a second.
// Short jobs come first, so that later ones are handed ahead. It says on its standard output what is told to it.
const [runner = '', ...directories] = process.argv.slice(2);
const say = (word: string, value: unknown): void => void process.stdout.write(`${JSON.stringify([word, value])}\n`);

const executor = new LocalExecutor(
  {slots: 1, runner},
  {
    assigned: (_, holder) => say('assigned', holder),
    started: attempt => say('started', attempt),
    ended: attempt => {
      say('ended', attempt);
      if (attempt === directories[0]) directories.slice(1).forEach(submit);
    },
  },
);

function submit(directory: string): void {
  const limit = directory.endsWith('/limited') ? {time: 1} : {};
  executor.submit({attempt: directory as AttemptId, directory, script: `${directory}/task.sh`, cpus: 1, ...limit});
}

submit(directories[0] ?? '');
