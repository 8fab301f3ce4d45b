import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {MANIFEST, type Blobs} from './small-image.js';

/** A registry on the loopback, from which engines pull: docker trusts it by itself, podman by its registries.conf. */
export interface Registry {
  /** `127.0.0.1:PORT`: what the names of its images begin with. */
  readonly address: string;
  /** What its tags mean, to be changed: `name:tag`. */
  readonly tags: Map<string, Blobs>;
  /** Deletes an image that no tag means any more; else it can still be had by its digest. */
  forget(image: Blobs): void;
  stop(): Promise<void>;
}

/** Starts a registry that can only be read (distribution/distribution:docs/content/spec/api.md). */
export async function startRegistry(): Promise<Registry> {
  const tags = new Map<string, Blobs>();
  const kept = new Map<string, Blobs>();
  const server = createServer(({url = '', method}, response) => {
    const send = (type: string, bytes: Buffer, digest: string) => {
      response.writeHead(200, {
        'content-type': type,
        'content-length': bytes.length,
        'docker-content-digest': digest,
      });
      response.end(method === 'HEAD' ? undefined : bytes);
    };
    for (const image of tags.values()) kept.set(image.digest, image);
    const [, name = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    const image = tags.get(`${name}:${reference}`) ?? kept.get(reference);
    const blob = [...kept.values()].map(({blobs}) => blobs.get(reference)).find(Boolean);
    if (url === '/v2/') send('application/json', Buffer.from('{}'), '');
    else if (kind === 'manifests' && image !== undefined) send(MANIFEST, image.manifest, image.digest);
    else if (kind === 'blobs' && blob !== undefined) send('application/octet-stream', blob, reference);
    else {
      response.writeHead(404, {'content-type': 'application/json'});
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    tags,
    forget: image => void kept.delete(image.digest),
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
