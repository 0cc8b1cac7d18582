import { once } from "node:events";
import { createClient, type Client } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { askGraph } from "./graphql-calls.ts";
import { ask, at, eventsOf, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const keys = { admin: "admin-key-0123456789", developer: "dev-key-0123456789" };
const chatQuery =
  'subscription { chat(input: {model: "fake/tiny-chat", messages: [{role: USER, content: "one two three"}]}) { type content finishReason usage { outputTokens } requestId integration } }';

let upstream: FakeUpstream;
let platform: Platform;
const clients: Client[] = [];

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  const api_keys = Object.entries(keys).map(([role, key]) => ({ name: role, key, role }));
  platform = await startPlatform({
    config: { auth: { api_keys }, integrations: [openAiIntegration("fake", upstream.origin)] },
  });
});
afterAll(async () => {
  for (const client of clients) await client.dispose();
  await platform.stop();
  await upstream.stop();
});

function connect(key: string | undefined = keys.admin): Client {
  const client = createClient({
    url: `${platform.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: true,
    ...(key === undefined ? {} : { connectionParams: { authorization: `Bearer ${key}` } }),
  });
  clients.push(client);
  return client;
}

/** The first results of a subscription that fit, and whatever came before. */
async function followUntil(
  client: Client,
  query: string,
  fits: (data: unknown) => boolean,
): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  for await (const { data, errors } of client.iterate({ query })) {
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    seen.push(data);
    if (fits(data)) break;
  }
  return seen;
}

describe("over a WebSocket", () => {
  test("a chat comes as it is said, and ends", async () => {
    const seen = await followUntil(connect(), chatQuery, () => false);
    const types = seen.map((data) => at(data, "chat", "type"));
    expect(types[0]).toBe("START");
    expect(types.at(-1)).toBe("END");
    expect(types).toContain("FINISH");
    expect(types).toContain("USAGE");
    const text = seen.map((data) => at(data, "chat", "content") ?? "").join("");
    expect(text).toMatch(/\S/);
    const [row] = await platform.ledgerRows({
      count: 1,
      requestId: String(at(seen[0], "chat", "requestId")),
    });
    expect(row).toMatchObject({ outcome: "stop", stream: true, principal: "admin" });
  });

  test("who leaves a chat ends the call", async () => {
    upstream.script({ kind: "silence-after-events", events: 2 });
    const seen = await followUntil(connect(), chatQuery, (data) => at(data, "chat", "content") !== null);
    const requestId = String(at(seen[0], "chat", "requestId"));
    const [row] = await platform.ledgerRows({ count: 1, requestId });
    expect(row).toMatchObject({ outcome: "client_cancelled" });
  });

  test("what changes is told: events, models, metrics and pulls", async () => {
    const client = connect();
    const restarted = followUntil(
      client,
      "subscription { events { type id event { integrationName integration { name state } } } }",
      (data) => at(data, "events", "event", "integrationName") === "fake",
    );
    const models = followUntil(
      client,
      "subscription { models { type models { id integration { name } } data } }",
      () => true,
    );
    const metrics = followUntil(
      client,
      'subscription { metrics(intervalSeconds: 1, series: "llm_replicas,llm_integration_up") { type data } }',
      () => true,
    );
    const pulls = followUntil(client, "subscription { pulls { type pulls { id } } }", () => true);
    expect((await models)[0]).toMatchObject({
      models: {
        type: "snapshot",
        models: expect.arrayContaining([{ id: "tiny-chat", integration: { name: "fake" } }]),
      },
    });
    expect((await metrics)[0]).toMatchObject({ metrics: { type: "sample" } });
    expect((await pulls)[0]).toEqual({ pulls: { type: "snapshot", pulls: [] } });
    await askGraph(platform, {
      query: 'mutation { integrationsRestart(input: {name: "fake"}) { state } }',
      key: keys.admin,
    });
    expect((await restarted).at(-1)).toMatchObject({
      events: { event: { integrationName: "fake", integration: { name: "fake" } } },
    });
  });

  test("queries and mutations are answered as over HTTP", async () => {
    const results: unknown[] = [];
    for await (const result of connect().iterate({ query: '{ me { name } team(id: "nope") { id } }' }))
      results.push(result);
    expect(results).toMatchObject([
      {
        data: { me: { name: "admin" }, team: null },
        errors: [{ extensions: { code: "not_found", requestId: expect.stringMatching(/^req_/) } }],
      },
    ]);
  });

  test("who may not follow is told so, and who is not known is shown out", async () => {
    const refused: unknown[] = [];
    for await (const result of connect(keys.developer).iterate({ query: "subscription { events { type } }" }))
      refused.push(result);
    expect(refused).toMatchObject([{ errors: [{ extensions: { code: "forbidden" } }] }]);
    const closed = (params: object | undefined, more: readonly object[] = []) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${platform.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
        socket.on("close", (code) => resolve(code));
        socket.on("open", () => {
          if (params !== undefined) socket.send(JSON.stringify({ type: "connection_init", payload: params }));
          for (const each of more) socket.send(JSON.stringify(each));
        });
      });
    expect(await closed({})).toBe(4403);
    expect(await closed({ authorization: "Bearer wrong-key-0123456789" })).toBe(4403);
    // Too soon, twice, without a word, and with what is no message.
    expect(
      await closed(undefined, [{ id: "1", type: "subscribe", payload: { query: "{ me { name } }" } }]),
    ).toBe(4401);
    expect(await closed({ authorization: `Bearer ${keys.admin}` }, [{ type: "connection_init" }])).toBe(4429);
    expect(await closed(undefined, [{ type: "nonsense" }])).toBe(4400);
    expect(await closed(undefined)).toBe(4408);
  });

  test.each(["ping", "pong"] as const)(
    "W10: who sends one %s after the other is shown out",
    async (frame) => {
      const socket = new WebSocket(`${platform.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
      await once(socket, "open");
      const closed = once(socket, "close");
      for (let each = 0; each < 1_000; each++) socket[frame]();
      const [code, reason]: unknown[] = await closed;
      expect([code, String(reason)]).toEqual([1008, "too many pings or pongs"]);
    },
  );

  test("G09: who does not read holds the upstream back", async () => {
    upstream.script({ kind: "stream", chunks: 200_000, intervalMs: 0 });
    const socket = new WebSocket(`${platform.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const say = (message: object) => socket.send(JSON.stringify(message));
    await once(socket, "open");
    const payload = { authorization: `Bearer ${keys.admin}` };
    say({ type: "connection_init", payload });
    await once(socket, "message");
    say({ id: "1", type: "subscribe", payload: { query: chatQuery } });
    await once(socket, "message");
    socket.pause();
    const request = upstream.requests.at(-1);
    let before = -1;
    const isHeldBack = () => {
      const isSame = request?.sentBytes === before;
      before = request?.sentBytes ?? 0;
      return isSame;
    };
    await expect.poll(isHeldBack, { interval: 500, timeout: 20_000 }).toBe(true);
    expect(request?.closedAtMs).toBeUndefined();
    socket.terminate();
    await request?.closed;
    expect(request?.aborted).toBe(true);
  });

  test("G09: one connection follows 50 things, and no more", async () => {
    const socket = new WebSocket(`${platform.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const messages: unknown[] = [];
    const query = "subscription { pulls { type } }";
    await new Promise<void>((resolve) => {
      socket.on("message", (data) => {
        messages.push(JSON.parse(String(data)));
        if (member(messages.at(-1), "type") === "connection_ack")
          for (let id = 1; id <= 1_000; id++)
            socket.send(JSON.stringify({ id: String(id), type: "subscribe", payload: { query } }));
        const answered = messages.filter((each) => ["next", "error"].includes(String(member(each, "type"))));
        if (answered.length >= 1_000) resolve();
      });
      socket.on("open", () =>
        socket.send(
          JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${keys.admin}` } }),
        ),
      );
    });
    const ofType = (type: string) => messages.filter((each) => member(each, "type") === type);
    expect(ofType("next")).toHaveLength(50);
    expect(ofType("error")).toHaveLength(950);
    expect(ofType("error")[0]).toMatchObject({ payload: [{ extensions: { code: "rate_limited" } }] });
    socket.terminate();
  });
});

describe("as server-sent events", () => {
  const follow = (query: string, key = keys.admin) =>
    ask(platform, "/graphql", {
      body: { query },
      headers: { accept: "text/event-stream", authorization: `Bearer ${key}` },
    });

  test("a chat is a stream of results with an end", async () => {
    const answer = await follow(chatQuery);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(answer.text).toMatch(/event: complete\ndata:\n\n$/);
    const types = eventsOf(answer.text).map((event) => at(event, "data", "chat", "type"));
    expect(types[0]).toBe("START");
    expect(types).toContain("END");
  });

  test("an error is a result, and so is what a query answers", async () => {
    const refused = await follow("subscription { metrics { type } }", keys.developer);
    expect(eventsOf(refused.text)[0]).toMatchObject({ errors: [{ extensions: { code: "forbidden" } }] });
    const query = await follow("{ me { name } }");
    expect(eventsOf(query.text)[0]).toEqual({ data: { me: { name: "admin" } } });
    const plain = await askGraph(platform, { query: chatQuery, key: keys.admin });
    expect(plain.status).toBe(406);
  });

  test("who leaves is heard of: nothing of the stream stays", async () => {
    const gone = new AbortController();
    const response = await fetch(`${platform.url}/graphql`, {
      method: "POST",
      signal: gone.signal,
      headers: {
        accept: "text/event-stream",
        "content-type": "application/json",
        authorization: `Bearer ${keys.admin}`,
      },
      body: JSON.stringify({ query: "subscription { models { type } }" }),
    });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toContain('"snapshot"');
    gone.abort();
    // A surface that has streams left would not stop in time.
    const restarted = await ask(platform, "/integrations/graphql/restart", {
      method: "POST",
      headers: { authorization: `Bearer ${keys.admin}` },
    });
    expect(restarted.json).toMatchObject({ state: "running" });
  });
});

test("a chat that is cut ends with an error that says so, over both", async () => {
  upstream.script({ kind: "end-after-events", events: 3 });
  const streamed = await ask(platform, "/graphql", {
    body: { query: chatQuery },
    headers: { accept: "text/event-stream", authorization: `Bearer ${keys.admin}` },
  });
  const last = eventsOf(streamed.text)
    .filter((event) => typeof event === "object")
    .at(-1);
  expect(last).toMatchObject({ errors: [{ extensions: { code: "upstream_incomplete" } }] });
  expect(streamed.text).not.toContain('"END"');
  upstream.script({ kind: "end-after-events", events: 3 });
  const seen: unknown[] = [];
  const failure = new Promise<unknown>((resolve) =>
    connect().subscribe(
      { query: chatQuery },
      { next: (result) => seen.push(result), error: resolve, complete: () => resolve("complete") },
    ),
  );
  expect(await failure).toMatchObject([{ extensions: { code: "upstream_incomplete" } }]);
  expect(JSON.stringify(seen)).not.toContain('"END"');
});
