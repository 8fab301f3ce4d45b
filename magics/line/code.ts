import {existsSync} from 'node:fs';
import {resolve} from 'node:path';
import {lineMagic, wrong} from './line-magic.js';

/** `%code PATH…`: code that tasks use, hashed by content. */
export const codeMagic = lineMagic(
  {
    name: 'code',
    summary: 'declares files or directories of code that tasks use: their content is part of the fingerprints',
    example: '%code scripts/',
  },
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    for (const word of words.value) {
      const path = resolve(context.directory, word);
      if (!existsSync(path))
        return wrong(line, 'W7001', `there is no file \`${word}\``, `it is looked for from ${context.directory}`);
      context.settings.code.add(path);
    }
    if (words.value.length === 0)
      context.stream('stdout', `${[...context.settings.code].join('\n') || 'no code is declared'}\n`);
    return undefined;
  },
);
