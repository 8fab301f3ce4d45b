/** A program to be started without any shell: words and values arrive byte for byte. */
export interface Command {
  /** A name that is looked up on the PATH of `environment`, or an absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** All of its environment. Names are identifiers of a shell, values hold no NUL. */
  readonly environment: Readonly<Record<string, string>>;
}
