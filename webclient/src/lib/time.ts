const day = 86_400_000;

/** Hours and minutes, in the manner of the reader's country. */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** The full moment, for hints and screen readers. */
export function full(at: number): string {
  return new Date(at).toLocaleString([], { dateStyle: 'full', timeStyle: 'short' });
}

/** A day for dividers: today, yesterday, a weekday, else the date. */
export function dayName(at: number, now = Date.now()): string {
  const ago = daysAgo(at, now);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  if (ago > 1 && ago < 7) return new Date(at).toLocaleDateString([], { weekday: 'long' });
  return new Date(at).toLocaleDateString([], { day: 'numeric', month: 'long', year: 'numeric' });
}

/** Short form for the list: a time today, else a day. */
export function short(at: number, now = Date.now()): string {
  const ago = daysAgo(at, now);
  if (ago === 0) return clock(at);
  if (ago === 1) return 'Yesterday';
  if (ago > 1 && ago < 7) return new Date(at).toLocaleDateString([], { weekday: 'short' });
  return new Date(at).toLocaleDateString([], { day: 'numeric', month: 'short' });
}

function daysAgo(at: number, now: number): number {
  return Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / day);
}
