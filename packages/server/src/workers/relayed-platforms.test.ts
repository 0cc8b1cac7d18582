import type { Relay } from "@llm-platform/kit";
import { afterEach, expect, test } from "vitest";
import { defaultBreakerSettings } from "../core/breaker.ts";
import type { RoutingConfig } from "../core/routes.ts";
import { createModelDirectory } from "../gateway/model-directory.ts";
import { createRelayedPlatforms, type RelayedPlatforms } from "./relayed-platforms.ts";
import type { PlatformData } from "./routing-data.ts";

const quietLog = { debug() {}, info() {}, warn() {}, error() {} };
const relay: Relay = { origin: "http://127.0.0.1:1", paths: { chat: "/v1/chat/completions" }, headers: [] };
const open: RelayedPlatforms[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.stop();
});

function createRelayed(): RelayedPlatforms {
  const relayed = createRelayedPlatforms(() => undefined);
  open.push(relayed);
  return relayed;
}

function platform(name: string, more: Partial<PlatformData> = {}): PlatformData {
  return {
    name,
    priority: 100,
    absence: `${name} is away.`,
    network: undefined,
    isRunning: true,
    provider: "sample",
    reportsStreamUsage: true,
    relay,
    models: [{ id: "m" }],
    ...more,
  };
}

function servedNames(
  platforms: readonly PlatformData[],
  routing: Partial<RoutingConfig> = {},
): readonly string[] {
  const relayed = createRelayed();
  relayed.update(platforms);
  const directory = createModelDirectory({
    source: relayed,
    routing: () => ({ aliases: {}, routes: [], ...routing }),
    breaker: defaultBreakerSettings,
    log: quietLog,
  });
  directory.rebuild();
  return [...relayed.servedNames(directory.snapshot)].sort();
}

test("a worker serves the names whose every target it can call", () => {
  expect(servedNames([platform("a"), platform("b", { relay: undefined })])).toEqual(["a/m"]);
  expect(servedNames([platform("a"), platform("b")])).toEqual(["a/m", "b/m", "m"]);
});

test("a target that runs nowhere keeps no name from a worker", () => {
  const away = platform("b", { relay: undefined, isRunning: false });
  expect(servedNames([platform("a"), away])).toEqual(["a/m", "b/m", "m"]);
});

test("a name with a fallback that the first process alone can call is left to that", () => {
  const routes = [{ model: "r", targets: [{ model: "a/m", weight: 1 }], fallbacks: ["b/m"] }];
  expect(servedNames([platform("a"), platform("b", { relay: undefined })], { routes })).not.toContain("r");
  expect(servedNames([platform("a"), platform("b")], { routes })).toContain("r");
});

test("a platform that did not change stays the same, with its connections", () => {
  const relayed = createRelayed();
  const first = () => relayed.platforms()[0]?.platform;
  relayed.update([platform("a")]);
  const before = first();
  expect(before).toBeDefined();
  relayed.update([platform("a", { models: [{ id: "m" }, { id: "n" }], priority: 5 })]);
  expect(first()).toBe(before);
  relayed.update([platform("a", { relay: { ...relay, headers: [["authorization", "Bearer other"]] } })]);
  expect(first()).not.toBe(before);
  relayed.update([platform("a", { relay: undefined })]);
  expect(first()).toBeUndefined();
});
