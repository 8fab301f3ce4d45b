import {cleanText} from './clean-text.js';

/** Markup that is safe to send: made by {@link markup} only, so that no text gets into it unescaped. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a `${}` of {@link markup}. Text is escaped, lists are joined, undefined is nothing. */
export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it stands in an element or a quoted attribute; control characters and terminal colours are taken out. */
export function escapeHtml(text: string): string {
  return cleanText(text).replace(/[&<>"']/g, character => ENTITIES[character] ?? '');
}

function render(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(value);
  return value.map(render).join('');
}

/** A tagged template that escapes what is put into it. Attributes must be quoted. */
export function markup(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.reduce((text, part, at) => text + render(values[at - 1]) + part));
}

/** Text with `backticks`: what stands between two of them becomes `<code>`. */
export function withCode(text: string): Html {
  const parts = text.split('`');
  const last = parts.length - 1;
  return markup`${parts.map((part, at) => {
    if (at % 2 === 0) return part;
    return at === last ? `\`${part}` : markup`<code>${part}</code>`;
  })}`;
}
