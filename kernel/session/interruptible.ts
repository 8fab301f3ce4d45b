/** What some work gives, or `interrupted` if the signal comes first. The work goes on. */
export async function interruptible<T>(signal: AbortSignal, work: Promise<T>): Promise<T | 'interrupted'> {
  return Promise.race([
    work,
    new Promise<'interrupted'>(resolve => signal.addEventListener('abort', () => resolve('interrupted'), {once: true})),
  ]);
}
