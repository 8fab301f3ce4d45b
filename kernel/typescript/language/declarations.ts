/** TypeScript declarations of what every notebook has, but for the functions that make tasks: futures and their results, `display`, `input`. */
export const DECLARATIONS = `
/** The files of a task that has succeeded. Iterating gives absolute paths. */
interface Files extends Iterable<string> {
  /** The directory, absolute. */
  readonly path: string;
  /** Names relative to the directory, sorted. */
  readonly files: readonly string[];
  /** The text of a file, as UTF-8. Without a name: of the only one. */
  text(name?: string): string;
  /** A file's JSON. Without a name: of the only one. */
  json(name?: string): any;
  toString(): string;
}
/** A data repository that a task has made. */
interface Repo {
  /** Its directory, absolute. */
  readonly path: string;
  /** Its rerun: \`weft/processCcd-0123456789ab\`. */
  readonly rerun: string;
  /** The root repository, absolute. */
  readonly root: string;
  /** The reruns that it sees. */
  readonly parents: readonly string[];
  /** Names relative to the directory of all files in it, sorted. */
  files(): string[];
  /** What its datasets are of: \`{visit: 903334, ccd: 16}\`, sorted. */
  dataIds(): Record<string, any>[];
  toString(): string;
}
/** What a task will give. \`await\` gives it; in text it stands for its path, and makes an input. */
interface Future<T = any> {
  readonly name: string;
  readonly kind: 'repo' | 'files' | 'value' | 'set';
  /** A placeholder, which becomes the path when a task starts. */
  readonly path: string;
  /** Of a value that has files too: a future of them. */
  readonly files: Future<Files>;
  then<A = T, B = never>(fulfilled?: ((value: T) => A | PromiseLike<A>) | null, rejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<A | B>;
  catch<B = never>(rejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B>;
  finally(ended?: (() => void) | null): Promise<T>;
  /** A future of what \`f\` gives for the result. \`f\` runs here, in the notebook. */
  map<U>(f: (value: T) => U): Future<Awaited<U>>;
  toString(): string;
}
/** The results of a set: those of its elements by their loop values. */
interface SetResults extends Iterable<[any, any]> {
  readonly size: any;
  [key: string]: any;
}
/** An element of a set, or, below further variables, a set of them. */
interface FutureElement extends Future<any> {
  [key: string]: any;
}
/** A set of futures: an ordered map from loop values to futures. */
interface FutureSet extends Iterable<[any, FutureElement]> {
  /** The number of futures. */
  readonly size: number;
  readonly name: string;
  readonly kind: 'set';
  /** The loop value of each future; with several variables an array of them, outermost first. */
  keys(): IterableIterator<any>;
  values(): IterableIterator<FutureElement>;
  entries(): IterableIterator<[any, FutureElement]>;
  /** The element, or the set of those, at some loop values: \`warps.at({filter: "HSC-R"})\`. */
  at(where: Record<string, any>): FutureElement;
  then<A = SetResults, B = never>(fulfilled?: ((value: SetResults) => A | PromiseLike<A>) | null, rejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<A | B>;
  catch<B = never>(rejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<SetResults | B>;
  finally(ended?: (() => void) | null): Promise<SetResults>;
  map<U>(f: (value: SetResults) => U): Future<Awaited<U>>;
  [key: string]: any;
}
interface DisplayOptions {
  /** A name by which it can be updated. */
  id?: string;
  /** Updates the one that has the name. */
  update?: boolean;
}
interface Display {
  (value: any, options?: DisplayOptions): any;
  text(content: string, options?: DisplayOptions): void;
  html(content: string, options?: DisplayOptions): void;
  /** Markdown. */
  md(content: string, options?: DisplayOptions): void;
  svg(content: string, options?: DisplayOptions): void;
  json(content: any, options?: DisplayOptions): void;
  /** A chart: a specification of Vega or Vega-Lite. */
  vega(spec: object, options?: DisplayOptions): void;
  /** A PNG, JPEG, GIF, WebP or SVG: the path of one, or its bytes. */
  image(content: string | Uint8Array, options?: DisplayOptions & {width?: number; height?: number}): void;
  /** Shows another value in the display that has this id. */
  update(id: string, value: any): any;
  /** Takes away what the cell has shown. \`wait\`: not before something new comes. */
  clear(options?: {wait?: boolean}): void;
}
/** Shows a value below the cell. Its methods show a text as HTML, Markdown, SVG, or a picture. */
declare const display: Display;
/** Asks the person who runs the cell. */
declare function input(prompt?: string, options?: {password?: boolean}): Promise<string>;
/** Asks the person who runs the cell. */
declare function prompt(prompt?: string, options?: {password?: boolean}): Promise<string>;
/** What the cell before made. */
declare let _: any;
`;
