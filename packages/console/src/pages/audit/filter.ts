import type { OperationInput } from "@llm-platform/client";

export interface Filter {
  readonly actor: string;
  readonly operation: string;
  readonly target: string;
  /** In the reader's zone, as fields of times have them. */
  readonly from: string;
  readonly to: string;
}

export const noFilter: Filter = { actor: "", operation: "", target: "", from: "", to: "" };

/** What is filled in, as the API takes it. */
export function toQuestion({ from, to, ...texts }: Filter): OperationInput<"audit.list"> {
  const times = Object.entries({ from, to }).map(([name, time]) => [name, toInstant(time)]);
  return Object.fromEntries([...Object.entries(texts), ...times].filter(([, text]) => text !== ""));
}

function toInstant(time: string): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
