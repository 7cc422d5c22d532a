// Moments between the API, which counts in UTC, and forms, which know the clock on the wall.

const two = (value: number) => String(value).padStart(2, "0");

/** A moment as a field for day and time has it: on the clock of whoever looks. */
export function toField(iso: string | Date): string {
  const at = new Date(iso);
  const day = `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** What such a field says, or nothing when that is no moment. */
export function fromField(value: string): string | undefined {
  const at = new Date(value);
  return value === "" || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** The first moment of a day as a field for days has it, `days` later. */
export function dayStart(value: string, days = 0): string | undefined {
  const [year, month, day] = value.split("-").map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const at = new Date(year, month - 1, day + days);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
