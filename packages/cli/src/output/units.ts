const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `1536` → `1.5 KiB`: one decimal below a hundred, whole bytes below one KiB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.5 would round to 1024, which is already the next unit.
  while (value >= 1023.5 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : oneDecimal(value)} ${byteUnits[unit]}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `0.42 ms`, `340 ms`, `4.2 s`, `2 min 3 s`, `3 h 12 min`, `2 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59.95 * second) return `${(ms / second).toFixed(1)} s`;
  if (ms < hour - second / 2) return twoUnits(ms, minute, 'min', second, 's');
  if (ms < day - minute / 2) return twoUnits(ms, hour, 'h', minute, 'min');
  return twoUnits(ms, day, 'd', hour, 'h');
}

/** A remaining time of a transfer, in whole seconds at least: `7 s`, `2 min 3 s`. */
export function formatTimeLeft(ms: number): string {
  const whole = Math.ceil(ms / second) * second;
  return whole < minute ? `${whole / second} s` : formatDuration(whole);
}

/** `1234567` → `1,234,567`, on every machine the same. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 block`, `2 blocks`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function oneDecimal(value: number): string {
  return value < 99.95 ? value.toFixed(1) : String(Math.round(value));
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const total = Math.round(ms / small);
  const perLarge = large / small;
  return `${Math.floor(total / perLarge)} ${largeName} ${total % perLarge} ${smallName}`;
}
