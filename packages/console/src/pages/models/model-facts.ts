import type { OperationOutput } from "@llm-platform/client";
import type { Tone } from "../../components/state-mark.tsx";

/** A model that can be called. */
export type Model = OperationOutput<"models.list">["models"][number];
/** A model that is in memory. */
export type LoadedModel = OperationOutput<"models.loaded">["models"][number];
export type Pull = OperationOutput<"pulls.list">["pulls"][number];
export type Verdict = NonNullable<Model["verdict"]>;

/** The name that says which of several integrations is meant. */
export function fullName({ integration, id }: Pick<Model, "integration" | "id">): string {
  return `${integration}/${id}`;
}

/** Whether its files are kept here, or on a server that takes orders: only such models are loaded, set and deleted. */
export function isKept({ size_bytes }: Model): boolean {
  return size_bytes !== null;
}

export const verdictTones: Readonly<Record<Verdict, Tone>> = {
  weights_only: "good",
  suspicious: "warn",
  refused: "bad",
};

export const phaseTones: Readonly<Record<Pull["phase"], Tone>> = {
  queued: "none",
  resolving: "calm",
  downloading: "calm",
  verifying: "calm",
  registering: "calm",
  warming_up: "calm",
  done: "good",
  failed: "bad",
  paused: "warn",
  cancelled: "none",
};

/** What can be done to a pull in its phase. */
export function actionsOf({ phase }: Pick<Pull, "phase">): readonly ("pause" | "resume" | "cancel")[] {
  switch (phase) {
    case "queued":
    case "resolving":
    case "downloading":
    case "verifying":
      return ["pause", "cancel"];
    case "registering":
    case "warming_up":
      return ["cancel"];
    case "paused":
    case "failed":
      return ["resume", "cancel"];
    case "cancelled":
      return ["resume"];
    case "done":
      return [];
  }
}

export type SizeClass = "any" | "small" | "medium" | "large";

/** What the reader looks for; an empty text is for all. */
export interface ModelFilter {
  readonly text: string;
  readonly integration: string;
  readonly task: string;
  readonly quantization: string;
  readonly verdict: string;
  readonly size: SizeClass;
}

export const noFilter: ModelFilter = {
  text: "",
  integration: "",
  task: "",
  quantization: "",
  verdict: "",
  size: "any",
};

/** Up to which size a model is small, and from which on it is large. */
export const sizeBounds = { small: 2_000_000_000, large: 16_000_000_000 } as const;

export function fits(model: Model, filter: ModelFilter): boolean {
  const is = (wanted: string, value: string | null) => wanted === "" || wanted === value;
  return (
    fullName(model).toLowerCase().includes(filter.text.trim().toLowerCase()) &&
    is(filter.integration, model.integration) &&
    (filter.task === "" || tasksOf(model).includes(filter.task)) &&
    is(filter.quantization, model.quantization) &&
    is(filter.verdict, model.verdict) &&
    (filter.size === "any" || filter.size === sizeClass(model))
  );
}

/** What it can be asked for, and what it is able to beside. */
export function tasksOf({ operations, capabilities }: Model): readonly string[] {
  return [...new Set<string>([...operations, ...capabilities])];
}

function sizeClass({ size_bytes: bytes }: Model): SizeClass | undefined {
  if (bytes === null) return undefined;
  if (bytes < sizeBounds.small) return "small";
  return bytes < sizeBounds.large ? "medium" : "large";
}

/** Every value once, in order. */
export function valuesOf(values: readonly (string | null)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== null))].toSorted();
}
