import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** What an image of a few files is to be. */
export interface SmallImage {
  /** Absolute paths and what is in them; all can be executed. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** As images name it; that of this machine unless given. */
  readonly architecture?: string;
}

/** An image as a registry has it. Digests are `sha256:` and 64 digits. */
export interface Blobs {
  /** What an engine calls it: the digest of its configuration. */
  readonly id: string;
  readonly manifest: Buffer;
  readonly digest: string;
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly config: Buffer;
  readonly layer: Buffer;
}

/** The media type of an image's manifest. */
export const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Makes an image, with an empty directory to work in. See moby/moby:image/spec/spec.md and distribution/distribution:docs/content/spec. */
export function smallImage(directory: string, {files, architecture}: SmallImage): Blobs {
  const tree = join(directory, 'tree');
  mkdirSync(join(tree, 'tmp'), {recursive: true});
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), {recursive: true});
    writeFileSync(join(tree, path), content, {mode: 0o755});
  }
  const file = join(directory, 'layer.tar');
  const made = spawnSync('tar', ['-C', tree, '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '-cf', file, '.']);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  const layer = readFileSync(file);
  const config = Buffer.from(
    JSON.stringify({
      architecture: architecture ?? {x64: 'amd64'}[process.arch as string] ?? process.arch,
      os: 'linux',
      config: {Env: ['PATH=/usr/bin:/bin']},
      rootfs: {type: 'layers', diff_ids: [sha256(layer)]},
    }),
  );
  const describe = (mediaType: string, bytes: Buffer) => ({mediaType, size: bytes.length, digest: sha256(bytes)});
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: describe('application/vnd.docker.container.image.v1+json', config),
      layers: [describe('application/vnd.docker.image.rootfs.diff.tar', layer)],
    }),
  );
  const blobs = new Map([config, layer].map(bytes => [sha256(bytes), bytes] as const));
  return {id: sha256(config), manifest, digest: sha256(manifest), blobs, config, layer};
}

/** Writes an image as `podman load` and `docker load` take it. Gives the file. */
export function archiveOf({config, layer}: Blobs, directory: string, name: string): string {
  mkdirSync(directory, {recursive: true});
  const manifest = [{Config: 'config.json', RepoTags: [name], Layers: ['layer.tar']}];
  for (const [file, bytes] of [
    ['config.json', config],
    ['layer.tar', layer],
    ['manifest.json', JSON.stringify(manifest)],
  ] as const)
    writeFileSync(join(directory, file), bytes);
  const archive = join(directory, 'archive.tar');
  const made = spawnSync('tar', ['-C', directory, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return archive;
}
