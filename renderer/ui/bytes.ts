const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** @returns `5 B`, `1.2 KiB`, `200 MiB` */
export function sizeWords(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** unit;
  return `${value < 10 && unit > 0 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value).toLocaleString('en')} ${UNITS[unit] ?? ''}`;
}
