import {existsSync, readFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import type {AttemptId} from '../../../kernel/graph/task.js';
import type {Inside, Job} from '../../../kernel/run/executor.js';
import {LocalExecutor} from '../../../kernel/run/local/local-executor.js';
import {FakeEngine} from './fake-engine.js';

// A kernel of its own process, to be killed: `dying-kernel RUNNER DIRECTORY…`, where each directory has a `task.sh`,
// and the one named `limited` a limit of a second.
// Where there is a directory `engine` beside them they run in containers, those named `shared…` in a station.
// A file `inside.json` in a job's directory says how it is run in a container of its own.
// Short jobs come first, so that later ones are handed ahead. It says on its standard output what is told to it.
const [runner = '', ...directories] = process.argv.slice(2);
const say = (word: string, value: unknown): void => void process.stdout.write(`${JSON.stringify([word, value])}\n`);

let engine: FakeEngine | undefined;

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
  const script = `${directory}/task.sh`;
  const inside = insideOf(directory, script);
  executor.submit({attempt: directory as AttemptId, directory, script, cpus: 1, ...limit, ...inside});
}

function insideOf(directory: string, script: string): Partial<Job> {
  const place = join(dirname(directory), 'engine');
  const name = basename(directory);
  const given = join(directory, 'inside.json');
  if (existsSync(given)) return {inside: JSON.parse(readFileSync(given, 'utf8')) as Inside};
  if (!existsSync(place) || name === 'warm') return {};
  engine ??= new FakeEngine(place);
  return {inside: name.startsWith('shared') ? engine.station('s', 100) : engine.own(name, script)};
}

submit(directories[0] ?? '');
