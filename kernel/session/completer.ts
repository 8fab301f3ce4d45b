import type {MagicPlace} from '../cell/place.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Settings} from './settings.js';

/** Something that fits: the whole word, and what it is for, in one line. */
export interface Candidate {
  readonly text: string;
  readonly help?: string;
  /** What kind of thing it is, for the client's icon: `task`, `option`. */
  readonly type?: string;
  /** The word goes on: a client puts no blank or closing quote behind it. */
  readonly open?: boolean;
}

/**
 * What fits at a place of a magic: words, or a kind of things that every notebook has: futures with their keys, files below the
 * notebook's directory, names of the scope. Words that do not begin with what is typed are left out by who asked.
 */
export type Fitting = Candidate | 'futures' | 'files' | 'directories' | 'names' | 'magics';

/** What a magic may look at while a person types. It changes nothing, and is quick. */
export interface CompletionContext {
  /** The notebook's directory. */
  readonly directory: string;
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Data ids of results that are there, each a key to a number or a text. */
  dataIds(): readonly Readonly<Record<string, JsonValue>>[];
  /** What a name, with keys or without, stands for: `coadds[HSC-R]`; undefined where it is no single result, or not there yet. */
  result(name: string): KnownResult | undefined;
  /** The result that has this final directory. */
  resultAt(directory: string): KnownResult | undefined;
  /** The images that cells of this kernel have used, as they were typed. */
  images(): readonly string[];
}

/** A result that is there. One result is always the same object. */
export interface KnownResult {
  /** Absolute. */
  readonly directory: string;
  /** Its files as they were recorded, relative to it. */
  readonly files: readonly string[];
}

/** Says what fits at a place of a magic. */
export type Completer = (
  place: MagicPlace,
  context: CompletionContext,
) => readonly Fitting[] | Promise<readonly Fitting[]>;
