import type {ErrorContent} from '../wire/notebook.js';

/** Nothing can be asked: the process does not start any more. */
export const notThere: ErrorContent = {
  ename: 'UserProcessDied',
  evalue: "the process of your code can't be started; restart the kernel",
  traceback: ["UserProcessDied: the process of your code can't be started; restart the kernel"],
};

/** The kernel ends, and the process of the code with it. */
export const kernelEnds: ErrorContent = {
  ename: 'KernelEnds',
  evalue: 'the kernel was shut down while the cell ran; tasks go on',
  traceback: ['KernelEnds: the kernel was shut down while the cell ran; tasks go on'],
};

/** What was asked of the process is lost: code of its own was ended by force when user code was to be stopped. */
export const lostByForce: ErrorContent = {
  ename: 'KernelInterrupt',
  evalue: 'interrupted',
  traceback: ['KernelInterrupt: interrupted'],
};

/** What a person reads when the process of his code has ended. `stderr`: the last that it wrote. */
export function deathError(
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
  problem: Error | undefined,
): ErrorContent {
  const heap = stderr.includes('heap out of memory');
  const how = problem
    ? `could not be started: ${problem.message}`
    : heap
      ? 'ran out of memory (its heap was full)'
      : code !== null
        ? `ended itself with code ${code}`
        : `was ended by ${signal ?? 'a signal'}`;
  const evalue = `the process of your code ${how}; its names are lost, tasks go on, a fresh one has started`;
  return {ename: 'UserProcessDied', evalue, traceback: [`UserProcessDied: ${evalue}`]};
}
