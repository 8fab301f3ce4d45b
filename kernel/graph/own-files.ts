/** What the names of Weft's own files begin with, which lie at the top of a task's directory. They are no outputs. */
export const OWN = '.weft.';

/** All of them, by what follows: of the runner, of scripts and of stack tasks. */
const NAMES: ReadonlySet<string> = new Set(
  (
    'before cancelled exit figures given.json in inputs json log main.py memory no-value run runner script start started ' +
    'stdout stop task tmp value'
  ).split(' '),
);

/** Whether a file at the top of a task's directory is Weft's own, by its name. */
export const isOwnFile = (name: string): boolean => name.startsWith(OWN) && NAMES.has(name.slice(OWN.length));
