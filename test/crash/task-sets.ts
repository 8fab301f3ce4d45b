/** Sets of small tasks for the crash tests. Set `n` has tasks whose names end in `n`, or in `n.` and a number. */
export interface TaskSets {
  /** Cells before those of the sets. */
  readonly heading: readonly string[];
  cells(set: number): readonly string[];
  /** An expression for what the tasks of a set have made. */
  read(set: number): string;
  /** What that must be. */
  readonly made: (set: number) => unknown;
  /** The files of a task's result by their names; undefined if it makes a value. */
  contents(task: string): Readonly<Record<string, string | RegExp>> | undefined;
  /** A task's value; undefined if it makes files. */
  value(task: string): number | undefined;
}

/** How long the tasks of a set with files take, in seconds. */
export const secondsOf = (set: number): number => (set % 3 === 0 ? 1 : 0.1);

/**
 * Bash that does a task's work: it notes when it begins and ends, and holds a lock meanwhile, so that a second one at the same time is
 * seen.
 * @param side a directory outside of the notebook's
 * @param place the attempt's directory, for bash
 */
export const noted = (task: string, side: string, place: string, work: readonly string[]): string =>
  [
    `exec 9>>${side}/lock-${task}`,
    `flock -n 9 || echo "twice ${task}" >> ${side}/log`,
    `echo "begin ${task} ${place}" >> ${side}/log`,
    ...work,
    `echo "end ${task} ${place}" >> ${side}/log`,
  ].join('\n');

/**
 * `linger RUNNER SECONDS`: takes so long. Where the task's runner has gone by then it goes on, with the task's lock, until somebody ends
 * it: a task that is run again beside it is seen.
 */
export const LINGER = `exec {quiet}<> <(:)
read -r -t "$2" -u "$quiet"
for ((i = 0; i < 400; i++)); do
  grep -qs runner.sh "/proc/$1/cmdline" && exit
  [[ -d \${0%/*} ]] || exit
  read -r -t 0.1 -u "$quiet"
done
exit 1
`;

/** Values of one set. */
const VALUES = 3;

/** Scripts: two with files, one of which reads the other, and a few values. */
export class ScriptSets implements TaskSets {
  readonly heading: readonly string[] = [];
  readonly #side: string;

  constructor(side: string) {
    this.#side = side;
  }

  cells(set: number): readonly string[] {
    const body = (task: string, ...work: readonly string[]): string => noted(task, this.#side, '$PWD', work);
    // What has left its task's session has still got its name, what has lost its environment is still in its group.
    const values = `setsid -w bash ${this.#side}/linger $PPID 0.01`;
    const files = `env -i bash ${this.#side}/linger $PPID ${secondsOf(set)}`;
    const first = [`echo "${set} one" > out.txt`, 'mkdir sub', `echo "more of ${set}" > sub/more.txt`];
    return [
      `%%bash --as a${set}\n${body(`a${set}`, ...first, files, 'echo two >> out.txt')}`,
      `%%bash --as b${set} --with a${set}\n${body(`b${set}`, `cat $a${set}/out.txt > out.txt`, files, 'echo three >> out.txt')}`,
      `%%foreach i in [1..${VALUES}]\n%%bash --as v${set} --value\n${body(`v${set}.$i`, ': > begun', values, `echo $((${set} * 100 + i))`)}`,
    ];
  }

  read(set: number): string {
    return `[(await a${set}).text("out.txt"), (await b${set}).text("out.txt"), [...(await v${set}).values()]]`;
  }

  readonly made = (set: number): unknown => [
    this.contents(`a${set}`)?.['out.txt'],
    this.contents(`b${set}`)?.['out.txt'],
    Array.from({length: VALUES}, (_, i) => this.value(`v${set}.${i + 1}`)),
  ];

  contents(task: string): Readonly<Record<string, string>> | undefined {
    const set = task.slice(1);
    if (task.startsWith('a')) return {'out.txt': `${set} one\ntwo\n`, 'sub/more.txt': `more of ${set}\n`};
    return task.startsWith('b') ? {'out.txt': `${set} one\ntwo\nthree\n`} : undefined;
  }

  value(task: string): number | undefined {
    if (!task.startsWith('v')) return undefined;
    const [set, number] = task.slice(1).split('.').map(Number);
    return set! * 100 + number!;
  }
}
