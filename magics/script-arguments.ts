/** What of a script is hashed, besides what it reads. */
export type ScriptArguments = {
  /** Its text: another text does another thing. Without CRLF and newlines at its end, which change nothing. */
  readonly script: string;
  /** bash without `-euo pipefail` goes on where it would have ended. Absent: with them. */
  readonly strict?: false;
  /** It gives a value, and files only where `out` names some. */
  readonly value?: true;
  /** Globs of `--out`, sorted: what they do not match is no part of the result. Absent: all is. */
  readonly out?: readonly string[];
  /** Patterns of `--in` below other results, sorted: other patterns are other files of the same results. */
  readonly in?: readonly string[];
};
