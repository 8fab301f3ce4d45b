import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {CompletionContext, Fitting} from '../../kernel/session/completer.js';

/** What a container may be: images that are pinned beside the notebook, words, the runtimes, files of images. */
export function containers({directory}: CompletionContext): readonly Fitting[] {
  const runtimes = ['podman:', 'docker:', 'apptainer:', 'singularity:', 'shifter:', 'podman-hpc:', 'ch:'];
  return [
    ...pinned(directory).map(text => ({text, type: 'image', help: 'pinned in weft.lock'})),
    {text: 'none', type: 'value', help: 'tasks run on the host'},
    {text: 'auto', type: 'value', help: 'which runtime works here'},
    ...runtimes.map(text => ({text, type: 'runtime', open: true})),
    'files',
  ];
}

/** The names of images in `weft.lock`, as they were typed. */
function pinned(directory: string): readonly string[] {
  try {
    const lock = JSON.parse(readFileSync(join(directory, 'weft.lock'), 'utf8')) as {images?: {container?: unknown}[]};
    const names = (lock.images ?? []).map(({container}) => container);
    return [...new Set(names.filter(name => typeof name === 'string'))];
  } catch {
    return [];
  }
}
