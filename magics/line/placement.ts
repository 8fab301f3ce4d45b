import {lineMagic, wrong} from './line-magic.js';

/** `%container none|auto`: where tasks run. Only the host, in this version. */
export const containerMagic = lineMagic(
  {
    name: 'container',
    summary: 'says in which container tasks run; in this version: none',
    example: '%container none',
    options: {refresh: 'none'},
  },
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    const [name] = words.value;
    if (name === undefined || name === 'none' || name === 'auto') {
      context.stream('stdout', 'tasks run on the host, in the environment of %setup\n');
      return undefined;
    }
    return wrong(
      line,
      'W8002',
      `the container \`${name}\` can't be used`,
      'this version runs tasks on the host: `%container none`, with the stack set up by `%setup`',
    );
  },
);

/** `%executor local --slots N`: how many tasks run at once. */
export const executorMagic = lineMagic(
  {
    name: 'executor',
    summary: 'says where tasks are run, and how many at once',
    example: '%executor local --slots 4',
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
    const [key, value] = words.value;
    const {settings} = context;
    if (key === undefined) {
      context.stream('stdout', `verify ${settings.verify}\nslots ${settings.slots}\nstore ${settings.store}\n`);
      return undefined;
    }
    if (key !== 'verify')
      return wrong(line, 'W2036', `there is no setting \`${key}\``, 'there is `verify` (size, mtime or content)');
    if (value === undefined) context.stream('stdout', `${settings.verify}\n`);
    else if (value === 'size' || value === 'mtime' || value === 'content') settings.verify = value;
    else return wrong(line, 'W2036', `\`${value}\` is no way to verify`, 'write `size`, `mtime` or `content`');
    return undefined;
  },
);
