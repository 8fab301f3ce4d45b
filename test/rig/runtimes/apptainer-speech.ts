import {writeSync} from 'node:fs';

/** How much apptainer says on stderr. */
export type Loudness = 'all' | 'quiet' | 'silent';

/** What apptainer says on stderr, in the form for what is no terminal. */
export class Speech {
  readonly #loudness: Loudness;

  /** `quiet` is `-q`, which stops INFO; `silent` is `-s`, which also stops WARNING. */
  constructor(loudness: Loudness) {
    this.#loudness = loudness;
  }

  /** Something to know. */
  info(text: string): void {
    if (this.#loudness === 'all') writeSync(2, `INFO:    ${text}\n`);
  }

  /** Something odd. */
  warning(text: string): void {
    if (this.#loudness !== 'silent') writeSync(2, `WARNING: ${text}\n`);
  }

  /** The last word: 255. */
  fatal(text: string): never {
    writeSync(2, `FATAL:   ${text}\n`);
    process.exit(255);
  }
}
