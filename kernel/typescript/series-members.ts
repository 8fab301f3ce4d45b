import type {FutureRef} from './messages.js';

/** A reference with its members, which those of a long loop get when somebody looks at them. They are not sent again. */
export function withMembers(ref: FutureRef): FutureRef {
  const {series, ...rest} = ref;
  if (series === undefined) return ref;
  let members: FutureRef['members'];
  return Object.defineProperty(rest, 'members', {
    enumerable: false,
    get: () => {
      const {first, keys, ...shared} = series;
      const from = parseInt(first, 16);
      members ??= keys.map((key, at) => ({
        key,
        future: {...shared, id: (from + at).toString(16).padStart(12, '0')},
      }));
      return members;
    },
  });
}
