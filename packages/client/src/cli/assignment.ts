import { UsageError } from "./exit-code.ts";

/** `name=value`: the value as JSON where it is some, else as a text; nothing takes the setting back. Throws UsageError. */
export function parseAssignment(assignment: string): readonly [name: string, value: unknown] {
  const at = assignment.indexOf("=");
  if (at <= 0) throw new UsageError(`'${assignment}' is no setting. Write it as name=value.`);
  return [assignment.slice(0, at), parseValue(assignment.slice(at + 1))];
}

function parseValue(value: string): unknown {
  if (value === "") return null;
  try {
    return JSON.parse(value);
  } catch {
    // What is no JSON is a text, so that a prompt needs no quotes of its own.
    return value;
  }
}
