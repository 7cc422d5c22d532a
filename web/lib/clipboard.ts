// Puts a text on the clipboard.

/** Whether that worked: browsers refuse on plain http from another computer, and when they were told to. */
export async function copy(text: string): Promise<boolean> {
  if (!("clipboard" in navigator)) return false;
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}
