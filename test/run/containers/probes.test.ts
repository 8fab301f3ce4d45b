import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {digestOf, type Digest} from '../../../kernel/fingerprint/fingerprint.js';
import {fail, ok} from '../../../kernel/graph/result.js';
import type {Probing, Ran, Runtime} from '../../../kernel/run/containers/runtime.js';
import {runtimes} from '../../../kernel/run/containers/runtimes.js';
import {scratch} from '../../rig/scratch.js';
import {root} from '../../rig/sources.js';

const runtimeOf = (name: string): Runtime => runtimes.find(each => each.name === name)!;
const recorded = (name: string): string => readFileSync(join(root, 'test/fixtures/containers', name), 'utf8');

/** A machine on which every program answers the same. */
function answering(ran: Partial<Ran>, more: Partial<Probing> = {}): Probing & {readonly asked: string[][]} {
  const asked: string[][] = [];
  return {
    environment: {PATH: '/usr/bin', HOME: '/home/ann'},
    uid: 1000,
    gid: 1000,
    architecture: 'amd64',
    run: async ({file, args}) => {
      asked.push([file, ...args]);
      return {code: 0, stdout: '', stderr: '', timedOut: false, ...ran};
    },
    digest: async () => fail('ENOENT'),
    ...more,
    asked,
  };
}

// Recorded of podman 4.3.1 and docker 20.10.24, which had fetched one image for two kinds of machines from one registry.
const list = '8279d8b9ffb6da4aaf85615dfd359021ef3e725be60760b6c2eb0260e7b422a6';
const manifest = '9ec361f0c0aa7cdae670f114ed555ae115b38864c62f7d8eb523e01bb2c22d09';
const id = '4a85b878907696acc9b38a51b93aa0067c91ac8ab374fe630bf0ba296df2c193';
const stored = `/home/ann/.local/share/containers/storage/overlay-images/${id}/manifest`;

describe.each(['podman', 'podman-hpc'])('An image of %s', name => {
  const found = (record: string, more?: Partial<Probing>) =>
    runtimeOf(name).find('team/demo:1', answering({stdout: recorded(record)}, more));

  test('whose name stands for several machines is known by the manifest for this one', async () => {
    const digest: Probing['digest'] = async path => (path === stored ? ok(manifest as Digest) : fail('ENOENT'));
    expect(await found('podman-list.json', {digest})).toEqual(ok({image: id, identity: {manifest}}));
  });

  test('is known by no digest where podman keeps two, and the store can’t be read', async () => {
    expect(await found('podman-list.json')).toEqual(
      ok({image: id, identity: {engine: 'podman', id}, unknown: expect.stringContaining('which of its digests')}),
    );
  });

  test('whose name stands for one machine is known by the only digest', async () => {
    expect(await found('podman-single.json')).toEqual(ok({image: id, identity: {manifest}}));
  });

  test('that was loaded is known by podman’s own id', async () => {
    const {ok: is, ...rest} = await found('podman-loaded.json');
    expect(is).toBe(true);
    expect(rest).toMatchObject({
      value: {identity: {engine: 'podman'}, unknown: expect.stringContaining('no registry has it')},
    });
  });

  test('for another machine is refused', async () => {
    expect(await found('podman-arm64.json')).toMatchObject({
      ok: false,
      error: {is: 'architecture', message: expect.stringContaining('arm64'), remedy: expect.stringContaining('amd64')},
    });
    expect(await found('podman-arm64.json', {architecture: 'arm64'})).toMatchObject({ok: true});
  });
});

describe('An image of docker', () => {
  const find = (stdout: string, more?: Partial<Probing>) =>
    runtimeOf('docker').find('team/demo:1', answering({stdout}, more));

  test.each(['docker-list.json', 'docker-single.json'])(
    'is known by docker’s own id, as its digest may be that of a list (%s)',
    async record => {
      expect(await find(recorded(record))).toEqual(
        ok({
          image: `sha256:${id}`,
          identity: {engine: 'docker', id: `sha256:${id}`},
          unknown: expect.stringContaining('of a list for several'),
        }),
      );
    },
  );

  /** As newer engines answer: moby/moby:api/docs, image inspect since version 1.48. */
  const described = (mediaType: string, digest: string) =>
    JSON.stringify([
      {
        Id: `sha256:${digest}`,
        RepoDigests: [`team/demo@sha256:${digest}`],
        Architecture: 'amd64',
        Descriptor: {mediaType, digest: `sha256:${digest}`, size: 400},
      },
    ]);

  test.each(['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'])(
    'is known by the manifest where docker says that it is one (%s), as podman knows it',
    async type => {
      expect(await find(described(type, manifest))).toEqual(ok({image: `sha256:${manifest}`, identity: {manifest}}));
    },
  );

  test.each(['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'])(
    'is known by docker’s own id where docker says that it is a list (%s)',
    async type => {
      expect(await find(described(type, list))).toMatchObject({
        value: {identity: {engine: 'docker'}, unknown: expect.stringContaining('of a list for several')},
      });
    },
  );

  test('that was loaded, or is for another machine, is told from others', async () => {
    expect(await find(recorded('docker-loaded.json'))).toMatchObject({
      value: {unknown: expect.stringContaining('no registry has it')},
    });
    expect(await find(recorded('docker-arm64.json'))).toMatchObject({error: {is: 'architecture'}});
  });

  test.each([
    ['Error: No such image: team/demo:1\n', 'image', 'docker pull docker.io/team/demo:1'],
    ['Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?\n', 'down', 'systemctl'],
    ['something new\n', 'other', 'terminal'],
  ])('%j is said with its remedy', async (stderr, is, remedy) => {
    expect(await runtimeOf('docker').find('team/demo:1', answering({code: 1, stderr}))).toMatchObject({
      error: {is, remedy: expect.stringContaining(remedy)},
    });
  });
});

describe('A runtime', () => {
  test.each(runtimes.map(runtime => [runtime.name, runtime] as const))(
    '%s is absent, denied or slow, each with its remedy',
    async (_, runtime) => {
      const gone = {code: undefined};
      expect(await runtime.present(answering({...gone, error: 'ENOENT'}))).toMatchObject({error: {is: 'absent'}});
      expect(await runtime.present(answering({...gone, error: 'EACCES'}))).toMatchObject({error: {is: 'denied'}});
      expect(await runtime.present(answering({...gone, timedOut: true}))).toMatchObject({error: {is: 'slow'}});
      expect(await runtime.present(answering({code: 3, stderr: 'what?\n'}))).toMatchObject({error: {is: 'other'}});
    },
  );

  test.each([
    ['podman', '{"version": {"Version": "4.3.1"}}', 'podman 4.3.1'],
    ['podman-hpc', '{"version": {"Version": "4.3.1"}}', 'podman-hpc with podman 4.3.1'],
    ['docker', '{"ServerVersion": "20.10.24+dfsg1", "SecurityOptions": ["name=seccomp"]}', 'docker 20.10.24+dfsg1'],
    ['apptainer', 'apptainer version 1.5.3+312\n', 'apptainer 1.5.3+312'],
    ['singularity', 'singularity-ce version 3.11.4\n', 'singularity-ce 3.11.4'],
    ['ch', '0.31\n', 'charliecloud 0.31'],
    ['shifter', 'Usage:\nshifter [-h|--help] …\n', 'shifter'],
  ])('%s that says %j is there', async (name, stdout, version) => {
    expect(await runtimeOf(name).present(answering({stdout}))).toEqual(ok({version}));
  });

  test.each([
    ['Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?', 'down', 'systemctl start'],
    [
      'permission denied while trying to connect to the Docker daemon socket at unix:///run/docker.sock: dial unix /run/docker.sock: connect: permission denied',
      'denied',
      'group `docker`',
    ],
  ])('docker says with exit 0 that %s', async (error, is, remedy) => {
    const stdout = JSON.stringify({ServerErrors: [error], ClientInfo: {Debug: false}});
    expect(await runtimeOf('docker').present(answering({stdout}))).toMatchObject({
      error: {is, remedy: expect.stringContaining(remedy)},
    });
  });

  test('docker without root is used only where its environment says so, as files depend on it', async () => {
    const stdout = JSON.stringify({ServerVersion: '27.1', SecurityOptions: ['name=rootless']});
    const docker = runtimeOf('docker');
    expect(await docker.present(answering({stdout}))).toMatchObject({
      error: {remedy: expect.stringContaining('DOCKER_HOST')},
    });
    const environment = {DOCKER_HOST: 'unix:///run/user/1000/docker.sock'};
    expect(await docker.present(answering({stdout}, {environment}))).toMatchObject({ok: true});
  });

  test('docker that is podman under another name is named as that', async () => {
    const stdout = JSON.stringify({host: {arch: 'amd64'}, version: {Version: '4.3.1'}});
    expect(await runtimeOf('docker').present(answering({stdout}))).toMatchObject({
      error: {remedy: expect.stringContaining('podman:')},
    });
  });

  test('podman that may make no name space says what is missing', async () => {
    const stderr = 'Error: cannot set up namespace using "/usr/bin/newuidmap": exit status 1\n';
    expect(await runtimeOf('podman').present(answering({code: 125, stderr}))).toMatchObject({
      error: {is: 'denied', remedy: expect.stringContaining('/etc/subuid')},
    });
  });
});

describe('shifter', () => {
  const shifter = runtimeOf('shifter');
  const pinned = {image: `id:${id}`, identity: {engine: 'shifter', id}, unknown: expect.any(String)};

  test.each([
    ['team/demo:1', 'docker:team/demo:1'],
    ['docker://team/demo', 'docker:team/demo:latest'],
    ['docker:team/demo:1', 'docker:team/demo:1'],
    ['custom:mine:2', 'custom:mine:2'],
  ])('looks %s up as %s', async (reference, asked) => {
    const probing = answering({stdout: `${id}\n`});
    expect(await shifter.find(reference, probing)).toEqual(ok(pinned));
    expect(probing.asked).toEqual([['shifterimg', 'lookup', asked]]);
  });

  test('takes an id as it is', async () => {
    const probing = answering({});
    expect(await shifter.find(`id:${id}`, probing)).toEqual(ok(pinned));
    expect(probing.asked).toEqual([]);
  });

  test.each([
    [{code: 1}, 'image'],
    [{code: 0}, 'image'],
    [{code: 0, stdout: 'FAILURE\n'}, 'other'],
    [{code: 1, stdout: 'ERROR: failed to contact the image gateway.\n'}, 'down'],
  ])('takes no answer for an id that is none: %j', async (ran, is) => {
    expect(await shifter.find('team/demo:1', answering(ran))).toMatchObject({error: {is}});
  });

  test.each(['id:12', 'id:', 'docker:', 'docker:-x', '-x'])('refuses %j', async reference => {
    expect(await shifter.find(reference, answering({}))).toMatchObject({error: {is: 'reference'}});
  });
});

describe('A file or a directory', () => {
  const digest: Probing['digest'] = async path => ok(digestOf(readFileSync(path)));
  const sif = (architecture: string) =>
    `${'#!/usr/bin/env run-singularity\n'.padEnd(32, '\0')}SIF_MAGIC\0` + `01\0${architecture}\0 and more`;

  test.each(['apptainer', 'singularity'])('a SIF is known to %s by its content', async name => {
    using folder = scratch();
    const file = folder.at('x.sif');
    writeFileSync(file, sif('02'));
    expect(await runtimeOf(name).find(file, answering({}, {digest}))).toMatchObject({
      value: {image: file, identity: {file: digestOf(sif('02'))}},
    });
    writeFileSync(file, sif('04'));
    expect(await runtimeOf(name).find(file, answering({}, {digest}))).toMatchObject({
      error: {is: 'architecture', message: expect.stringContaining('arm64')},
    });
    writeFileSync(file, 'no image');
    expect(await runtimeOf(name).find(file, answering({}, {digest}))).toMatchObject({error: {is: 'reference'}});
  });

  test.each(['apptainer', 'ch'])('a directory is known to %s by its record, and refused without one', async name => {
    using folder = scratch();
    const directory = folder.at('image');
    mkdirSync(join(directory, 'ch'), {recursive: true});
    const find = () => runtimeOf(name).find(directory, answering({}, {digest}));
    expect(await find()).toMatchObject({error: {is: 'image', remedy: expect.stringContaining('.weft-image')}});
    writeFileSync(join(directory, 'ch/metadata.json'), '{"arch": "amd64"}');
    expect(await find()).toMatchObject({
      value: {image: directory, identity: {directory: digestOf('{"arch": "amd64"}')}},
    });
    writeFileSync(join(directory, '.weft-image'), 'mine');
    expect(await find()).toMatchObject({value: {identity: {directory: digestOf('mine')}}});
  });

  test('an image of a registry is a file that apptainer fetches to its cache', async () => {
    using folder = scratch();
    const probing = answering({}, {digest, environment: {APPTAINER_CACHEDIR: folder.path}});
    const apptainer = runtimeOf('apptainer');
    expect(await apptainer.find('docker://team/demo:1', probing)).toMatchObject({
      error: {is: 'image', remedy: expect.stringContaining('docker://team/demo:1')},
    });
    const file = apptainer.pull('docker://team/demo:1', probing)!.args.find(word => word.startsWith('/'))!;
    writeFileSync(file, sif('02'));
    expect(await apptainer.find('team/demo:1', probing)).toMatchObject({value: {image: file}});
  });

  test('charliecloud takes no name of a registry', async () => {
    expect(await runtimeOf('ch').find('team/demo:1', answering({}))).toMatchObject({error: {is: 'reference'}});
  });

  test('charliecloud makes the directories to mount at, or says who must', () => {
    using folder = scratch();
    const image = folder.at('image');
    const charliecloud = runtimeOf('ch');
    const container = {runtime: 'ch', reference: image, image, identity: {directory: digestOf('')}};
    const run = {
      ...{container, name: 'weft-1', labels: {}, directory: '/data/deep', argv: ['true'] as const, input: false},
      mounts: [{source: folder.path, target: '/data/deep', write: true}],
    };
    expect(charliecloud.prepare?.(run, answering({}))).toMatchObject({error: {is: 'image'}});
    mkdirSync(image);
    expect(charliecloud.prepare?.(run, answering({}))).toEqual(ok(undefined));
    mkdirSync(join(image, 'data/deep/it is there'));
    writeFileSync(join(image, 'file'), '');
    const below = {...run, mounts: [{source: folder.path, target: '/file/below', write: true}]};
    expect(charliecloud.prepare?.(below, answering({}))).toMatchObject({
      error: {is: 'mount', remedy: expect.stringContaining('mkdir -p')},
    });
  });
});

describe('Containers that were left', () => {
  test('podman lists them as JSON', () => {
    const stdout = JSON.stringify([
      {Names: ['weft-1'], State: 'running', Labels: {'weft.store': '/s', other: 'x'}},
      {Names: ['weft-2'], State: 'created', Labels: null},
    ]);
    expect(runtimeOf('podman').left?.read(stdout)).toEqual([
      {name: 'weft-1', labels: {'weft.store': '/s', other: 'x'}, running: true},
      {name: 'weft-2', labels: {}, running: false},
    ]);
    for (const nothing of ['', '[]', 'null', '[null]']) expect(runtimeOf('podman').left?.read(nothing)).toEqual([]);
  });

  test('docker lists them line by line, with labels that hold commas', () => {
    const stdout = '["weft-1","running","/a,b=\\"c\\"","","/d"]\n["weft-2","exited","","",""]\n';
    expect(runtimeOf('docker').left?.read(stdout)).toEqual([
      {name: 'weft-1', labels: {'weft.store': '/a,b="c"', 'weft.directory': '/d'}, running: true},
      {name: 'weft-2', labels: {}, running: false},
    ]);
  });
});
