import {chmodSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {noted, secondsOf, type TaskSets} from './task-sets.js';

/** The programs of the stack, and the first letters of their tasks. */
const PROGRAMS = {w: 'makeCoaddTempExp', m: 'measureCoaddSources'} as const;

/**
 * A program with the command line of those of the stack, as far as it is needed here: `ROOT --rerun RERUN … -c tag=TASK`. It writes one
 * dataset, in two steps, after what its parents have.
 */
const program = (side: string): string => `#!/bin/bash
set -euo pipefail
own=$1/rerun/$3
for word; do case $word in tag=*) tag=\${word#tag=} ;; esac; done
read -r stat < "/proc/$PPID/stat"
stat=(\${stat##*) })
set=\${tag:1}
${noted('$tag', side, '$own', [
  'mkdir -p "$own/out"',
  'while read -r dash parent; do',
  '  if [[ $dash == - && -d $own/$parent/out ]]; then cat "$own/$parent"/out/* >> "$own/out/$tag.txt"; fi',
  'done < "$own/repositoryCfg.yaml"',
  'echo "$tag one" >> "$own/out/$tag.txt"',
  // Its parent is the shell that made the set-up, whose parent is the runner.
  `env -i bash ${side}/linger "\${stat[1]}" "$( ((set % 3)) && echo ${secondsOf(1)} || echo ${secondsOf(3)})"`,
  'echo two >> "$own/out/$tag.txt"',
])}
`;

/** Command-line tasks in reruns of their own: one that reads the root, one that reads the first, and a join of both. */
export class RerunSets implements TaskSets {
  readonly heading = ['%setup source stack/setup.sh', '%repo DATA'];

  /** @param directory the notebook's, where a stack and a root repository are made */
  constructor(directory: string, side: string) {
    const at = (...names: readonly string[]): string => join(directory, ...names);
    mkdirSync(at('stack', 'bin'), {recursive: true});
    mkdirSync(at('DATA'));
    writeFileSync(at('DATA', '_mapper'), 'lsst.obs.hsc.HscMapper\n');
    writeFileSync(
      at('stack', 'setup.sh'),
      'export PATH="$PWD/stack/bin:$PATH"\neups() { echo \'   afw   18.1.0   setup\'; }\n',
    );
    for (const name of Object.values(PROGRAMS)) {
      writeFileSync(at('stack', 'bin', `${name}.py`), program(side));
      chmodSync(at('stack', 'bin', `${name}.py`), 0o755);
    }
  }

  cells(set: number): readonly string[] {
    const id = `--id filter=HSC-R tract=${set} patch=0,0`;
    return [
      `%%lsst ${PROGRAMS.w} --as w${set}\n${id} -c tag=w${set}`,
      `%%lsst ${PROGRAMS.m} --from w${set} --as m${set}\n${id} -c tag=m${set}`,
      `%%join w${set} m${set} --as j${set} --mode link`,
    ];
  }

  read(set: number): string {
    const text = (task: string): string =>
      `(await (await import("node:fs/promises")).readFile((await j${set}).path + "/out/${task}${set}.txt", "utf8"))`;
    return `[${text('w')}, ${text('m')}]`;
  }

  readonly made: TaskSets['made'] = set => this.products(set);

  /** What the two reruns of a set have made. */
  protected products(set: number): readonly unknown[] {
    return ['w', 'm'].map(letter => this.contents(`${letter}${set}`)[`out/${letter}${set}.txt`]);
  }

  contents(task: string): Readonly<Record<string, string | RegExp>> {
    const own = `${task} one\ntwo\n`;
    const first = task.startsWith('m') ? `w${task.slice(1)} one\ntwo\n` : '';
    return {[`out/${task}.txt`]: `${first}${own}`, 'repositoryCfg.yaml': /_parents:\n(- .*\n)+/};
  }

  value(): undefined {
    return undefined;
  }
}
