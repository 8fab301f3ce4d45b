import {mkdirSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {delimiter, dirname, join} from 'node:path';
import type {Component} from '../component.js';
import {givenEngines} from '../engines/given.js';
import {installFakes, type Fakes} from './fakes.js';
import {mountNamespaces} from './installed.js';

/** Runtimes that are started as they are on this machine. */
export const REAL = ['podman', 'docker', 'ch'] as const;

/** Runtimes of which there is a strict imitation; the podman below podman-hpc is real. */
export const IMITATED = ['shifter', 'apptainer', 'singularity', 'podman-hpc'] as const;

/** All of this product. */
export const ALL = [...REAL, ...IMITATED] as const;

/** The name of one of them. */
export type RuntimeName = (typeof ALL)[number];

/** All runtimes as a kernel finds them, with the simulated stack's image. */
export interface OnHand {
  /** What a kernel needs in its environment to find them, PATH and HOME among it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What stands behind `%container` for one of them. */
  readonly images: Readonly<Record<RuntimeName, string>>;
  readonly fakes: Fakes;
}

/** What of this machine a runtime's tests need. For tests named `*.container.test.ts`. */
export function needsOf(name: RuntimeName): readonly Component<unknown>[] {
  const {podman, docker, charliecloud, bubblewrap, image} = givenEngines();
  if (name === 'podman') return [podman, image];
  if (name === 'docker') return [docker, image];
  if (name === 'ch') return [charliecloud, image];
  if (name === 'podman-hpc') return [podman, image, mountNamespaces];
  return [image, mountNamespaces, bubblewrap];
}

/**
 * Installs the imitations in a directory, and says how a kernel finds them and the engines of this run. The site of shifter shows this
 * directory, and no container has the machine's /tmp but that of charliecloud.
 * @param home exists; not below /tmp. It becomes the HOME.
 */
export async function runtimesOnHand(home: string): Promise<OnHand> {
  const {podman, docker, image} = givenEngines();
  const tree = image.found.ok ? image.found.value.directory : '/';
  const name = image.found.ok ? image.found.value.name : '';
  const place = join(home, '.fakes');
  mkdirSync(place);
  const fakes = await installFakes(
    place,
    {'weft/simstack:1': {tree}},
    {
      siteMounts: [{from: home, to: home}],
      hostTmp: false,
      // The store of the engine of this run, and not one of a site.
      hpcDefaultArgs: [],
      hpcRunArgs: [],
      ...(podman.found.ok ? {podman: podman.found.value.program} : {}),
    },
  );
  writeFileSync(join(fakes.path, 'fuse-overlayfs-wrap'), '#!/bin/sh\n', {mode: 0o755});
  const engines = [podman, docker].flatMap(({found}) => (found.ok ? [found.value] : []));
  const {sif} = fakes.images['weft/simstack:1']!;
  return {
    fakes,
    environment: {
      HOME: home,
      USER: userInfo().username,
      SCRATCH: home,
      WEFT_SHIFTER_SITE: home,
      PATH: [fakes.path, ...engines.map(({program}) => dirname(program)), process.env['PATH'] ?? ''].join(delimiter),
      ...(Object.assign({}, ...engines.map(({env}) => env)) as Record<string, string>),
    },
    images: {
      podman: `podman:${name}`,
      docker: `docker:${name}`,
      'podman-hpc': `podman-hpc:${name}`,
      ch: `ch:${tree}`,
      shifter: 'shifter:weft/simstack:1',
      apptainer: `apptainer:${sif}`,
      singularity: `singularity:${sif}`,
    },
  };
}
