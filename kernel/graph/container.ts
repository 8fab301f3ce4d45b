import type {Digest} from '../fingerprint/fingerprint.js';

/**
 * What an image is known by. Hashed: another image writes other data.
 * The digest of the platform's manifest is the same wherever the image was pulled to; all else is known to one engine only.
 */
export type ImageIdentity =
  /** The registry's digest of the manifest for this platform. */
  | {readonly manifest: Digest}
  /** An engine's own id, of an image that no registry knows: two engines give one archive two ids. */
  | {readonly engine: string; readonly id: string}
  /** The content of an image file. */
  | {readonly file: Digest}
  /** The content of the record that a directory of an unpacked image carries. */
  | {readonly directory: Digest};

/** A container runtime with an image that is pinned. */
export interface Container {
  /** `podman`. Never hashed: where a task runs is no part of what it is. */
  readonly runtime: string;
  /** The image as the person named it, without the runtime: `lsstsqre/centos:w_2020_14`, `/images/stack.sif`. */
  readonly reference: string;
  /** What the runtime is told to run, which can't move: an id, a digest, an absolute path. */
  readonly image: string;
  readonly identity: ImageIdentity;
}

/** A path of the host that a task sees. Both are absolute. */
export interface Mount {
  readonly source: string;
  /** The same as the source, but for what a person mounts elsewhere. */
  readonly target: string;
  readonly write: boolean;
}
