import {setPriority} from 'node:os';
import {parentPort, workerData} from 'node:worker_threads';
import type {FromLanguage, LanguageOptions, ToLanguage} from './language-messages.js';
import {CellLanguage} from './service.js';

/** What the thread has left over for cells: the nice value of Linux, where a thread can have one of its own (setpriority(2), "C library/kernel differences"). */
const NICE = 5;

/** The thread's end of the language service: answers messages, one by one. What goes wrong inside TypeScript is an empty answer. */
export function startLanguage(): void {
  const port = parentPort;
  if (!port) return;
  if (process.platform === 'linux') attempt(() => setPriority(0, NICE));
  const send = (message: FromLanguage): void => port.postMessage(message);
  const language = new CellLanguage(workerData as LanguageOptions);
  language.warm();
  port.on('message', (message: ToLanguage) => {
    const answer = attempt(() => answerOf(language, message)) ?? empty(message);
    if (answer !== undefined) send(answer);
  });
  send({type: 'ready'});
}

function answerOf(language: CellLanguage, message: ToLanguage): FromLanguage | undefined {
  switch (message.type) {
    case 'known':
      for (const known of message.known) attempt(() => language.add(known));
      return undefined;
    case 'check': {
      const {id, cells, names} = message;
      const problems = cells.map(cell => attempt(() => language.check(cell, names)) ?? []);
      return {type: 'checked', id, problems};
    }
    case 'complete': {
      const {id, code, at, names} = message;
      return {type: 'completed', id, completions: language.complete(code, at, names)};
    }
    case 'inspect': {
      const {id, code, at, names} = message;
      const text = language.inspect(code, at, names);
      return {type: 'inspected', id, ...(text === undefined ? {} : {text})};
    }
  }
}

function empty(message: ToLanguage): FromLanguage | undefined {
  switch (message.type) {
    case 'known':
      return undefined;
    case 'check':
      return {type: 'checked', id: message.id, problems: message.cells.map(() => [])};
    case 'complete': {
      const {id, at} = message;
      return {type: 'completed', id, completions: {matches: [], start: at, end: at, member: false}};
    }
    case 'inspect':
      return {type: 'inspected', id: message.id};
  }
}

/** TypeScript fails an assertion of its own on some broken texts. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
