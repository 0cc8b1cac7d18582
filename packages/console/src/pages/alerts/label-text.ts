/** Labels as people write them: one on each line, `name=value`. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}

/** Undefined where a line is no label. */
export function parseLabels(
  text: string,
): readonly { readonly name: string; readonly value: string }[] | undefined {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const labels = lines.map((line) => {
    const at = line.indexOf("=");
    return { name: line.slice(0, Math.max(0, at)).trim(), value: line.slice(at + 1).trim() };
  });
  return labels.every(({ name, value }) => name !== "" && value !== "") ? labels : undefined;
}
