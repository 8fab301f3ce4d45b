import {heldBy} from './future.js';
import {SetResult} from './results.js';

/** JSON is copied, so that later cells do not change it; all else is kept by reference. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || heldBy(value) || value instanceof SetResult) return value;
  try {
    return isJson(value) ? structuredClone(value) : value;
  } catch {
    return value;
  }
}

function isJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return value === null || ['string', 'number', 'boolean'].includes(typeof value);
  if (heldBy(value)) return false;
  if (Array.isArray(value)) return value.every(isJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === null || prototype === Object.prototype) && Object.values(value).every(isJson);
}
