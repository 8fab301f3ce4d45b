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

/** Bytes of memory as `--mem` takes them, in powers of 1024 and never less than they are: `64M`, `2150M`, `4G`, `10.3G`. */
export function memoryText(bytes: number): string {
  if (bytes % 2 ** 30 === 0) return `${bytes / 2 ** 30}G`;
  if (bytes >= 10 * 2 ** 30) return `${Math.ceil((bytes / 2 ** 30) * 10) / 10}G`;
  return bytes >= 2 ** 20 || bytes % 2 ** 20 === 0
    ? `${Math.ceil(bytes / 2 ** 20)}M`
    : `${Math.ceil(bytes / 2 ** 10)}K`;
}
