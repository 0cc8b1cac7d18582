import { execute } from "graphql";
import { beforeEach, expect, it } from "vitest";
import { GraphServer } from "../../packages/server/src/api/graphql/graph-server.ts";
import { createGraphSchema } from "../../packages/server/src/api/graphql/schema.ts";
import { createAuditor } from "../../packages/server/src/control/auditor.ts";
import { keyOperations } from "../../packages/server/src/control/keys.ts";
import { roleOperations } from "../../packages/server/src/control/roles.ts";
import { teamOperations } from "../../packages/server/src/control/teams.ts";
import { requestOperations } from "../../packages/server/src/control/request-log/requests.ts";
import { usageRecordOperations } from "../../packages/server/src/control/usage-records.ts";
import { userOperations } from "../../packages/server/src/control/users.ts";
import { noPolicy } from "../../packages/server/src/core/key-policy.ts";
import { noLimits } from "../../packages/server/src/core/limits.ts";
import { localAdmin } from "../../packages/server/src/core/principal.ts";
import { sampleRecord } from "../../packages/server/src/store/sample-record.test-data.ts";
import type { Store } from "../../packages/server/src/store/store.ts";
import { createLog } from "../../packages/server/src/telemetry/log.ts";
import { describeStore } from "../store/contract.ts";

const nowMs = 1_700_000_000_000;
const many = 30;

/** Teams with a user each, who has a key, and calls that were tried twice. */
async function fill({ identity, ledger }: Store): Promise<void> {
  for (let number = 1; number <= many; number++) {
    const id = String(number).padStart(3, "0");
    const made = { limits: noLimits, createdAtMs: nowMs };
    await identity.teams.insert({ id: `team_${id}`, name: `team ${id}`, ...made });
    await identity.users.insert({
      id: `user_${id}`,
      name: `user ${id}`,
      kind: "person",
      email: null,
      role: "developer",
      teamId: `team_${id}`,
      isActive: true,
      ...made,
    });
    const secret = { sha256: id.padStart(64, "0"), prefix: "llmp_x" };
    await identity.apiKeys.insert(
      {
        id: `key_${id}`,
        name: `key ${id}`,
        ownerId: `user_${id}`,
        scopes: ["inference.call"],
        prefix: secret.prefix,
        policy: noPolicy,
        createdBy: "local-admin",
        expiresAtMs: null,
        previousExpiresAtMs: null,
        lastUsedAtMs: null,
        revokedAtMs: null,
        ...made,
      },
      secret,
    );
  }
  const numbers = Array.from({ length: many }, (_, number) => number);
  await ledger.insertMany([
    ...numbers.map((number) => sampleRecord(number, { outcome: "upstream_error", endsCall: false })),
    ...numbers.map((number) => sampleRecord(number, { attemptId: `req_${number}.2`, attempt: 2 })),
  ]);
}

/** The same, with each question that its members' tables are asked. */
function watched<Part extends object>(part: Part, asked: string[], path = ""): Part {
  return new Proxy(part, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      const at = `${path}${String(name)}`;
      if (typeof member === "object" && member !== null) return watched(member, asked, `${at}.`);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]): unknown => {
        asked.push(at);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

describeStore("the graph", (given) => {
  const asked: string[] = [];
  let server: GraphServer;

  beforeEach(async () => {
    const store = await given.place.open({ nowMs: () => nowMs });
    await fill(store);
    const identity = watched(store.identity, asked);
    const isConfigured = () => false;
    const operations = [
      ...userOperations({ identity, isConfigured }),
      ...keyOperations({ identity, isConfigured }),
      ...teamOperations(identity),
      ...roleOperations(identity),
      ...usageRecordOperations(watched(store.ledger, asked, "ledger.")),
      ...requestOperations({ log: watched(store.requestLog, asked, "requestLog."), identity }),
    ];
    const refuse = () => Promise.reject(new Error("no model is called here"));
    const schema = createGraphSchema({ operations, feeds: [], modelCaller: { call: refuse, whole: refuse } });
    const done = async () => undefined;
    const auditor = createAuditor({ audit: { append: done, appendOrKeep: done }, nowMs: () => nowMs });
    server = new GraphServer({ schema, operations, auditor, log: createLog("silent") });
    asked.length = 0;
  });

  async function ask(text: string): Promise<unknown> {
    const caller = {
      principal: localAdmin,
      unknownCaller: undefined,
      address: undefined,
      limitAddress: undefined,
      traceparent: undefined,
      requestId: "req_test",
    };
    const request = { text, operationName: undefined, variables: {} };
    const ready = server.prepare(request, caller, new AbortController().signal);
    if ("fault" in ready) throw new Error(ready.errors.join("\n"));
    const { data, errors } = await execute(ready.args);
    expect(errors).toBeUndefined();
    return JSON.parse(JSON.stringify(data));
  }

  it("asks the store once for each kind of thing, however many there are", async () => {
    const keys = await ask(
      "{ keys(first: 30) { nodes { name owner { name team { name } role { name } } } } }",
    );
    expect(keys).toMatchObject({ keys: { nodes: expect.objectContaining({ length: many }) } });
    expect(JSON.stringify(keys)).toContain(
      '{"name":"key 017","owner":{"name":"user 017","team":{"name":"team 017"},"role":{"name":"developer"}}}',
    );
    expect(asked.toSorted()).toEqual(["apiKeys.list", "roles.list", "teams.list", "users.list"]);
  });

  it("asks once the other way round as well", async () => {
    const teams = await ask(
      "{ teams(first: 30) { nodes { users(first: 2) { nodes { keys(first: 2) { nodes { name owner { id } } } } } } } }",
    );
    expect(JSON.stringify(teams)).toContain(
      '"keys":{"nodes":[{"name":"key 030","owner":{"id":"user_030"}}]}',
    );
    // Users are found by their teams first, and then by their ids.
    expect(asked.toSorted()).toEqual(["apiKeys.list", "teams.list", "users.list", "users.list"]);
  });

  it("asks once for calls, and once for the attempts of all", async () => {
    const requests = await ask(
      "{ requests(first: 20) { nodes { id outcome costs { costMicros } attempts { attempt outcome } } pageInfo { hasNextPage } } }",
    );
    expect(JSON.stringify(requests)).toContain(
      '{"id":"req_29","outcome":"STOP","costs":[{"costMicros":14}],"attempts":[{"attempt":1,"outcome":"UPSTREAM_ERROR"},{"attempt":2,"outcome":"STOP"}]}',
    );
    expect(requests).toMatchObject({
      requests: { nodes: expect.objectContaining({ length: 20 }), pageInfo: { hasNextPage: true } },
    });
    expect(asked).toEqual(["requestLog.list", "ledger.list"]);
  });
});
