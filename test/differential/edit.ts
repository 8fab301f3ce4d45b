import type {Random} from '../rig/random.js';
import type {Model, Script} from './model.js';

/** A change of a notebook, or of what lies about it. */
export interface Edit {
  readonly name: string;
  /** Whether nothing may run because of it. */
  readonly cosmetic: boolean;
  /** Changes the model; false where there is nothing that it could change. */
  readonly apply?: (model: Model, random: Random) => boolean;
  /** Changes files, after the model was written; tells what it damaged. */
  readonly disk?: (place: Place, random: Random) => boolean;
  /** Only a new kernel notices it, or starts in it. */
  readonly restart?: boolean;
}

/** Where a notebook lies, for edits of files. */
export interface Place {
  /** May be moved. */
  directory: string;
  readonly model: Model;
  /** Directories of results by their identities. */
  readonly results: ReadonlyMap<string, string>;
  damaged(identity: string): void;
}

/** The scripts of a notebook. */
export const scriptsOf = (model: Model): readonly Script[] => model.tasks.filter(task => task.is === 'script');
/** An edit that may make tasks run. */
export const semantic = (name: string, apply: NonNullable<Edit['apply']>, restart = false): Edit => ({
  name,
  cosmetic: false,
  apply,
  ...(restart ? {restart} : {}),
});
