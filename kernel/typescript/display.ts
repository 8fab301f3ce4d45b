import {readFileSync} from 'node:fs';
import {inspect} from 'node:util';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {Bundle} from '../wire/notebook.js';

/** A display's content. */
export interface Shown {
  readonly data: Bundle;
  readonly metadata: JsonObject;
}

/** Where displays go. */
export interface DisplayPort {
  show(shown: Shown, options: {readonly id?: string; readonly update: boolean}): void;
  clear(wait: boolean): void;
}

/** How a display is made. */
export interface DisplayOptions {
  /** A name by which it can be updated. */
  readonly id?: string;
  /** Updates the one that has the name. */
  readonly update?: boolean;
}

/** As Deno's kernel has it (denoland/deno:cli/js/40_jupyter.js): a value with this method says itself what it looks like. */
const displaySymbol = Symbol.for('Jupyter.display');

/** What a value looks like. */
export async function shownAs(value: unknown): Promise<Shown> {
  const own: unknown = isObject(value) ? Reflect.get(value, displaySymbol) : undefined;
  if (typeof own === 'function') {
    const data = (await (own.call(value) as unknown)) as Bundle;
    if (isObject(data)) return {data: 'text/plain' in data ? data : {...data, 'text/plain': text(value)}, metadata: {}};
  }
  return {data: {'text/plain': text(value)}, metadata: {}};
}

function text(value: unknown): string {
  return inspect(value, {depth: 4});
}

/** The `display` of the notebook: a function, and one more for each kind of content. All show at once, and give nothing. */
export function displayFunction(port: DisplayPort): object {
  const show = (data: Bundle, options: DisplayOptions = {}, metadata: JsonObject = {}): void => {
    port.show({data, metadata}, {...(options.id !== undefined && {id: options.id}), update: options.update === true});
  };
  const display = (value: unknown, options?: DisplayOptions): Promise<void> | undefined => {
    if (isObject(value) && typeof Reflect.get(value, displaySymbol) === 'function') {
      return shownAs(value).then(shown => show(shown.data, options, shown.metadata));
    }
    show({'text/plain': text(value)}, options);
    return undefined;
  };
  return Object.assign(display, {
    text: (content: string, options?: DisplayOptions) => show({'text/plain': content}, options),
    html: (content: string, options?: DisplayOptions) =>
      show({'text/html': content, 'text/plain': content.replace(/<[^>]*>/g, '')}, options),
    md: (content: string, options?: DisplayOptions) => show({'text/markdown': content, 'text/plain': content}, options),
    svg: (content: string, options?: DisplayOptions) =>
      show({'image/svg+xml': content, 'text/plain': '[svg]'}, options),
    json: (content: JsonValue, options?: DisplayOptions) =>
      show({'application/json': content, 'text/plain': text(content)}, options),
    vega: (spec: JsonObject, options?: DisplayOptions) =>
      show({[vegaType(spec)]: spec, 'text/plain': '[chart]'}, options),
    image: (
      content: string | Uint8Array,
      options?: DisplayOptions & {readonly width?: number; readonly height?: number},
    ) => {
      const bytes = typeof content === 'string' ? readFileSync(content) : Buffer.from(content);
      const type = imageType(bytes);
      const size = {
        ...(options?.width !== undefined && {width: options.width}),
        ...(options?.height !== undefined && {height: options.height}),
      };
      const data = type === 'image/svg+xml' ? bytes.toString() : bytes.toString('base64');
      show({[type]: data, 'text/plain': '[image]'}, options, Object.keys(size).length > 0 ? {[type]: size} : {});
    },
    update: (id: string, value: unknown) => display(value, {id, update: true}),
    clear: (options?: {readonly wait?: boolean}) => port.clear(options?.wait === true),
  });
}

function vegaType(spec: JsonObject): string {
  const schema = typeof spec['$schema'] === 'string' ? spec['$schema'] : '';
  const lite = !/\/vega\/v\d/.test(schema);
  const version = /\/v(\d+)/.exec(schema)?.[1] ?? '5';
  return `application/vnd.${lite ? 'vegalite' : 'vega'}.v${version}+json`;
}

function imageType(bytes: Buffer): string {
  if (bytes.subarray(0, 4).toString('latin1') === '\x89PNG') return 'image/png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'image/jpeg';
  if (bytes.subarray(0, 3).toString('latin1') === 'GIF') return 'image/gif';
  if (bytes.subarray(8, 12).toString('latin1') === 'WEBP') return 'image/webp';
  if (bytes.subarray(0, 1000).toString().includes('<svg')) return 'image/svg+xml';
  throw new TypeError('display.image takes a PNG, JPEG, GIF, WebP or SVG: the path of one, or its bytes');
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
