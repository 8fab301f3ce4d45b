import {errorAt} from './diagnostic.js';
import type {Diagnostic, Parsed} from './diagnostic.js';
import {isIdentifier, isReserved, proposeIdentifier} from './identifier.js';
import type {Reference} from './syntax.js';

type Index = Reference['indexes'][number];

/** Names that are no identifiers: a person's rerun, and all futures of a line magic. */
const OTHER_NAME = /^(?:rerun:[^[\]=\s'"]+|\*)$/;

/**
 * Reads a reference to a future from a word **as it was typed** (`Word.raw`, `Word.span.start`), since in an index a quoted text is a
 * key and a bare one may be a loop variable: `warps`, `warps[filter]`, `warps["HSC-R"][*]`, `a=psf[r]`. A comma is part of a key. `rerun:NAME` (a person's rerun) and
 * `*` are names without an identifier's shape; whether they may stand here is for the magic to say.
 */
export function parseReference(raw: string, offset = 0): Parsed<Reference> {
  const diagnostics: Diagnostic[] = [];
  const span = (start: number, end: number) => ({start: start + offset, end: end + offset});
  const alias = /^([^=[\]'"]*)=/.exec(raw)?.[1];
  if (alias !== undefined) checkName(alias, 0, 'an alias');
  const from = alias === undefined ? 0 : alias.length + 1;
  const name = /^[^[]*/.exec(raw.slice(from))?.[0] ?? '';
  const nameEnd = from + name.length;
  if (!OTHER_NAME.test(name)) checkName(name, from, 'the name of a future');
  const indexes: Index[] = [];
  let at = nameEnd;
  while (raw[at] === '[') {
    const index = readIndex(raw, at);
    const all = indexes.at(-1)?.is === 'all';
    if (all) {
      const hint = '`[*]` means all that is left: leave out what follows';
      diagnostics.push(errorAt('W4003', span(at, index.end), '`[*]` must be the last index', hint));
    }
    if (index.wrong !== undefined) {
      diagnostics.push(
        errorAt('W4002', span(index.wrong.start, index.wrong.end), index.wrong.message, index.wrong.hint),
      );
    }
    indexes.push({is: index.is, text: index.text, span: span(at, index.end)});
    at = index.end;
  }
  if (at < raw.length) {
    const behind = raw.slice(at);
    const property = /^\.([\w-]+)/.exec(behind)?.[1];
    const hint = property === undefined ? 'end the name behind its last `]`' : `an index is written \`[${property}]\``;
    diagnostics.push(errorAt('W4004', span(at, raw.length), `unexpected \`${behind}\` behind the index`, hint));
  }
  return {
    value: {
      name,
      nameSpan: span(from, nameEnd),
      indexes,
      ...(alias === undefined ? {} : {alias}),
      span: span(0, raw.length),
    },
    diagnostics,
  };

  function checkName(text: string, start: number, what: string): void {
    if (isIdentifier(text)) return;
    const place = span(start, start + text.length);
    if (text === '') {
      diagnostics.push(
        errorAt('W4001', place, `${what} is missing`, 'write it as `warps`, `warps[filter]` or `a=warps[filter]`'),
      );
      return;
    }
    const property = /^([\p{ID_Start}$_][\p{ID_Continue}$]*)\.([\w-]+)$/u.exec(text);
    const unquoted = text.replace(/['"]/g, '');
    let hint = `did you mean \`${proposeIdentifier(text)}\`?`;
    if (isReserved(text)) hint = 'give the future another name, with `--as`';
    else if (/^['"]/.test(text)) hint = `write the name without quotes: \`${unquoted === '' ? 'warps' : unquoted}\``;
    else if (text.startsWith('$')) hint = 'write the name alone, without `$` and braces';
    else if (property !== null) hint = `did you mean \`${property[1] ?? ''}[${property[2] ?? ''}]\`?`;
    const message = isReserved(text) ? `\`${text}\` is a reserved word` : `\`${text}\` is not ${what}`;
    diagnostics.push(errorAt('W4001', place, message, hint));
  }
}

interface ReadIndex {
  readonly is: Index['is'];
  readonly text: string;
  /** Behind the `]`. */
  readonly end: number;
  readonly wrong?: {readonly start: number; readonly end: number; readonly message: string; readonly hint: string};
}

function readIndex(raw: string, open: number): ReadIndex {
  let text = '';
  let quoted = false;
  let at = open + 1;
  while (at < raw.length && raw[at] !== ']') {
    const char = raw[at] ?? '';
    if (char === "'" || char === '"') {
      quoted = true;
      const start = at++;
      while (at < raw.length && raw[at] !== char) {
        if (char === '"' && raw[at] === '\\' && /["\\$`]/.test(raw[at + 1] ?? '')) at++;
        text += raw[at++] ?? '';
      }
      if (at >= raw.length) {
        const wrong = {start, end: start + 1, message: `this ${char} is never closed`, hint: `add the closing ${char}`};
        return {is: 'key', text, end: raw.length, wrong};
      }
      at++;
    } else if (char === '\\' && at + 1 < raw.length) {
      quoted = true;
      text += raw[at + 1] ?? '';
      at += 2;
    } else {
      text += char;
      at++;
    }
  }
  if (at >= raw.length) {
    const wrong = {
      start: open,
      end: open + 1,
      message: 'this `[` is never closed',
      hint: 'add the `]` (a key with blanks is quoted: `["a b"]`)',
    };
    return {is: quoted ? 'key' : 'bare', text, end: raw.length, wrong};
  }
  const end = at + 1;
  if (quoted) return {is: 'key', text, end};
  if (text === '*') return {is: 'all', text, end};
  if (text === '') {
    const wrong = {
      start: open,
      end,
      message: 'an index is empty',
      hint: 'write a loop variable, a key, or `*` for all (the empty key is `[""]`)',
    };
    return {is: 'bare', text, end, wrong};
  }
  if (/^\$/.test(text)) {
    const inner = /^\$\{?\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*\}?$/u.exec(text)?.[1] ?? 'filter';
    const wrong = {
      start: open + 1,
      end: end - 1,
      message: `an index is no expression: \`${text}\``,
      hint: `write the loop variable alone: \`[${inner}]\``,
    };
    return {is: 'bare', text, end, wrong};
  }
  return {is: 'bare', text, end};
}
