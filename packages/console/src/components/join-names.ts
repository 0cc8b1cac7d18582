/** Class names of those that are there. */
export function joinNames(...names: readonly (string | undefined)[]): string {
  return names.filter((name) => name !== undefined).join(" ");
}
