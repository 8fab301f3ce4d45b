import {existsSync, openSync, readFileSync, readSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {Fatal} from './apptainer-binds.js';
import {home, isThere, type FakeImage, type Site} from './site.js';

/** An image that can be run. */
export interface Found {
  readonly image: FakeImage;
  /** What apptainer calls it: its path, or what was asked for. */
  readonly path: string;
  readonly kind: 'sif' | 'sandbox';
}

/** Finds an image: a SIF, a sandbox folder, `docker://` at the registry, `instance://`. */
export function findImage(site: Site, name: string, cwd: string): Found {
  const uri = /^([a-z-]+):\/\/(.*)$/.exec(name);
  if (uri?.[1] === 'instance') {
    const instance = readInstance(uri[2] ?? '');
    if (instance === undefined) throw new Fatal(`no instance found with name ${uri[2] ?? ''}`);
    return instance.found;
  }
  if (uri !== null) return {image: fromRegistry(site, name, uri[2] ?? ''), path: name, kind: 'sif'};
  const path = resolve(cwd, name);
  if (!existsSync(path)) {
    const lstat = `lstat ${path}: no such file or directory`;
    throw new Fatal(
      `While checking container encryption: could not open image ${path}: failed to retrieve path for ${path}: ${lstat}`,
    );
  }
  if (statSync(path).isDirectory()) {
    const about = join(path, '.singularity.d', 'fake.json');
    const known = existsSync(about) ? (JSON.parse(readFileSync(about, 'utf8')) as Partial<FakeImage>) : {};
    return {image: {name: path, id: path, env: {}, type: 'docker', ...known, tree: path}, path, kind: 'sandbox'};
  }
  const image = readSif(path);
  if (image === undefined) {
    throw new Fatal(`While checking container encryption: could not open image ${path}: image format not recognized`);
  }
  return {image, path, kind: 'sif'};
}

/** The image of a registry, which is always asked first. */
export function fromRegistry(site: Site, uri: string, reference: string): FakeImage {
  const [name = '', digest] = reference.split('@sha256:');
  const image = site.images.find(each => (digest === undefined ? each.name === name : each.id === digest));
  if (site.gateway === 'down' || image === undefined || (!isThere(image) && image.pull !== 'READY')) {
    const why = `failed to get checksum for ${uri}: pinging container registry: dial tcp: connection refused`;
    throw new Fatal(`Unable to handle ${uri} uri: ${why}`);
  }
  return image;
}

function readSif(path: string): FakeImage | undefined {
  const head = Buffer.alloc(64);
  readSync(openSync(path, 'r'), head, 0, 64, 0);
  if (head.toString('latin1', 32, 41) !== 'SIF_MAGIC') return undefined;
  return JSON.parse(readFileSync(path, 'utf8').split('\n')[2] ?? '') as FakeImage;
}

/** An instance that was started. */
export interface Instance {
  readonly name: string;
  readonly pid: number;
  readonly found: Found;
}

/** Where an instance is written down. */
export const instanceFile = (name: string): string => join(home, 'instances', `${name}.json`);

/** The instance of a name, if it still runs. */
export function readInstance(name: string): Instance | undefined {
  try {
    const instance = JSON.parse(readFileSync(instanceFile(name), 'utf8')) as Instance;
    return / [^Z] /.test(readFileSync(`/proc/${instance.pid}/stat`, 'utf8').replace(/^.*\)/s, ''))
      ? instance
      : undefined;
  } catch {
    return undefined;
  }
}
