import type {Manifest} from '../graph/manifest.js';
import type {Result} from '../graph/result.js';
import {checkResult, type Hit, type Miss, type Verify} from '../store/verify.js';

/** How often, and after how many milliseconds, what another machine has made in the last so many milliseconds is looked for again. */
const LOOKS = 20;
const LOOK = 500;
const NEW = 600_000;

/**
 * Looks at a result as `checkResult` does. Network file systems show late what another machine has just made: such a one is
 * looked for again, for ten seconds, before it is taken for lost. The clock of that machine may be a few minutes off.
 * @param host the name of this machine
 */
export async function checkLate(manifest: Manifest, how: Verify, host: string): Promise<Result<Hit, Miss>> {
  const isNew = manifest.host !== host && Math.abs(Date.now() - Date.parse(manifest.endedAt)) < NEW;
  let checked = await checkResult(manifest, how);
  for (let looks = 0; isNew && looks < LOOKS && !checked.ok && checked.error.is === 'absent'; looks++) {
    await new Promise(resolve => setTimeout(resolve, LOOK));
    checked = await checkResult(manifest, how);
  }
  return checked;
}
