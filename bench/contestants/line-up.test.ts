import { expect, test } from "vitest";
import type { GatewayName } from "../scenarios.ts";
import type { Contestant } from "./contestant.ts";
import { lineUp, type Makers } from "./line-up.ts";

function made(name: GatewayName): () => Contestant {
  return () => ({
    name,
    version: "1",
    headers: () => [],
    start: () => Promise.reject(new Error("is not started here")),
  });
}

const all: Makers = {
  nginx: made("nginx"),
  "llm-platform": made("llm-platform"),
  portkey: made("portkey"),
  go: made("go"),
  haproxy: made("haproxy"),
  litellm: made("litellm"),
};

const everyName = new Set([
  "direct",
  "nginx",
  "llm-platform",
  "portkey",
  "go",
  "haproxy",
  "litellm",
] as const);

test("a peer that cannot be installed is named with its reason, and the others are there", async () => {
  const said: string[] = [];
  const makers: Makers = {
    ...all,
    litellm: () => Promise.reject(new Error("litellm could not be installed by pip\nat length")),
  };
  const { contestants, missing } = await lineUp({
    makers,
    wanted: everyName,
    say: (line) => said.push(line),
  });
  expect(contestants.map(({ name }) => name)).toEqual(["nginx", "llm-platform", "portkey", "go", "haproxy"]);
  expect(missing).toEqual({ litellm: "litellm could not be installed by pip" });
  expect(said).toEqual(["litellm is missing: litellm could not be installed by pip\nat length"]);
});

test.each(["nginx", "llm-platform"] as const)("there is no run without %s", async (name) => {
  const makers: Makers = { ...all, [name]: () => Promise.reject(new Error(`${name} is not here`)) };
  await expect(lineUp({ makers, wanted: everyName, say: () => {} })).rejects.toThrow(`${name} is not here`);
});

test("nothing is installed for scenarios that were not asked for", async () => {
  const makers: Makers = { ...all, litellm: () => Promise.reject(new Error("was installed")) };
  const { contestants, missing } = await lineUp({
    makers,
    wanted: new Set(["direct", "nginx", "go"] as const),
    say: () => {},
  });
  expect(contestants.map(({ name }) => name)).toEqual(["nginx", "go"]);
  expect(missing).toEqual({});
});
