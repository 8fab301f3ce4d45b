import {canonicalJson} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Manifest, OutputFile} from '../graph/manifest.js';

/**
 * The edition of a new result (LANGUAGE 17): that of the one before it, one more if it was forced and its bytes differ, or those that are read
 * through it.
 * A result that was lost and made again keeps its edition, so that its readers stay cached.
 */
export function editionOf(
  made: {readonly value?: JsonValue},
  outputs: readonly OutputFile[],
  previous: Manifest | undefined,
  force: boolean,
  through = false,
): number {
  if (previous === undefined) return 1;
  if (through) return previous.edition + 1;
  if (!force || sameBytes({...made, outputs}, previous)) return previous.edition;
  return previous.edition + 1;
}

/** Whether two results are equal to who reads them: the same files, and the same value. Times do not count. */
export function sameBytes(a: Pick<Manifest, 'outputs' | 'value'>, b: Pick<Manifest, 'outputs' | 'value'>): boolean {
  return (
    a.outputs.length === b.outputs.length &&
    a.outputs.every((output, at) => output.path === b.outputs[at]?.path && output.sha256 === b.outputs[at].sha256) &&
    valueText(a.value) === valueText(b.value)
  );
}

const valueText = (value: JsonValue | undefined): string => (value === undefined ? '' : canonicalJson(value));
