import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Candidate, CompletionContext, Fitting} from '../../kernel/session/completer.js';

/** The runtimes that may stand before an image. */
const RUNTIMES = ['podman', 'docker', 'apptainer', 'singularity', 'shifter', 'podman-hpc', 'ch'];

/**
 * What a container may be: images that are pinned beside the notebook or were used by its cells, words, the runtimes, files of images.
 * No engine is asked.
 * @param typed what stands there: behind the name of a runtime, images that were pinned for it without its name fit too
 */
export function containers(typed: string, context: CompletionContext): readonly Fitting[] {
  const pins = pinned(context.directory);
  const runtime = RUNTIMES.find(name => typed.startsWith(`${name}:`));
  const behind = pins.filter(pin => pin.runtime === runtime && !RUNTIMES.some(name => pin.text.startsWith(`${name}:`)));
  return [
    ...[...pins.map(({text}) => text), ...behind.map(({text}) => `${runtime}:${text}`)].map((text): Candidate => ({
      text,
      type: 'image',
      help: 'pinned in weft.lock',
    })),
    ...context.images().map((text): Candidate => ({text, type: 'image', help: 'used in this notebook'})),
    {text: 'none', type: 'value', help: 'tasks run on the host'},
    {text: 'auto', type: 'value', help: 'which runtime works here'},
    ...RUNTIMES.map((name): Candidate => ({text: `${name}:`, type: 'runtime', open: true})),
    'files',
  ];
}

/** The images of `weft.lock`, as they were typed, with the runtimes that they were pinned for. */
function pinned(directory: string): readonly {readonly text: string; readonly runtime: unknown}[] {
  try {
    const lock = JSON.parse(readFileSync(join(directory, 'weft.lock'), 'utf8')) as {
      images?: {container?: unknown; runtime?: unknown}[];
    };
    return (lock.images ?? []).flatMap(({container, runtime}) =>
      typeof container === 'string' ? [{text: container, runtime}] : [],
    );
  } catch {
    return [];
  }
}
