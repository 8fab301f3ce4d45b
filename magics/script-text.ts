/** CRLF against LF and trailing newlines are cosmetic; nothing else is. */
export const normalScript = (text: string): string => text.replaceAll('\r\n', '\n').replace(/\n+$/, '');

/** Of a script given as text to a function: a first empty line is dropped and the common indent removed (LANGUAGE 13). */
export function dedent(text: string): string {
  const lines = text
    .replaceAll('\r\n', '\n')
    .replace(/^[ \t]*\n/, '')
    .split('\n');
  const indents = lines.filter(line => line.trim() !== '').map(line => /^[ \t]*/.exec(line)?.[0] ?? '');
  let common = indents[0] ?? '';
  for (const indent of indents) while (!indent.startsWith(common)) common = common.slice(0, -1);
  return lines.map(line => (line.startsWith(common) ? line.slice(common.length) : line.trimStart())).join('\n');
}
