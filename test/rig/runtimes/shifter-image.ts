import {isDirectory} from './view.js';
import {lookup, type FakeImage, type Site} from './site.js';

/** An image as it was asked for. */
export interface ImageRequest {
  readonly type: string;
  readonly tag: string;
}

/** Reads `TYPE:TAG`. A prefix that is no type belongs to a docker name. What may not be in a name is dropped silently. */
export function parseImage(text: string): ImageRequest | undefined {
  const match = /^(docker|custom|id|local):(.*)$/s.exec(text);
  const type = match?.[1] ?? 'docker';
  const strange = type === 'docker' || type === 'local' ? /[^A-Za-z0-9_:.+@/-]/g : /[^A-Za-z0-9_:.+@-]/g;
  const tag = (match?.[2] ?? text).replaceAll(strange, '');
  return tag === '' ? undefined : {type, tag};
}

/** The image, or what is said on stderr; `usage`: the usage follows on stdout. */
export function findImage(
  site: Site,
  {type, tag}: ImageRequest,
): FakeImage | {readonly error: string; readonly usage: boolean} {
  if (type === 'local') {
    if (!isDirectory(tag)) return {error: 'FAILED to stat udi source.\n', usage: false};
    return {name: tag, id: tag, tree: tag, env: {}, type: 'custom'};
  }
  if (type === 'id') {
    const known = site.images.find(({id}) => id === tag);
    return known ?? {error: 'FAILED to find requested image.\n', usage: false};
  }
  return lookup(site, type, tag) ?? {error: `FAILED to lookup ${type} image ${tag}\n`, usage: true};
}
