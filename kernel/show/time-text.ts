const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** How times are written. */
export interface Clock {
  /** Now, in milliseconds since the epoch: the year of another year is shown. */
  readonly now: number;
  /** A name of the time zone database, for tests; absent: the local one. */
  readonly zone?: string;
}

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

function partsOf(at: number, zone: string | undefined): Parts {
  const date = new Date(at);
  if (zone === undefined) {
    return {
      year: date.getFullYear(),
      month: date.getMonth(),
      day: date.getDate(),
      hour: date.getHours(),
      minute: date.getMinutes(),
    };
  }
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const found = new Map(format.formatToParts(date).map(part => [part.type, Number(part.value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => found.get(type) ?? 0;
  return {year: part('year'), month: part('month') - 1, day: part('day'), hour: part('hour'), minute: part('minute')};
}

/**
 * A moment for people, local: `12 Oct 14:03`, and `12 Oct 2024 14:03` of another year.
 * @param at milliseconds since the epoch, or ISO 8601
 */
export function timeText(at: number | string, clock: Clock): string {
  const ms = typeof at === 'number' ? at : Date.parse(at);
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return 'at an unknown time';
  const parts = partsOf(ms, clock.zone);
  const year = parts.year === partsOf(clock.now, clock.zone).year ? '' : ` ${parts.year}`;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${parts.day} ${MONTHS[parts.month] ?? ''}${year} ${two(parts.hour)}:${two(parts.minute)}`;
}
