import {resolve} from 'node:path';
import {didYouMean} from '../../kernel/cell/suggest.js';
import type {LineContext} from '../../kernel/session/magic.js';
import {lineMagic, wrong} from './line-magic.js';

/** `%executor local --slots N`: how many tasks run at once. */
export const executorMagic = lineMagic(
  {
    name: 'executor',
    summary: 'says where tasks are run, and how many at once',
    example: '%executor local --slots 4',
    most: 1,
    options: {slots: 'one'},
  },
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    const [name = 'local'] = words.value;
    if (name !== 'local')
      return wrong(
        line,
        'W8001',
        `the executor \`${name}\` is not there`,
        'this version runs tasks on this machine: `%executor local --slots N`',
      );
    const slots = line.options.find(option => option.name === 'slots')?.values[0];
    if (slots !== undefined) {
      const count = Number(slots.raw);
      if (!Number.isInteger(count) || count < 1)
        return wrong(line, 'W2010', `\`${slots.raw}\` is no whole number of at least 1`, 'write `--slots 4`');
      context.settings.slots = count;
      context.notebook.resize(count);
    }
    context.stream('stdout', `tasks run on this machine, ${context.settings.slots} at once\n`);
    return undefined;
  },
);

/** `%config KEY VALUE`: settings of the notebook. */
export const configMagic = lineMagic(
  {name: 'config', summary: 'shows or changes a setting', example: '%config verify content'},
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    const [key, value, surplus] = words.value;
    const {settings} = context;
    const given = SETTINGS.get(key ?? '');
    if (surplus !== undefined)
      return wrong(
        line,
        'W2036',
        `\`%config\` takes one key and one value, and here is \`${surplus}\` too`,
        'quote a value with blanks in it',
        2,
      );
    if (key === undefined) {
      const rows = [...SETTINGS].map(([name, {read}]) => `${name} ${read(settings)}\n`).join('');
      context.stream('stdout', `${rows}slots ${settings.slots}\n`);
    } else if (given === undefined)
      return wrong(
        line,
        'W2036',
        `there is no setting \`${key}\``,
        didYouMean(key, [...SETTINGS.keys()]) ??
          `there is ${[...SETTINGS].map(([name, {values}]) => `\`${name}\` (${values})`).join(' and ')}`,
      );
    else if (value === undefined) context.stream('stdout', `${given.read(settings)}\n`);
    else {
      const set = await given.set(settings, value, context);
      if (set === false) return wrong(line, 'W2036', `\`${key}\` is never \`${value}\``, `it is ${given.values}`, 1);
      if (set !== true) return wrong(line, 'W7060', set.message, set.remedy, 1);
    }
    return undefined;
  },
);

type Settings = LineContext['settings'];

/**
 * A setting that `%config` changes. `set` gives false for a value that it can't have, or says why it can't have it now. `choices` are
 * offered while a person types; `directory`: directories are.
 */
export interface Setting {
  readonly values: string;
  readonly choices?: readonly string[] | 'directory';
  readonly read: (settings: Settings) => string;
  readonly set: (
    settings: Settings,
    value: string,
    context: LineContext,
  ) => boolean | Promise<boolean | {readonly message: string; readonly remedy?: string}>;
}

/** The settings, by the keys of `%config`. */
export const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  [
    'verify',
    {
      values: 'size, mtime or content',
      choices: ['size', 'mtime', 'content'],
      read: ({verify}) => verify,
      set(settings, value) {
        if (value !== 'size' && value !== 'mtime' && value !== 'content') return false;
        settings.verify = value;
        return true;
      },
    },
  ],
  [
    'python',
    {
      values: 'a program, by path or by name; it runs `%%python` and `%%py`',
      read: ({python}) => python,
      set(settings, value, {directory}) {
        if (value === '') return false;
        settings.python = value.includes('/') ? resolve(directory, value) : value;
        return true;
      },
    },
  ],
  [
    'settle',
    {
      choices: ['cell', 'later'],
      values: 'cell or later; with cell, a cell is over when its tasks have ended',
      read: ({settle}) => settle,
      set(settings, value) {
        if (value !== 'cell' && value !== 'later') return false;
        settings.settle = value;
        return true;
      },
    },
  ],
  [
    'cells',
    {
      choices: ['typescript', 'py'],
      values: 'typescript or py; it is what a cell without a magic is',
      read: ({cells}) => cells,
      set(settings, value) {
        if (value !== 'typescript' && value !== 'py') return false;
        settings.cells = value;
        return true;
      },
    },
  ],
  [
    'network',
    {
      values: 'none or default; it is that of tasks in a container',
      choices: ['none', 'default'],
      read: ({network}) => network ?? 'default',
      set(settings, value) {
        if (value !== 'none' && value !== 'default') return false;
        settings.network = value === 'none' ? value : undefined;
        return true;
      },
    },
  ],
  [
    'typecheck',
    {
      values: 'warn, error or off; it is that of TypeScript cells',
      choices: ['warn', 'error', 'off'],
      read: ({typecheck}) => typecheck,
      set(settings, value) {
        if (value !== 'warn' && value !== 'error' && value !== 'off') return false;
        settings.typecheck = value;
        return true;
      },
    },
  ],
  [
    'store',
    {
      values: 'a directory; it is that of results which are no reruns, for the notebooks of this directory',
      choices: 'directory',
      read: ({store}) => store,
      async set(_settings, value, {notebook}) {
        if (value.trim() === '') return false;
        const moved = await notebook.moveStore(value);
        return moved.ok || moved.error;
      },
    },
  ],
]);
