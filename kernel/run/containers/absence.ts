import type {ContainerProblem, Ran} from './runtime.js';

/** Why a runtime's program gave no answer at all: not there, not allowed, or too slow. Undefined where it ended by itself. */
export function absenceOf(program: string, {error, timedOut, code}: Ran): ContainerProblem | undefined {
  if (timedOut)
    return {
      is: 'slow',
      message: `\`${program}\` did not answer in time`,
      remedy: `see whether \`${program}\` answers in a terminal, and take another runtime until then`,
    };
  if (error === 'EACCES')
    return {is: 'denied', message: `\`${program}\` may not be run by you`, remedy: 'ask who runs this machine for it'};
  if (code !== undefined) return undefined;
  return error === undefined
    ? {is: 'other', message: `\`${program}\` was ended by somebody`, remedy: 'try it again'}
    : {is: 'absent', message: `there is no \`${program}\` here`, remedy: 'install it, or take another runtime'};
}
