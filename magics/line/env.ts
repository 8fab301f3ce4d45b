import {lineMagic, wrong} from './line-magic.js';

/** `%env K=V`: an environment variable of the tasks, declared and hashed. */
export const envMagic = lineMagic(
  {
    name: 'env',
    summary: 'declares an environment variable of the tasks; it is part of their fingerprints',
    example: '%env OMP_NUM_THREADS=1',
  },
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    const {environment} = context.settings;
    if (words.value.length === 0) {
      context.stream(
        'stdout',
        environment.size === 0
          ? 'nothing is declared\n'
          : [...environment].map(([name, value]) => `${name}=${value}\n`).join(''),
      );
      return undefined;
    }
    for (const word of words.value) {
      const at = word.indexOf('=');
      const name = at < 0 ? word : word.slice(0, at);
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        return wrong(line, 'W2035', `\`${name}\` is no name of an environment variable`, 'write `%env NAME=value`');
      if (at >= 0) environment.set(name, word.slice(at + 1));
      else if (environment.has(name)) context.stream('stdout', `${name}=${environment.get(name) ?? ''}\n`);
      else
        return wrong(
          line,
          'W2035',
          `\`${name}\` is not declared`,
          `write \`%env ${name}=$${name}\` to pass the kernel's own value`,
        );
    }
    return undefined;
  },
);
