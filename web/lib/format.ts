// Moments, sizes and spans of time as people read them, in their language and their zone.
import { text } from "./messages";

/** The page's own language, so that dates and texts go together. */
const locale = () => document.documentElement.lang || "en";

/** Day and time of a moment. */
export const moment = (iso: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

export const day = (iso: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(iso));

/** A moment for people elsewhere: with the day of the week and the zone. */
export const longMoment = (iso: string | Date): string =>
  new Intl.DateTimeFormat(locale(), {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(new Date(iso));

export const time = (iso: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { timeStyle: "short" }).format(new Date(iso));

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A number of bytes in the largest unit that leaves at least one of it; a thousand to each. */
export function bytes(count: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), UNITS.length - 1);
  return new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: UNITS[step],
    unitDisplay: "short",
    maximumFractionDigits: step < 2 ? 0 : 1,
  }).format(count / 1000 ** step);
}

/** A span of seconds as 1:02:03, or 2:03 below an hour. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** How long ago a moment was, or how long until it comes, in the unit that fits. */
export function fromNow(iso: string | Date, now = Date.now()): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  const sizes = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ] as const;
  for (const [unit, size] of sizes)
    if (Math.abs(seconds) >= size)
      return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(
        Math.trunc(seconds / size),
        unit,
      );
  return text("time.now");
}

/** A plain number, without digits behind the point. */
export const number = (value: number): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 }).format(value);

/** A share of one, in hundredths. */
export const share = (value: number): string =>
  new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 1 }).format(value);

/** Bits per second, as networks are measured. */
export const rate = (bitsPerSecond: number): string =>
  new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: "megabit-per-second",
    maximumFractionDigits: 1,
  }).format(bitsPerSecond / 1_000_000);
