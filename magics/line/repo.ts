import {existsSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {lineMagic, wrong} from './line-magic.js';

/** `%repo DATA`: the root repository for the cells that follow. */
export const repoMagic = lineMagic(
  {
    name: 'repo',
    summary: 'names the root repository of the cells that follow',
    example: '%repo DATA',
    options: {collections: 'many'},
  },
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    const [text, ...more] = words.value;
    if (text === undefined) {
      context.stream('stdout', `${context.settings.repo ?? 'no repository: %repo DATA names one'}\n`);
      return undefined;
    }
    if (more.length > 0)
      return wrong(line, 'W7003', '`%repo` takes one directory', 'put quotes around a name with blanks');
    const path = resolve(context.directory, text);
    if (!existsSync(path))
      return wrong(
        line,
        'W7004',
        `there is no directory \`${text}\``,
        `make it first: \`!mkdir ${text}\`, and \`!echo lsst.obs.hsc.HscMapper > ${text}/_mapper\``,
      );
    if (!statSync(path).isDirectory()) return wrong(line, 'W7004', `\`${text}\` is no directory`);
    const files = ['_mapper', 'repositoryCfg.yaml', 'butler.yaml'];
    if (!files.some(file => existsSync(join(path, file)))) {
      return wrong(
        line,
        'W7005',
        `\`${text}\` is no repository: it has none of ${files.map(file => `\`${file}\``).join(', ')}`,
        `make it one: \`!echo lsst.obs.hsc.HscMapper > ${text}/_mapper\``,
      );
    }
    context.settings.repo = path;
    return undefined;
  },
);
