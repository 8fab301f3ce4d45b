import {bashQuote} from './bash-variables.js';

/**
 * What a task has unless the set-up or the notebook says otherwise. One thread for each: as many tasks run at once as there are cores,
 * and numerical libraries take all that they see.
 */
const DEFAULTS: Readonly<Record<string, string>> = {LC_ALL: 'C.UTF-8', PYTHONNOUSERSITE: '1', OMP_NUM_THREADS: '1'};

/** The clean environment of a task as assignments of bash, for a task whose runner has none of its own. */
export const cleanExports = (
  probed: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, string>>,
): string => `export ${words(probed, declared)}\n`;

/** `env -i` with the clean environment of a task (LANGUAGE 4): the probed one, what is declared, and a few fixed names. */
export function cleanEnvironment(
  probed: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, string>>,
): string {
  // The runner knows by this what a job has left behind, whatever its session.
  return `env -i \${WEFT_ATTEMPT+"WEFT_ATTEMPT=$WEFT_ATTEMPT"} ${words(probed, declared)}`;
}

/** What the last task had: those of a loop have the same. */
let last: {readonly probed: object; readonly declared: object; readonly words: string} | undefined;

function words(probed: Readonly<Record<string, string>>, declared: Readonly<Record<string, string>>): string {
  if (last?.probed !== probed || last.declared !== declared)
    last = {probed, declared, words: assignments(probed, declared)};
  return last.words;
}

function assignments(probed: Readonly<Record<string, string>>, declared: Readonly<Record<string, string>>): string {
  const environment: Record<string, string> = {...DEFAULTS, ...probed, ...declared};
  return Object.entries(environment)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => `${name}=${bashQuote(value)}`)
    .join(' ');
}
