const day = 86_400_000;

// Made once: making one costs more than formatting a hundred times.
const formats = {
  clock: new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' }),
  full: new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'short' }),
  weekday: new Intl.DateTimeFormat([], { weekday: 'long' }),
  shortWeekday: new Intl.DateTimeFormat([], { weekday: 'short' }),
  date: new Intl.DateTimeFormat([], { day: 'numeric', month: 'long', year: 'numeric' }),
  shortDate: new Intl.DateTimeFormat([], { day: 'numeric', month: 'short' }),
};

/** Hours and minutes, in the manner of the reader's country. */
export function clock(at: number): string {
  return formats.clock.format(at);
}

/** The full moment, for hints and screen readers. */
export function full(at: number): string {
  return formats.full.format(at);
}

/** A day for dividers: today, yesterday, a weekday, else the date. */
export function dayName(at: number, now = Date.now()): string {
  const ago = daysAgo(at, now);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  if (ago > 1 && ago < 7) return formats.weekday.format(at);
  return formats.date.format(at);
}

/** Short form for the list: a time today, else a day. */
export function short(at: number, now = Date.now()): string {
  const ago = daysAgo(at, now);
  if (ago === 0) return clock(at);
  if (ago === 1) return 'Yesterday';
  if (ago > 1 && ago < 7) return formats.shortWeekday.format(at);
  return formats.shortDate.format(at);
}

function daysAgo(at: number, now: number): number {
  return Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / day);
}
