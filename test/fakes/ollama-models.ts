import { stableId } from "./answer.ts";
import type { JsonObject } from "./json-read.ts";

/** Time that every static date of the fake shows; fixed, so that replies can be compared. */
export const fixedTime = "2026-11-23T06:00:00.123456Z";

const sizeBytes = 1_600_000;
const defaultKeepAliveMs = 5 * 60_000;
/** Ollama shows a date some centuries away for a model that stays for ever. */
const foreverMs = 300 * 365 * 24 * 3_600_000;

/** Models on the disk and in memory of an Ollama-speaking fake. */
export type OllamaModels = {
  has(name: string): boolean;
  add(name: string): void;
  /** Returns whether there was one. */
  remove(name: string): boolean;
  list(): readonly JsonObject[];
  /** Loads the model, or prolongs its stay, as `keep_alive` says; 0 unloads it. */
  touch(name: string, keepAlive: unknown): void;
  isLoaded(name: string): boolean;
  loaded(): readonly JsonObject[];
};

/** The name with its tag; `latest` where there is none. */
export function withTag(name: string): string {
  return name.split("/").at(-1)?.includes(":") === true ? name : `${name}:latest`;
}

/** What the model can do, read from its name: `embed`, `vision` and `plain` (no tools, no thinking) mean something. */
export function capabilitiesOf(name: string): readonly string[] {
  if (name.includes("embed")) return ["embedding"];
  if (name.includes("plain")) return ["completion"];
  return ["completion", "tools", "thinking", ...(name.includes("vision") ? ["vision"] : [])];
}

export function detailsOf(name: string): JsonObject {
  const family = name.includes("embed") ? "bert" : "llama";
  return {
    parent_model: "",
    format: "gguf",
    family,
    families: [family],
    parameter_size: "0.8M",
    quantization_level: "Q4_K_M",
  };
}

export function digestOf(name: string): string {
  return stableId(64, name);
}

/** Milliseconds of a `keep_alive`: seconds as a number, or a duration such as `5m`; negative means for ever. */
export function parseKeepAlive(value: unknown): number {
  const unitsMs: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const match = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(value ?? ""));
  if (match === null) return defaultKeepAliveMs;
  const ms = Number(match[1]) * (unitsMs[match[2] ?? "s"] ?? 1000);
  return ms < 0 ? foreverMs : ms;
}

function describe(name: string, more: JsonObject = {}): JsonObject {
  return { name, model: name, ...more, size: sizeBytes, digest: digestOf(name), details: detailsOf(name) };
}

export function createOllamaModels(names: readonly string[]): OllamaModels {
  const present = new Set(names.map(withTag));
  const expiresAtMs = new Map<string, number>();
  const isLoaded = (name: string): boolean => (expiresAtMs.get(withTag(name)) ?? 0) > Date.now();
  return {
    has: (name) => present.has(withTag(name)),
    add: (name) => void present.add(withTag(name)),
    remove: (name) => {
      expiresAtMs.delete(withTag(name));
      return present.delete(withTag(name));
    },
    list: () => [...present].map((name) => describe(name, { modified_at: fixedTime })),
    touch: (name, keepAlive) => {
      const keepMs = parseKeepAlive(keepAlive);
      if (keepMs === 0) expiresAtMs.delete(withTag(name));
      else expiresAtMs.set(withTag(name), Date.now() + keepMs);
    },
    isLoaded,
    loaded: () =>
      [...expiresAtMs.keys()].filter(isLoaded).map((name) => ({
        ...describe(name),
        expires_at: new Date(expiresAtMs.get(name) ?? 0).toISOString(),
        size_vram: sizeBytes,
        context_length: 4096,
      })),
  };
}
