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
    const declared = new Map<string, string>();
    const asked: string[] = [];
    for (const word of words.value) {
      const at = word.indexOf('=');
      const name = at < 0 ? word : word.slice(0, at);
      const last = [...declared.keys()].at(-1);
      // One wrong word, and none of the line counts.
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        return wrong(
          line,
          'W2035',
          `\`${name}\` is no name of an environment variable`,
          last === undefined ? 'write `%env NAME=value`' : quoted(last),
        );
      if (at >= 0) declared.set(name, word.slice(at + 1));
      else if (environment.has(name) || declared.has(name)) asked.push(name);
      else
        return wrong(
          line,
          'W2035',
          `\`${name}\` is not declared`,
          last === undefined ? `write \`%env ${name}=$${name}\` to pass the kernel's own value` : quoted(last),
        );
    }
    for (const [name, value] of declared) environment.set(name, value);
    for (const name of asked) context.stream('stdout', `${name}=${environment.get(name) ?? ''}\n`);
    return undefined;
  },
);

const quoted = (name: string): string => `a value with blanks is quoted: \`%env ${name}='one two'\``;
