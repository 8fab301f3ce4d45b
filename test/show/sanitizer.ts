import {createRequire} from 'node:module';

interface Options {
  readonly allowedTags: readonly string[];
  readonly allowedAttributes: Readonly<Record<string, readonly string[]>>;
  readonly allowedStyles?: Readonly<Record<string, Readonly<Record<string, readonly RegExp[]>>>>;
}

const sanitizeHtml = createRequire(import.meta.url)('sanitize-html') as (html: string, options: Options) => string;

const ALLOWED_TAGS = [
  ...['table', 'caption', 'colgroup', 'col', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td'],
  ...['details', 'summary', 'progress', 'meter', 'div', 'span', 'p', 'pre', 'code', 'kbd', 'samp', 'mark', 'small'],
  ...['b', 'strong', 'i', 'em', 'ul', 'ol', 'li', 'dl', 'dt', 'dd', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'br'],
  ...['figure', 'figcaption', 'section', 'header', 'footer', 'nav', 'article', 'img', 'a', 'button'],
];

const ALLOWED_ATTRIBUTES = {
  '*': ['class', 'title', 'lang', 'dir', 'style'],
  details: ['open'],
  th: ['scope', 'colspan', 'rowspan', 'headers', 'abbr', 'width', 'align'],
  td: ['colspan', 'rowspan', 'headers', 'abbr', 'width', 'align'],
  progress: ['max', 'min', 'value'],
  meter: ['min', 'max', 'low', 'high', 'value'],
  img: ['src', 'alt', 'width', 'height'],
  a: ['href', 'target'],
  button: ['data-commandlinker-command', 'data-commandlinker-args'],
};

const COLOUR = /^(#[0-9a-f]+|rgba?\([\d\s,.%]+\)|transparent|[a-z]+)$/i;
const LENGTH = /^(0|\d+(\.\d+)?(px|em|rem|%)|auto)$/i;
const LENGTHS = /^((0|\d+(\.\d+)?(px|em|rem|%))\s*){1,4}$/i;

const ALLOWED_STYLES = {
  '*': {
    color: [COLOUR],
    'background-color': [COLOUR],
    width: [LENGTH],
    height: [LENGTH],
    'max-height': [LENGTH],
    padding: [LENGTHS],
    float: [/^(left|right|none)$/],
    overflow: [/^(visible|hidden|scroll|auto)$/],
    'text-align': [/^(left|right|center|justify)$/],
    'border-collapse': [/^(collapse|separate)$/],
    'white-space': [/^(normal|pre|nowrap|pre-wrap|pre-line)$/],
    'font-size': [LENGTH],
  },
};

/**
 * HTML as JupyterLab shows it in a notebook that is not trusted: the part of its option table that our displays touch
 * (jupyterlab/jupyterlab:packages/apputils/src/sanitizer.ts).
 */
export const untrusted = (html: string): string =>
  sanitizeHtml(html, {
    allowedTags: ALLOWED_TAGS,
    allowedAttributes: ALLOWED_ATTRIBUTES,
    allowedStyles: ALLOWED_STYLES,
  });

/** HTML as GitHub shows it: without any style. */
export const unstyled = (html: string): string => {
  const allowedAttributes = {...ALLOWED_ATTRIBUTES, '*': []};
  return sanitizeHtml(html, {allowedTags: ALLOWED_TAGS, allowedAttributes});
};

/** The text that a person reads: tags away, entities resolved, each element apart. */
export const textOf = (html: string): string =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();
