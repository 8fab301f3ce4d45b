/** A stretch of a cell's text, in UTF-16 offsets; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A place in a text as a person counts it: both from 1, the column in code points (a tab is one). */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * The place of a UTF-16 offset. An offset outside the text is moved to its nearest end; a line ends in LF or CRLF.
 */
export function positionAt(text: string, offset: number): Position {
  const at = Math.max(0, Math.min(offset, text.length));
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return {line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1};
}

/** The offset at which the content of the line ends in which `from` lies: before its LF, its CRLF, or the end of the text. */
export function lineEnd(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  if (newline === -1) return text.length;
  return newline > from && text[newline - 1] === '\r' ? newline - 1 : newline;
}

/** The offset at which the line after the one of `from` begins, or the text's end. */
export function nextLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline + 1;
}

/** The text with LF at the end of each line: a cell that was typed with CRLF means the same. */
export function withLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
