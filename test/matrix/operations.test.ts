import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readOperations } from "../../tools/generators/inert-operations.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { openAiIntegration } from "../e2e/start-platform.ts";
import type { Driver, Outcome } from "./driver.ts";
import { createGraphqlDriver } from "./graphql-driver.ts";
import { createGrpcDriver } from "./grpc-driver.ts";
import { createMcpDriver } from "./mcp-driver.ts";
import { createRestDriver } from "./rest-driver.ts";
import { createWebSocketDriver } from "./websocket-driver.ts";
import { sampleInput } from "./sample-input.ts";

const roles = ["admin", "operator", "developer", "viewer"] as const;
const keyOf = (role: string): string => `${role}-key-0123456789`;
const operations = readOperations();

let upstream: FakeUpstream;
let platform: Platform;
let drivers: readonly Driver[];

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  const api_keys = roles.map((role) => ({ name: role, key: keyOf(role), role }));
  platform = await startPlatform({
    config: { integrations: [openAiIntegration("fake", upstream.origin)], auth: { api_keys } },
  });
  drivers = [
    createRestDriver(platform),
    createMcpDriver(platform),
    await createGrpcDriver(platform),
    createWebSocketDriver(platform),
    createGraphqlDriver(platform),
  ];
});

afterAll(async () => {
  for (const driver of drivers) await driver.close();
  await platform.stop();
  await upstream.stop();
});

/** What an operation comes to over each protocol, by the protocol's name. */
async function callAll(
  operation: string,
  input: Readonly<Record<string, unknown>>,
  key: string | undefined,
): Promise<Readonly<Record<string, Outcome>>> {
  const outcomes: Record<string, Outcome> = {};
  // To the graph a member that no input has is no question at all; who may not is in test/e2e/graphql-access.test.ts.
  const able = drivers.filter(({ name }) => name !== "graphql" || !("no_such_field" in input));
  for (const driver of able) outcomes[driver.name] = await driver.call(operation, input, key);
  return outcomes;
}

/** Expects that each protocol says what REST says. */
function expectSame(outcomes: Readonly<Record<string, unknown>>): void {
  const { rest } = outcomes;
  expect(outcomes).toEqual(Object.fromEntries(Object.keys(outcomes).map((name) => [name, rest])));
}

/** What changes from one call to the next. */
const restless =
  /^at$|_at$|_seconds$|_ms$|^(bytes|store_bytes|updated|created|time|last|in_flight|requests_in_flight|next|seq|id|sha256|free_)/;

function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 20).map(steady);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, restless.test(name) ? typeof each : steady(each)]),
  );
}

describe("an operation comes to the same over every protocol", () => {
  test.each(operations.filter(({ permission }) => permission !== "public"))(
    "$name: who may not",
    async ({ name, permission }) => {
      const operation = operations.find((each) => each.name === name);
      if (operation === undefined) throw new Error(name);
      const input = sampleInput(operation);
      expectSame(await callAll(name, input, undefined));
      for (const role of roles) {
        const outcomes = await callAll(name, { ...input, no_such_field: 1 }, keyOf(role));
        expectSame(outcomes);
        // Either the caller may not, or what is asked for does not fit: nothing was done.
        expect(outcomes["rest"], `${role}, who needs ${permission}`).toMatchObject({
          ok: false,
          code: expect.stringMatching(/^(forbidden|invalid_request)$/),
        });
      }
    },
  );

  test.each(operations.filter(({ rest }) => rest.method === "GET"))(
    "$name: what it answers",
    async ({ name }) => {
      const operation = operations.find((each) => each.name === name);
      if (operation === undefined) throw new Error(name);
      const outcomes = await callAll(name, sampleInput(operation), keyOf("admin"));
      expectSame(
        Object.fromEntries(Object.entries(outcomes).map(([driver, each]) => [driver, steady(each)])),
      );
    },
  );

  test.each(operations.filter(({ rest }) => rest.method !== "GET" && rest.path.includes("{")))(
    "$name: what there is not",
    async ({ name }) => {
      const operation = operations.find((each) => each.name === name);
      if (operation === undefined) throw new Error(name);
      const outcomes = await callAll(name, sampleInput(operation), keyOf("admin"));
      expectSame(outcomes);
      expect(outcomes["rest"]?.ok).toBe(false);
    },
  );
});
