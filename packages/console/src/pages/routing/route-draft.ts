import type { OperationInput } from "@llm-platform/client";
import type { ListedRoute } from "./looks.ts";

/** A place as it is being written. */
export interface PlaceDraft {
  /** By which it is the same one when it moves. */
  readonly key: number;
  readonly model: string;
  /** As it was typed; fallbacks have none. */
  readonly weight: string;
}

/** A name as it is being written. */
export interface RouteDraft {
  readonly name: string;
  readonly kind: "alias" | "route";
  readonly aliasOf: string;
  readonly targets: readonly PlaceDraft[];
  readonly fallbacks: readonly PlaceDraft[];
  /** What of the name the writer has seen; undefined for a new one. */
  readonly version: string | undefined;
}

export const nothingYet: RouteDraft = {
  name: "",
  kind: "route",
  aliasOf: "",
  targets: [{ key: 0, model: "", weight: "1" }],
  fallbacks: [],
  version: undefined,
};

export function toDraft(route: ListedRoute): RouteDraft {
  const { model, kind, alias_of: aliasOf, targets, fallbacks, version } = route;
  return {
    name: model,
    kind: kind === "alias" ? "alias" : "route",
    aliasOf: aliasOf ?? "",
    targets:
      targets.length === 0
        ? nothingYet.targets
        : targets.map((target, key) => ({ key, model: target.model, weight: String(target.weight) })),
    fallbacks: fallbacks.map((name, key) => ({ key, model: name, weight: "" })),
    version: version ?? undefined,
  };
}

/** What is to be made of the name. */
export function toFields(
  draft: RouteDraft,
): Pick<OperationInput<"routes.create">, "alias_of" | "targets" | "fallbacks"> {
  if (draft.kind === "alias") return { alias_of: draft.aliasOf.trim() };
  return {
    targets: draft.targets.map(({ model, weight }) => ({ model: model.trim(), weight: toWeight(weight) })),
    fallbacks: draft.fallbacks.map(({ model }) => model.trim()),
  };
}

/** Each target's part of the calls, from 0 to 1; 0 for all while the weights come to nothing. */
export function sharesOf(targets: readonly PlaceDraft[]): readonly number[] {
  const weights = targets.map(({ weight }) => toWeight(weight));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (total === 0 ? 0 : weight / total));
}

/** What cannot be read counts nothing. */
export function toWeight(text: string): number {
  const weight = Number(text);
  return Number.isFinite(weight) && weight > 0 ? weight : 0;
}

export function addPlace(places: readonly PlaceDraft[]): readonly PlaceDraft[] {
  const key = Math.max(-1, ...places.map((place) => place.key)) + 1;
  return [...places, { key, model: "", weight: "1" }];
}

export function changePlace(places: readonly PlaceDraft[], changed: PlaceDraft): readonly PlaceDraft[] {
  return places.map((place) => (place.key === changed.key ? changed : place));
}

/** Up by −1, down by 1; at an end it stays. */
export function movePlace(places: readonly PlaceDraft[], key: number, by: -1 | 1): readonly PlaceDraft[] {
  const from = places.findIndex((place) => place.key === key);
  const other = places[from + by];
  const moved = places[from];
  if (moved === undefined || other === undefined) return places;
  return places.map((place) => (place === moved ? other : place === other ? moved : place));
}
