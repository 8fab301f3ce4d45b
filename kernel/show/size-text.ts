const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];

/** A number of bytes for people, in powers of 1000: `512 B`, `1.2 kB`, `34 MB`. */
export function sizeText(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 1000) return `${Math.max(0, Math.round(bytes) || 0)} B`;
  let size = bytes / 1000;
  let unit = 0;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${UNITS[unit] ?? 'PB'}`;
}
