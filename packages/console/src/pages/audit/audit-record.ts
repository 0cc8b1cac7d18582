import type { OperationOutput } from "@llm-platform/client";
import type { Tone } from "../../components/state-mark.tsx";

export type AuditRecord = OperationOutput<"audit.list">["records"][number];

export const outcomeTones: Readonly<Record<AuditRecord["outcome"], Tone>> = {
  started: "calm",
  ok: "good",
  refused: "warn",
  failed: "bad",
};

interface FieldChange {
  readonly field: string;
  readonly before: string;
  readonly after: string;
  readonly isChanged: boolean;
}

/** Both sides field by field, what has changed first. A value that has no fields is one without a name. */
export function compareFields(before: unknown, after: unknown): readonly FieldChange[] {
  const sides = [toFields(before), toFields(after)] as const;
  const names = [...new Set(sides.flatMap((side) => [...side.keys()]))];
  return names
    .map((field) => {
      const [was = "", is = ""] = sides.map((side) => side.get(field));
      return { field, before: was, after: is, isChanged: was !== is };
    })
    .toSorted((one, other) => Number(other.isChanged) - Number(one.isChanged));
}

function toFields(value: unknown): ReadonlyMap<string, string> {
  if (value === null || value === undefined) return new Map();
  const isRecord = typeof value === "object" && !Array.isArray(value);
  const entries: readonly (readonly [string, unknown])[] = isRecord ? Object.entries(value) : [["", value]];
  return new Map(
    entries.map(([name, held]) => [name, typeof held === "string" ? held : JSON.stringify(held)]),
  );
}
