import type { Conditions } from "./conditions.ts";
import type { Figure } from "./figures.ts";
import type { Missing } from "./missing.ts";
import type { Ratios } from "./ratios.ts";

/** All that a run found out; `results.json` is this. */
export interface Results {
  readonly conditions: Conditions;
  readonly missing: Missing;
  /** What went wrong. While there is anything, the figures are not to be trusted. */
  readonly problems: readonly string[];
  readonly ratios: Ratios;
  readonly figures: readonly Figure[];
}

/** The part of the results that is checked. */
export interface CheckedResults {
  readonly problems: readonly string[];
  readonly ratios: ReadonlyMap<string, number>;
}

/** @throws Error when the text is not what a run writes */
export function parseResults(text: string): CheckedResults {
  const parsed: unknown = JSON.parse(text);
  if (!isRecord(parsed) || !isRecord(parsed["ratios"]) || !Array.isArray(parsed["problems"])) {
    throw new Error("results.json is not what `npm run bench` writes");
  }
  const ratios = new Map<string, number>();
  for (const [name, ratio] of Object.entries(parsed["ratios"])) {
    const value = isRecord(ratio) ? ratio["value"] : undefined;
    if (typeof value !== "number") throw new Error(`results.json: the ratio ${name} has no value`);
    ratios.set(name, value);
  }
  return { problems: parsed["problems"].map(String), ratios };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
