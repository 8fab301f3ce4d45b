import type {ErrorContent} from '../wire/notebook.js';
import type {PythonDone} from './port.js';
import type {Ended} from './python-process.js';
import {NO_PROGRAM} from './start-file.js';

/** An IPython that could not be started. */
export type Absent = Extract<PythonDone, {is: 'absent'}>;

/** Why one that has ended before it answered did so. */
export function whyAbsent({missing, stderr, code, signal, fault}: Ended): Absent {
  if (fault !== undefined) return {is: 'absent', what: 'other', said: fault.message, remedy: fault.remedy};
  if (missing || stderr.includes(NO_PROGRAM)) return {is: 'absent', what: 'program', said: ''};
  if (/No module named '?ipykernel/.test(stderr)) return {is: 'absent', what: 'module', said: ''};
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return {is: 'absent', what: 'other', said: said === '' ? `it ended with ${code ?? signal ?? 'nothing'}` : said};
}

/** The error of the cell in which one died. */
export function deathOf({code, signal}: Ended): ErrorContent {
  const how = signal === null ? `ended with exit ${code ?? 'unknown'}` : `was ended by ${signal}`;
  const evalue = `the Python of \`%%py\` ${how}: its names are lost, and the next \`%%py\` starts a fresh one`;
  return {ename: 'PythonDied', evalue, traceback: [`PythonDied: ${evalue}`]};
}
