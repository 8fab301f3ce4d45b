import type {Settled} from '../typescript/messages.js';

/** How many tasks of a set, and of sets in it, have failed; of a task 1 or 0. */
function failuresOf(settled: Settled): number {
  if (settled.is === 'failed') return 1;
  if (settled.is !== 'set') return 0;
  return settled.members.reduce((count, member) => count + failuresOf(member.settled), 0);
}

/**
 * What an expression sees of a set that it waited for: only what is done. Undefined where more has failed than is allowed.
 * @param allowed `--allow-failed`
 */
export function withoutFailed(settled: Settled, allowed: number): Settled | undefined {
  const failures = failuresOf(settled);
  if (failures > allowed || settled.is === 'failed') return undefined;
  if (failures === 0 || settled.is !== 'set') return settled;
  const members = settled.members.flatMap(member => {
    const rest = withoutFailed(member.settled, allowed);
    return rest === undefined ? [] : [{...member, settled: rest}];
  });
  return {...settled, members};
}
