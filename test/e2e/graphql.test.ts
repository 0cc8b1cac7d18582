import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { askGraph } from "./graphql-calls.ts";
import { at, chat, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const keys = { admin: "admin-key-0123456789", viewer: "view-key-0123456789" };

let upstream: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  const api_keys = Object.entries(keys).map(([role, key]) => ({ name: role, key, role }));
  platform = await startPlatform({
    config: { auth: { api_keys }, integrations: [openAiIntegration("fake", upstream.origin)] },
  });
});
afterAll(async () => {
  await platform.stop();
  await upstream.stop();
});

const asAdmin = (query: string, variables?: Readonly<Record<string, unknown>>) =>
  askGraph(platform, { query, key: keys.admin, ...(variables === undefined ? {} : { variables }) });

/** The data of an answer that has no errors. */
async function dataOf(query: string, variables?: Readonly<Record<string, unknown>>): Promise<unknown> {
  const answer = await asAdmin(query, variables);
  expect(answer.errors, answer.text).toEqual([]);
  return answer.data;
}

test("people, keys, budgets and what is used hang together", async () => {
  await dataOf('mutation { usersCreate(input: {name: "first", role: "admin"}) { key } }');
  const team = String(
    at(await dataOf('mutation { teamsCreate(input: {name: "reds"}) { id } }'), "teamsCreate", "id"),
  );
  const made = await dataOf(
    'mutation ($team: String!) { usersCreate(input: {name: "ann", role: "developer", team: $team}) { id role: roleName } }',
    { team },
  );
  expect(made).toMatchObject({ usersCreate: { role: "developer" } });
  const user = String(at(made, "usersCreate", "id"));
  const key = await dataOf(
    "mutation ($input: KeysCreateInput!) { keysCreate(input: $input) { id key scopes } }",
    { input: { name: "laptop", owner: user, scopes: ["INFERENCE_CALL", "SELF_READ"] } },
  );
  expect(key).toMatchObject({ keysCreate: { scopes: ["INFERENCE_CALL", "SELF_READ"] } });
  const id = String(at(key, "keysCreate", "id"));
  await dataOf(
    'mutation ($id: String!) { budgetsCreate(input: {name: "b", scope: KEY, subject: $id, period: MONTH, amountMicros: 5000000}) { id } }',
    { id },
  );
  expect(
    await dataOf(
      `query ($team: String!) { team(id: $team) { name users(first: 5) { nodes {
         name team { id } role { name isBuiltIn } keys { nodes {
           name scopes owner { name } budgets { name amountMicros subject { __typename ... on ApiKey { name } } }
         } }
       } } } }`,
      { team },
    ),
  ).toEqual({
    team: {
      name: "reds",
      users: {
        nodes: [
          {
            name: "ann",
            team: { id: team },
            role: { name: "developer", isBuiltIn: true },
            keys: {
              nodes: [
                {
                  name: "laptop",
                  scopes: ["INFERENCE_CALL", "SELF_READ"],
                  owner: { name: "ann" },
                  budgets: [
                    { name: "b", amountMicros: 5_000_000, subject: { __typename: "ApiKey", name: "laptop" } },
                  ],
                },
              ],
            },
          },
        ],
      },
    },
  });
  const rotated = await dataOf("mutation ($id: String!) { keysRotate(input: {id: $id}) { key prefix } }", {
    id,
  });
  expect(at(rotated, "keysRotate", "key")).not.toBe(at(key, "keysCreate", "key"));
  await dataOf("mutation ($id: String!) { keysRevoke(input: {id: $id}) { revokedAt } }", { id });
  const again = await asAdmin("mutation ($id: String!) { keysRevoke(input: {id: $id}) { id } }", { id });
  expect(again.errors).toMatchObject([{ extensions: { code: "conflict" }, path: ["keysRevoke"] }]);
});

test("integrations lead to their models, and models back", async () => {
  const data = await dataOf(
    `{ integration(name: "fake") { name type state lastProbe { status } models { nodes {
         id operations integrationName integration { name } details loaded { id }
       } } } model: modelDetails(model: "fake/tiny-chat") { model { id } } }`,
  );
  expect(data).toMatchObject({
    integration: {
      name: "fake",
      type: "MODEL_PLATFORM",
      state: "RUNNING",
      models: {
        nodes: expect.arrayContaining([
          expect.objectContaining({
            id: "tiny-chat",
            operations: expect.arrayContaining(["CHAT"]),
            integrationName: "fake",
            integration: { name: "fake" },
            loaded: null,
          }),
        ]),
      },
    },
    model: { model: { id: "tiny-chat" } },
  });
  const restarted = await dataOf('mutation { integrationsRestart(input: {name: "fake"}) { name state } }');
  expect(restarted).toEqual({ integrationsRestart: { name: "fake", state: "RUNNING" } });
  const unable = await asAdmin('mutation { modelsLoad(input: {model: "fake/no-such-model"}) { status } }');
  expect(unable.errors).toMatchObject([{ extensions: { code: "model_not_found", field: "model" } }]);
});

test("lists are read page by page, over the store's own order and over what is in memory", async () => {
  for (const name of ["p1", "p2", "p3", "p4", "p5"])
    await dataOf("mutation ($name: String!) { teamsCreate(input: {name: $name}) { id } }", { name });
  const all = at(await dataOf("{ teams(first: 100) { nodes { id } } }"), "teams", "nodes");
  for (const list of ["teams", "roles"]) {
    const field = list === "teams" ? "id" : "name";
    const whole = await dataOf(`{ ${list}(first: 100) { nodes { ${field} } pageInfo { hasNextPage } } }`);
    expect(at(whole, list, "pageInfo")).toEqual({ hasNextPage: false });
    const seen: unknown[] = [];
    let after: unknown = null;
    for (;;) {
      const page = at(
        await dataOf(
          `query ($after: String) { ${list}(first: 2, after: $after) { edges { cursor node { ${field} } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
          { after },
        ),
        list,
      );
      const edges = at(page, "edges");
      if (!Array.isArray(edges)) throw new Error("no edges");
      expect(at(page, "pageInfo", "hasPreviousPage")).toBe(after !== null);
      seen.push(...edges.map((edge: unknown) => member(edge, "node")));
      // Any edge's cursor goes on from there, not the last one's alone.
      const [first, second] = edges;
      if (second !== undefined) {
        const cursor = member(first, "cursor");
        const next = await dataOf(
          `query ($after: String) { ${list}(first: 1, after: $after) { nodes { ${field} } } }`,
          { after: cursor },
        );
        expect(at(next, list, "nodes")).toEqual([member(second, "node")]);
      }
      if (at(page, "pageInfo", "hasNextPage") !== true) break;
      after = at(page, "pageInfo", "endCursor");
    }
    expect(seen).toEqual(at(whole, list, "nodes"));
  }
  expect(all).toBeInstanceOf(Array);
  const wrong = await asAdmin('{ teams(after: "!!") { nodes { id } } }');
  expect(wrong.errors).toMatchObject([{ extensions: { code: "invalid_request", field: "after" } }]);
});

test("a call is in the ledger with its attempts, and what it used with its key, model and integration", async () => {
  const answer = await askGraph(platform, {
    key: keys.admin,
    query: `mutation { chat(input: {model: "fake/tiny-chat", messages: [{role: USER, content: "one two three"}], maxTokens: 20, more: {user: "x"}}) {
      requestId integration model attempts content finishReason usage { inputTokens outputTokens } reply
    } }`,
  });
  expect(answer.errors, answer.text).toEqual([]);
  const reply = member(answer.data, "chat");
  expect(reply).toMatchObject({
    integration: "fake",
    model: "tiny-chat",
    attempts: 1,
    finishReason: expect.any(String),
  });
  expect(member(reply, "content")).toMatch(/\S/);
  expect(at(reply, "reply", "choices")).toBeInstanceOf(Array);
  const asked = upstream.requests.at(-1)?.bodyText;
  expect(asked).toContain('"max_tokens":20');
  const id = String(member(reply, "requestId"));
  await platform.ledgerRows({ count: 1, requestId: id });
  const query = `query ($id: String!) {
    request(id: $id) {
      request { id requestedModel outcome content { requestId } }
      attempts { attempt outcome integration { name } model { id } inputTokens candidates { target verdict } }
    }
    requests(first: 1) { nodes { id attempts { attempt } } }
    integration(name: "fake") { usage(range: _24H) { calls } }
  }`;
  const found = await asAdmin(query, { id });
  expect(found.data).toMatchObject({
    request: {
      request: { id, requestedModel: "fake/tiny-chat", content: null },
      attempts: [
        {
          attempt: 1,
          integration: { name: "fake" },
          model: { id: "tiny-chat" },
          candidates: [{ target: "fake/tiny-chat", verdict: "CHOSEN" }],
        },
      ],
    },
    requests: { nodes: [{ id, attempts: [{ attempt: 1 }] }] },
  });
  // Nothing is kept of what it said: the rest is there all the same.
  expect(found.errors).toMatchObject([
    { path: ["request", "request", "content"], extensions: { code: "not_found" } },
  ]);
});

test("models complete and embed, and what they refuse has its code", async () => {
  const data = await dataOf(
    'mutation { complete(input: {model: "fake/tiny-chat", prompt: "one two"}) { content } embed(input: {model: "fake/tiny-embed", input: ["one", "two"]}) { embeddings usage { inputTokens } } }',
  );
  expect(at(data, "complete", "content")).toMatch(/\S/);
  expect(at(data, "embed", "embeddings")).toHaveLength(2);
  const unknown = await asAdmin('mutation { chat(input: {model: "nope", messages: []}) { content } }');
  expect(unknown.errors).toMatchObject([{ extensions: { code: "model_not_found" } }]);
});

test("a caller is refused what the caller may not, field by field, and that is on record", async () => {
  const answer = await askGraph(platform, {
    key: keys.viewer,
    query:
      'mutation { chat(input: {model: "fake/tiny-chat", messages: []}) { content } teamsCreate(input: {name: "x"}) { id } }',
  });
  expect(answer.status).toBe(200);
  expect(answer.data).toEqual({ chat: null, teamsCreate: null });
  expect(answer.errors.map(({ extensions }) => extensions["code"])).toEqual(["forbidden", "forbidden"]);
  const nested = await askGraph(platform, {
    key: keys.viewer,
    query: "{ roles(first: 1) { nodes { name users { nodes { id } } } } }",
  });
  expect(nested.data).toMatchObject({ roles: { nodes: [{ name: "admin", users: null }] } });
  const done = await asAdmin('mutation { teamsCreate(input: {name: "on-record"}) { id } }');
  const records = await dataOf(
    '{ auditRecords(operation: "teams.create", actor: "viewer") { nodes { outcome errorCode requestId actor { name } } } }',
  );
  expect(at(records, "auditRecords", "nodes")).toMatchObject([
    { outcome: "REFUSED", errorCode: "forbidden", requestId: answer.requestId, actor: { name: "viewer" } },
  ]);
  const made = await dataOf(
    '{ auditRecords(operation: "teams.create", target: "on-record") { nodes { outcome requestId } } }',
  );
  expect(at(made, "auditRecords", "nodes")).toEqual([
    { outcome: "OK", requestId: done.requestId },
    { outcome: "STARTED", requestId: done.requestId },
  ]);
});

test("G02: each alias that calls a model counts in the caller's limits", async () => {
  const limited = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      auth: { api_keys: [{ name: "few", key: keys.admin, role: "admin", requests_per_minute: 3 }] },
    },
  });
  const field = 'chat(input: {model: "fake/tiny-chat", messages: [{role: USER, content: "hi"}]}) { content }';
  const five = [1, 2, 3, 4, 5].map((each) => `a${each}: ${field}`).join(" ");
  const answer = await askGraph(limited, { query: `mutation { ${five} }`, key: keys.admin });
  expect(answer.errors.map(({ path, extensions }) => [path?.[0], extensions["code"]])).toEqual([
    ["a4", "rate_limited"],
    ["a5", "rate_limited"],
  ]);
  expect(answer.errors[0]?.extensions["retryAfterMs"]).toBeGreaterThan(0);
  // It is the same limit as over REST.
  expect((await chat(limited, "fake/tiny-chat", {})).status).toBe(401);
  await limited.stop();
});

test("the surface is an integration like any other, and can be off", async () => {
  const status = await dataOf('{ integration(name: "graphql") { state type } }');
  expect(status).toEqual({ integration: { state: "RUNNING", type: "API" } });
  const off = await startPlatform({ env: { GRAPHQL_ENABLED: "false" } });
  expect((await askGraph(off, { query: "{ __typename }" })).status).toBe(404);
  await off.stop();
});
