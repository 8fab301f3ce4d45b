/** What a Python in a container says where its program is not there, on standard error. */
export const NO_PROGRAM = 'weft: there is no such program';

/**
 * A file of bash that becomes a program in a container, with this environment and no other. What IPython and matplotlib write for
 * themselves goes to a directory of its own: a container has no home that could be relied on.
 */
export function startFile(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  scratch: string,
): string {
  const whole = {IPYTHONDIR: `${scratch}/ipython`, MPLCONFIGDIR: `${scratch}/matplotlib`, ...environment};
  const words = Object.entries(whole)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => `export ${name}=${quote(value)}\n`);
  return (
    words.join('') +
    `command -v ${quote(program)} >/dev/null || { echo ${quote(NO_PROGRAM)} >&2; exit 127; }\n` +
    `exec ${[program, ...args].map(quote).join(' ')}\n`
  );
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
