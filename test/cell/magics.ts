import type {Parsed} from '../../kernel/cell/diagnostic.js';
import {formatDiagnostics} from '../../kernel/cell/diagnostic-text.js';
import type {MagicShape, Word} from '../../kernel/cell/syntax.js';

/** A few magics as the parser sees them. */
export const shapes: readonly MagicShape[] = [
  {
    name: 'lsst',
    use: 'cell',
    options: {as: 'one', from: 'many', force: 'none', time: 'one', mem: 'one', split: 'one', container: 'one'},
    body: 'arguments',
  },
  {name: 'foreach', use: 'cell', options: {as: 'one'}, raw: true, body: 'inner'},
  {
    name: 'bash',
    use: 'cell',
    options: {as: 'one', with: 'many', in: 'many', out: 'many', value: 'none', from: 'many'},
    body: 'script',
  },
  {name: 'python', use: 'cell', options: {as: 'one'}, body: 'script'},
  {name: 'join', use: 'cell', options: {as: 'one', mode: 'one'}, body: 'none'},
  {name: 'repo', use: 'line', options: {collections: 'many'}, body: 'none'},
  {name: 'status', use: 'line', options: {}, body: 'none'},
  {name: 'wait', use: 'line', options: {}, body: 'none'},
  {name: 'log', use: 'line', options: {f: 'none', n: 'one'}, body: 'none'},
  {name: 'setup', use: 'line', options: {}, raw: true, body: 'none'},
];

/** What a person reads of the diagnostics, for cell 7. */
export function said(text: string, {diagnostics}: Parsed<unknown>): string {
  return formatDiagnostics(diagnostics, {count: 7, text});
}

/** The codes of the diagnostics, in order. */
export function codes({diagnostics}: Parsed<unknown>): readonly string[] {
  return diagnostics.map(diagnostic => diagnostic.code);
}

/** A word as text: `$NAME`, `${code}`, and quoted text in `<>`. */
export function wordText(word: Word): string {
  return word.pieces
    .map(piece => {
      const text = piece.is === 'text' ? piece.text : piece.is === 'variable' ? `$${piece.name}` : `\${${piece.code}}`;
      return piece.quoted ? `<${text}>` : text;
    })
    .join('');
}

/** Every span inside a value: all objects under a key that ends in `span`. */
export function spansOf(value: unknown): readonly {start: number; end: number}[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    /span$/i.test(key) ? [inner as {start: number; end: number}] : spansOf(inner),
  );
}

/** How many cases a property test tries. */
export const runs = {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 300 : 20_000};

/** Pieces of cells, in any order: what a parser meets while a person types. */
export const fragments: readonly string[] = [
  '%%lsst', '%%foreach', '%%bash', '%%', '%status', '%', '!ls', '!', '?', ' ', ' ', '\n', '\r\n', '\\', '\\\n', '\\\r\n', '\t',
  "'", '"', '`', '${', '}', '{', '(', ')', '[', ']', '$', '$$', '$HOME', '~/', '#', '--', '--as', '--with', '--x=', '=', ',', ', ',
  'x', 'in', ' in ', 'filter', 'patch', 'HSC-R', '0', '1', '1..3', '5..3', ':2', '^', '0,0', '007', '[*]', '.', '/', '/a/', '//', '/*', '*/',
  '=>', '+', '++', 'let ', 'await ', 'return ', 'if (', 'é', '日', '😀', '\u0000', '\ud800', '\uFEFF', '${a}', '${"}"}', '["a"]', 'rerun:',
]; // prettier-ignore
