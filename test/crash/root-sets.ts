import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {RerunSets} from './rerun-sets.js';
import {noted, secondsOf} from './task-sets.js';

/** Where the tasks write that change the root. */
const MADE = 'made';

/** The sets of reruns, each behind a script that changes their root. No two of these scripts ever run at once. */
export class RootSets extends RerunSets {
  readonly #side: string;

  constructor(directory: string, side: string) {
    super(directory, side);
    this.#side = side;
    mkdirSync(join(directory, 'DATA', MADE));
  }

  override cells(set: number): readonly string[] {
    const file = `"$WEFT_ROOT/${MADE}/r${set}.txt"`;
    const body = noted(`r${set}`, this.#side, '$PWD', [
      `exec 8>>${this.#side}/lock-root`,
      `flock -n 8 || echo "twice root" >> ${this.#side}/log`,
      `echo one > ${file}`,
      `env -i bash ${this.#side}/linger $PPID ${secondsOf(set)}`,
      `echo two >> ${file}`,
    ]);
    return [`%%bash --mutates DATA --as r${set}\n${body}`, ...super.cells(set)];
  }

  override read(set: number): string {
    const text = `(await r${set}.then(() => import("node:fs/promises"))).readFile("DATA/${MADE}/r${set}.txt", "utf8")`;
    return `[await ${text}, ...${super.read(set)}]`;
  }

  override readonly made = (set: number): unknown => ['one\ntwo\n', ...this.products(set)];

  override contents(task: string): Readonly<Record<string, string | RegExp>> {
    if (!task.startsWith('r')) return super.contents(task);
    return {
      'changes.json': new RegExp(
        `^\\{\\n "rows": \\[\\],\\n "files": \\[[^\\]]*"${MADE}/${task}\\.txt"[^\\]]*\\]\\n\\}\\n$`,
      ),
    };
  }
}
