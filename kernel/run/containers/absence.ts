import {containerAround} from './nesting.js';
import type {ContainerProblem, Machine, Ran} from './runtime.js';

/**
 * Why a runtime's program gave no answer at all: not there, not allowed, or too slow. Undefined where it ended by itself.
 * @param around the container that the kernel runs in; looked up if it is not given
 */
export function absenceOf(
  program: string,
  {error, timedOut, code}: Ran,
  {environment}: Machine,
  around = containerAround(environment),
): ContainerProblem | undefined {
  if (timedOut)
    return {
      is: 'slow',
      message: `\`${program}\` did not answer in time`,
      remedy: `see whether \`${program} info\` answers in a terminal, and take another runtime until then`,
    };
  if (error === 'EACCES')
    return {is: 'denied', message: `\`${program}\` may not be run by you`, remedy: 'ask who runs this machine for it'};
  if (code !== undefined) return undefined;
  if (error === undefined) return {is: 'other', message: `\`${program}\` was ended`, remedy: 'try it again'};
  return around === undefined
    ? {is: 'absent', message: `there is no \`${program}\` here`, remedy: 'install it, or take another runtime'}
    : nestedIn(around, program);
}

/** That no container starts inside the one that the kernel runs in. */
export const nestedIn = (around: string, program: string): ContainerProblem => ({
  is: 'nested',
  message: `this kernel runs in a container of ${around}, in which \`${program}\` can start no other`,
  remedy: 'run the tasks in the kernel’s own container with `%container none`, or run the kernel outside',
});
