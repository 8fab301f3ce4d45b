import {digestOf, type Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {fingerprintOfRecipe, type Recipe} from '../../kernel/graph/recipe.js';
import type {AttemptId} from '../../kernel/graph/task.js';
import type {ClaimContent} from '../../kernel/store/claim.js';

/** A recipe of a bash task; another `text` is another task. */
export function sampleRecipe(text = 'echo hello'): Recipe {
  return {kind: 'bash', name: 'bash', arguments: {text}, variables: {}, inputs: []};
}

export const sampleFingerprint = (text?: string): Fingerprint => fingerprintOfRecipe(sampleRecipe(text));

/** What a claim to an attempt says, of a kernel that nobody has heard of. */
export const sampleClaim = (attempt: string): ClaimContent => ({
  attempt: attempt as AttemptId,
  directory: `/results/.bash.${attempt}`,
  kernel: {pid: 1, startTime: '2', host: 'login01', bootId: 'b'},
  at: '2026-10-12T14:03:00.000Z',
});

/** The manifest of a value task. */
export function sampleManifest(changes: Partial<Manifest> = {}, text?: string): Manifest {
  const {startedAt, endedAt, host} = sampleKnown;
  return {
    version: 1,
    fingerprint: sampleFingerprint(text),
    recipe: sampleRecipe(text),
    label: 'bash',
    edition: 1,
    read: {},
    outputs: [],
    exit: 0,
    startedAt,
    endedAt,
    host,
    ...changes,
  };
}

export const sampleOutput = (path: string, text: string, mtimeNs = '1760277783000000001') => ({
  path,
  size: Buffer.byteLength(text),
  mtimeNs,
  sha256: digestOf(text),
});

/** What is known of a result before its files are looked at. */
export const sampleKnown = {
  fingerprint: sampleFingerprint(),
  recipe: sampleRecipe(),
  label: 'bash',
  read: {},
  exit: 0,
  startedAt: '2026-10-12T14:03:00.000Z',
  endedAt: '2026-10-12T14:03:03.100Z',
  host: 'nid00123',
};
