import type { CandidateVerdict } from "../core/attempt-notes.ts";
import type { BreakerState } from "../core/breaker.ts";
import { orderTargets, type Route } from "../core/routes.ts";
import { leastBad } from "./choose-target.ts";
import { shareOf } from "./explain-call.ts";
import { lookUpRoute, type ModelDirectory } from "./model-directory.ts";
import type { Target } from "./targets.ts";

/** Where a call could go, as of now. */
export interface ExplainedCandidate {
  /** `integration/model`. */
  readonly target: string;
  readonly role: "target" | "fallback";
  /** Its part among its equals, from 0 to 1; null for a fallback. */
  readonly share: number | null;
  /** How likely a call goes there first, from 0 to 1, as things stand. */
  readonly chance: number;
  readonly breaker: BreakerState;
  /** Until a call may go there, in milliseconds; 0 for now, undefined where only another process knows. */
  readonly waitMs: number | undefined;
  readonly verdict: CandidateVerdict;
  /** Why it cannot be asked, in one sentence; undefined where it can. */
  readonly reason: string | undefined;
}

/** When, and what other processes of the server know. */
export interface Moment {
  /** Monotonic. */
  readonly nowMs: number;
  /** Breakers of other processes by target, the worst of each: workers have their own. */
  readonly elsewhere: ReadonlyMap<string, BreakerState>;
}

/** What would happen to a call of a model, without making one. Throws what the call would be refused with. */
export function explainRoute(
  directory: ModelDirectory,
  model: string,
  moment: Moment,
): readonly ExplainedCandidate[] {
  return explainCandidates(directory, lookUpRoute(directory, model), moment);
}

/** Where a route leads now, the targets first. */
export function explainCandidates(
  { snapshot }: ModelDirectory,
  route: Route,
  moment: Moment,
): readonly ExplainedCandidate[] {
  const targetOf = (id: string) => snapshot.targets.get(id);
  const chances = chancesOf(route, (order) => firstAsked(order, targetOf, moment));
  return allTargets(route).map((id) => {
    const target = targetOf(id);
    const chance = chances.get(id) ?? 0;
    const verdict = judge(target, chance, moment);
    return {
      target: id,
      role: route.targets.some((each) => each.id === id) ? "target" : "fallback",
      share: shareOf(route, id),
      chance,
      breaker: worse(target?.breaker.state(moment.nowMs) ?? "closed", moment.elsewhere.get(id) ?? "closed"),
      waitMs: waitOf(target, moment),
      verdict,
      reason: reasonOf(verdict, target),
    };
  });
}

const fromGoodToBad: readonly BreakerState[] = ["closed", "half_open", "open"];

function worse(one: BreakerState, other: BreakerState): BreakerState {
  return fromGoodToBad.indexOf(one) > fromGoodToBad.indexOf(other) ? one : other;
}

function isHeldBack(target: Target, { nowMs, elsewhere }: Moment): boolean {
  return target.breaker.waitMs(nowMs) > 0 || elsewhere.get(target.id) === "open";
}

function waitOf(target: Target | undefined, moment: Moment): number | undefined {
  if (target === undefined || !isHeldBack(target, moment)) return 0;
  return Math.ceil(target.breaker.waitMs(moment.nowMs)) || undefined;
}

function allTargets(route: Route): readonly string[] {
  return [...new Set([...route.targets.map(({ id }) => id), ...route.fallbacks])];
}

/** Each target that can be drawn stands first in one of the orders, as often as its weight says. */
function chancesOf(
  route: Route,
  firstOf: (order: readonly string[]) => string | undefined,
): ReadonlyMap<string, number> {
  const total = route.targets.reduce((sum, { weight }) => sum + weight, 0);
  const chances = new Map<string, number>();
  const add = (order: readonly string[], part: number): void => {
    const first = firstOf(order);
    if (first !== undefined) chances.set(first, round((chances.get(first) ?? 0) + part));
  };
  if (route.only !== undefined || total === 0) {
    add(orderTargets(route, 0), 1);
    return chances;
  }
  let before = 0;
  for (const { weight } of route.targets) {
    // The middle of the part that is drawn for it.
    if (weight > 0) add(orderTargets(route, (before + weight / 2) / total), weight / total);
    before += weight;
  }
  return chances;
}

/** As a call chooses, but without taking the turn of a probe. */
function firstAsked(
  order: readonly string[],
  targetOf: (id: string) => Target | undefined,
  moment: Moment,
): string | undefined {
  const targets = order.flatMap((id) => targetOf(id) ?? []);
  const running = targets.filter(({ platform }) => platform !== undefined);
  const ready = running.find((target) => !isHeldBack(target, moment));
  if (ready !== undefined) return ready.id;
  return targets.length > 1 && running.length > 0 ? leastBad(running).id : undefined;
}

function judge(target: Target | undefined, chance: number, moment: Moment): CandidateVerdict {
  if (target === undefined) return "not_offered";
  if (target.platform === undefined) return "not_running";
  const isHeld = isHeldBack(target, moment);
  if (chance > 0) return isHeld ? "least_bad" : "chosen";
  return isHeld ? "open_breaker" : "not_needed";
}

function reasonOf(verdict: CandidateVerdict, target: Target | undefined): string | undefined {
  switch (verdict) {
    case "not_offered":
      return "No running integration offers it.";
    case "not_running":
      return target?.absence;
    case "open_breaker":
    case "least_bad":
      return "It keeps failing. It is tried again by itself.";
    default:
      return undefined;
  }
}

function round(part: number): number {
  return Math.round(part * 1_000) / 1_000;
}
