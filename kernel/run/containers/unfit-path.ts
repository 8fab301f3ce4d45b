import type {ContainerProblem} from './runtime.js';

/** The first path that a runtime's options can't hold, as what is told of it. */
export function unfitPath(paths: readonly string[], refused: RegExp): ContainerProblem | undefined {
  const path = paths.find(each => refused.test(each));
  if (path === undefined) return undefined;
  const odd = refused.exec(path)?.[0] ?? '';
  return {
    is: 'mount',
    message: `${JSON.stringify(path)} can’t be mounted: the runtime takes no path with ${JSON.stringify(odd)} in it`,
    remedy: 'give it another name',
  };
}
