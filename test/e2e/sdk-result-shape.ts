/**
 * The shape of a result: one line for each place in it, with the type found there.
 * Lists count as one place, so that a stream of three chunks has the shape of a stream of thirty.
 */
export function shapeOf(value: unknown): readonly string[] {
  const lines = new Set<string>();
  collect(value, "", lines);
  return [...lines].filter((line) => !isOptional(line)).toSorted();
}

/** Members that OpenAI's API lets a server leave out or send as null, by the end of their path. */
const optionalMembers = [
  // Names of a build and of a price class: only a server that has such things can say them.
  ".system_fingerprint",
  ".service_tier",
  // Parts of the usage that only some servers count.
  ".prompt_tokens_details",
  ".completion_tokens_details",
  // Null where nothing of the kind was asked for.
  ".logprobs",
  ".refusal",
  ".annotations",
  // Null in each chunk but the last one, or not there.
  ".usage: null",
] as const;

function isOptional(line: string): boolean {
  const [path = ""] = line.split(": ");
  return optionalMembers.some((member) =>
    member.includes(": ")
      ? line.endsWith(member)
      : path.endsWith(member) || path.includes(`${member}.`) || path.includes(`${member}[]`),
  );
}

function collect(value: unknown, path: string, lines: Set<string>): void {
  if (Array.isArray(value)) {
    lines.add(`${path}: list`);
    for (const item of value) collect(item, `${path}[]`, lines);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) collect(member, `${path}.${key}`, lines);
  } else {
    lines.add(`${path}: ${value === null ? "null" : typeof value}`);
  }
}
