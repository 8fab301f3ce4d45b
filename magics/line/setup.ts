import {existsSync, statSync} from 'node:fs';
import {relative, resolve} from 'node:path';
import {bashQuote} from '../bash-variables.js';
import {lineMagic} from './line-magic.js';

/** A file of the notebook's directory by its relative name, so that the directory may move. */
const placeOf = (path: string, directory: string): string => {
  const name = relative(directory, path);
  return name.startsWith('..') ? path : `./${name}`;
};

/** `%setup FILE` or `%setup COMMAND…`: what makes the environment of tasks; verbatim bash (LANGUAGE 12). */
export const setupMagic = lineMagic(
  {
    name: 'setup',
    summary: 'makes the environment of the tasks: a file to source, or a line of bash',
    example: '%setup source loadLSST.bash\n%setup setup lsst_distrib',
    raw: true,
  },
  async (line, context) => {
    const {settings, directory, cell} = context;
    const text = line.rest.trim();
    if (text === '') {
      context.stream('stdout', settings.setup === '' ? 'no set-up\n' : `${settings.setup}\n`);
      return undefined;
    }
    const path = resolve(directory, text.replace(/^(['"])(.*)\1$/, '$2'));
    const command =
      !/\s/.test(text) && existsSync(path) && statSync(path).isFile()
        ? `source ${bashQuote(placeOf(path, directory))}`
        : text;
    // The lines of one cell are one text; a later cell replaces it.
    settings.setup = settings.setupCell === cell && settings.setup !== '' ? `${settings.setup}\n${command}` : command;
    settings.setupCell = cell;
    return undefined;
  },
);
