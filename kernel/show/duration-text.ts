const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const pair = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;

/**
 * A duration for people: `45 ms`, `3.1 s`, `42 s`, `14 min 2 s`, `1 h 20 min`, `2 d 3 h`.
 * @param duration milliseconds; less than nothing, as clocks that differ give, is nothing
 */
export function durationText(duration: number): string {
  const ms = Number.isFinite(duration) ? Math.max(0, duration) : 0;
  if (ms < 99.5) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(ms / HOUR);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/**
 * An estimate, no finer than it deserves: `10 s`, `40 s`, `6 min`, `1 h 20 min`, `2 d 3 h`.
 * @param duration milliseconds
 */
export function roughDurationText(duration: number): string {
  if (duration <= 50 * SECOND) return durationText(Math.max(1, Math.ceil(duration / (10 * SECOND))) * 10 * SECOND);
  if (duration <= HOUR) return durationText(Math.ceil(duration / MINUTE) * MINUTE);
  if (duration <= DAY) return durationText(Math.ceil(duration / (10 * MINUTE)) * 10 * MINUTE);
  return durationText(Math.ceil(duration / HOUR) * HOUR);
}
