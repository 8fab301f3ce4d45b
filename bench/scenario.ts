import {spawn} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import {notebookText, root} from './notebook.js';

/** Something that users of notebooks meet, and what should come of it. */
export interface Scenario {
  /** From 1; the peer's script counts them the same way. */
  readonly number: number;
  readonly title: string;
  /** What {@link play} gives if all is well. */
  readonly wanted: JsonValue;
  /** Does it, in an empty directory, with notebooks that `weft run` runs from beginning to end. */
  readonly play: (place: Place) => Promise<JsonValue>;
}

/** How a headless run of a notebook ended. */
export interface Ran {
  readonly status: number | null;
  /** What the cells printed and showed as text, and the messages of errors. One after the other. */
  readonly shown: string;
}

/** An empty directory of which one notebook after the other is run. Whoever made it removes it. */
export class Place {
  readonly directory: string;
  #runs = 0;

  /** @param directory an absolute path without characters that a shell reads; made if it is not there */
  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, {recursive: true});
  }

  /** The path of something in the directory. */
  at(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** Writes a file. */
  write(name: string, text: string): void {
    writeFileSync(this.at(name), text);
  }

  /** A file's lines; none if it is not there. */
  lines(name: string): readonly string[] {
    return existsSync(this.at(name)) ? readFileSync(this.at(name), 'utf8').split('\n').filter(Boolean) : [];
  }

  /** Runs cells as a notebook by `weft run`, in a kernel of their own, until all its tasks have ended. */
  async run(...cells: readonly string[]): Promise<Ran> {
    const [notebook, executed] = [this.at(`notebook-${++this.#runs}.ipynb`), this.at(`executed-${this.#runs}.ipynb`)];
    writeFileSync(notebook, notebookText(cells));
    const weft = join(root, 'dist', 'weft.js');
    const env = {PATH: process.env['PATH'], HOME: this.at('home'), LANG: 'C.UTF-8'};
    mkdirSync(env.HOME, {recursive: true});
    const child = spawn(weft, ['run', notebook, '-o', executed], {
      cwd: this.directory,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    if (!existsSync(executed)) throw new Error(`weft run wrote no notebook (${status ?? 'a signal'}): ${said}`);
    return {status, shown: textsOf(readFileSync(executed, 'utf8')).join('\n')};
  }
}

interface Output {
  readonly text?: string | readonly string[];
  readonly evalue?: string;
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
}

/** What a notebook's outputs say in plain text. */
function textsOf(notebook: string): readonly string[] {
  const {cells} = JSON.parse(notebook) as {readonly cells: readonly {readonly outputs?: readonly Output[]}[]};
  const whole = (text: string | readonly string[] | undefined): string =>
    typeof text === 'string' ? text : (text ?? []).join('');
  return cells.flatMap(({outputs = []}) =>
    outputs.map(({text, evalue, data}) => evalue ?? whole(text ?? data?.['text/plain'])),
  );
}
