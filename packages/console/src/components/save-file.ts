/** Gives the reader a file, as if it had been downloaded. */
export function saveFile(name: string, type: string, parts: readonly (string | Blob)[]): void {
  const address = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
