import {bashQuote} from './bash-variables.js';

/** `env -i` with the clean environment of a task (LANGUAGE 4): the probed one, what is declared, and a few fixed names. */
export function cleanEnvironment(
  probed: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, string>>,
): string {
  const environment: Record<string, string> = {LC_ALL: 'C.UTF-8', PYTHONNOUSERSITE: '1', ...probed, ...declared};
  const words = Object.entries(environment)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => bashQuote(`${name}=${value}`));
  return `env -i ${words.join(' ')}`;
}
