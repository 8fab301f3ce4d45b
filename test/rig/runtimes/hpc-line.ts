/** What click leaves of a command line after it took its own flags out of it. */
export interface Line {
  readonly flags: ReadonlySet<string>;
  readonly words: readonly string[];
  /** A known flag that was given a value, which none takes. */
  readonly valued?: string;
}

/**
 * Takes known flags out of a whole command line, the command's own included, and drops the first `--`, after which all stays.
 * What is not known stays where it is.
 */
export function takeFlags(line: readonly string[], known: readonly string[]): Line {
  const flags = new Set<string>();
  const words: string[] = [];
  for (const [i, word] of line.entries()) {
    if (word === '--') return {flags, words: [...words, ...line.slice(i + 1)]};
    const [name = ''] = word.split('=');
    const flag = name.startsWith('--') ? name.slice(2) : '';
    if (!known.includes(flag)) words.push(word);
    else if (word.includes('=')) return {flags, words, valued: name};
    else flags.add(flag);
  }
  return {flags, words};
}

const valued = new Set(
  [
    '-e --env --env-file -v --volume -w --workdir --name --cidfile -l --label --network --net -u --user --userns --pull -m',
    '--entrypoint --ulimit --mount -h --hostname --annotation --security-opt --cpus --memory --shm-size --cgroups --device',
    '--log-driver --tmpfs --pids-limit --timeout --stop-signal --stop-timeout --group-add --cap-add --cap-drop --runtime',
  ].flatMap(names => names.split(' ')),
);
const execOptions = new Set(
  '-e --env --env-file -w --workdir -u --user -i --interactive -t --tty --privileged'.split(' '),
);

/** Divides the words of `run`: its options, those of them that `exec` has too, the image, and the command. */
export function divide(words: readonly string[]): {
  readonly options: readonly string[];
  readonly shared: readonly string[];
  readonly image: string | undefined;
  readonly command: readonly string[];
} {
  const shared: string[] = [];
  let at = 0;
  while (at < words.length && words[at]?.startsWith('-') === true) {
    const word = words[at] ?? '';
    const length = valued.has(word) ? 2 : 1;
    if (execOptions.has(word.split('=')[0] ?? '')) shared.push(...words.slice(at, at + length));
    at += length;
  }
  return {options: words.slice(0, at), shared, image: words[at], command: words.slice(at + 1)};
}
