import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { openGrpc } from "../grpc/grpc-client.ts";
import { grpc } from "../grpc/methods.ts";
import { runLlmp } from "./cli-process.ts";
import { type Answer, ask, at, chatBody, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { connectSocket } from "./websocket-client.ts";

const keys = { root: "root-key-0123456789", dev: "dev-key-0123456789", poor: "poor-key-0123456789" };
const asRoot = { authorization: `Bearer ${keys.root}` };
const model = "fake/tiny-chat";

let upstream: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      auth: {
        api_keys: [
          { name: "root", key: keys.root, role: "admin" },
          { name: "dev", key: keys.dev },
          { name: "poor", key: keys.poor },
        ],
      },
      prices: [{ model: "tiny-chat", input_per_million: 0, output_per_million: 1_000 }],
    },
  });
});
afterAll(async () => {
  await platform?.stop();
  await upstream?.stop();
});

function call(key: string, name = model): Promise<Answer> {
  const body = chatBody(name, { max_tokens: 4 });
  return ask(platform, "/v1/chat/completions", { body, headers: { authorization: `Bearer ${key}` } });
}

/** What the log has of a call, as soon as its end is there. */
async function logged(id: string): Promise<Answer> {
  const read = () => ask(platform, `/api/v1/requests/${id}`, { headers: asRoot });
  const hasEnd = async () => {
    const { status, json } = await read();
    return status === 200 && at(json, "request", "status") !== "unfinished";
  };
  await expect.poll(hasEnd, { timeout: 20_000 }).toBe(true);
  return await read();
}

test("a call that its budget does not pay for is in the log, as its client was told", async () => {
  const budget = { name: "nothing", scope: "key", subject: "config:poor", period: "day", amount_micros: 1 };
  expect((await ask(platform, "/api/v1/budgets", { body: budget, headers: asRoot })).status).toBe(200);
  const refused = await call(keys.poor);
  expect(at(refused.json, "error", "code")).toBe("budget_exceeded");
  const { json } = await logged(refused.requestId);
  expect(json).toMatchObject({
    request: {
      status: "refused",
      error_code: "budget_exceeded",
      http_status: refused.status,
      principal: "poor",
      attempt_count: 0,
      requested_model: model,
      message: at(refused.json, "error", "message"),
    },
    attempts: [],
  });
});

describe("the feed of calls tells of those that end", () => {
  /** Calls until the follower has heard: what ended before it followed is not told. */
  async function callUntil(heard: Promise<unknown>): Promise<unknown> {
    const calling = setInterval(() => void call(keys.dev), 500);
    try {
      return await heard;
    } finally {
      clearInterval(calling);
    }
  }

  test("over a WebSocket", async () => {
    const socket = await connectSocket(platform, "/ws", { headers: asRoot });
    socket.send({ type: "feed.follow", id: "f", data: { name: "requests", input: { principal: "dev" } } });
    const frame = await callUntil(socket.next("request.ended", "f"));
    expect(member(frame, "data")).toMatchObject({ principal: "dev", requested_model: model, status: "ok" });
    await socket.close();
  }, 30_000);

  test("over gRPC", async () => {
    const client = await openGrpc(platform);
    const following = { name: "requests", input: { principal: "dev" } };
    const { call: stream } = client.open(grpc.operations.follow, following, {
      key: keys.root,
      timeoutMs: 25_000,
    });
    const item = await callUntil(
      new Promise((resolve, reject) => {
        stream.once("data", resolve);
        stream.once("error", reject);
      }),
    );
    stream.on("error", () => undefined);
    stream.cancel();
    client.close();
    expect(member(item, "type")).toBe("request.ended");
    expect(member(item, "data")).toMatchObject({ principal: "dev", requested_model: model, status: "ok" });
  }, 30_000);

  test("over a subscription of GraphQL", async () => {
    const client = createClient({
      url: `${platform.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: asRoot,
    });
    const results = client.iterate({
      query:
        'subscription { requests(principal: "dev") { type request { principal requestedModel status } } }',
    });
    const first = await callUntil(results.next());
    await client.dispose();
    expect(first).toMatchObject({
      value: {
        data: { requests: { type: "request.ended", request: { principal: "dev", requestedModel: model } } },
      },
    });
  }, 30_000);
});

test("of refusals that come too fast, each is in the log or counted as lost", async () => {
  const refused = async () => {
    const ids: unknown[] = [];
    for (let cursor: unknown; ; ) {
      const page = cursor === undefined ? "" : `&cursor=${String(cursor)}`;
      const path = `/api/v1/requests?error_code=model_not_found&limit=200${page}`;
      const { json } = await ask(platform, path, { headers: asRoot });
      // Our own wire.
      ids.push(...(member(json, "requests") as readonly unknown[]));
      cursor = member(json, "next_cursor") ?? undefined;
      if (cursor === undefined) return ids.length;
    }
  };
  const answers = await Promise.all(Array.from({ length: 400 }, () => call(keys.dev, "no-such-model")));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
  const total = async () => (await refused()) + (await metricAsRoot("llm_request_log_lost_total"));
  await expect.poll(total, { timeout: 20_000, interval: 500 }).toBe(400);
}, 60_000);

describe("llmp", () => {
  const llmp = async (...args: readonly string[]) => {
    const env = { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: keys.root };
    const { exitCode, stdout, stderr } = await runLlmp(args, { env });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return stdout;
  };

  test("requests lists calls with what they cost, and by what they ended with", async () => {
    const answer = await call(keys.dev);
    await logged(answer.requestId);
    const [head, ...rows] = (await llmp("requests", "--principal", "dev", "--status", "ok"))
      .trimEnd()
      .split("\n");
    expect(head).toMatch(/^ENDED +ID +STATUS +BY +MODEL +WENT TO +TRIES +MS +FIRST +IN +OUT +COST +WHY$/);
    const row = rows.find((each) => each.includes(answer.requestId));
    expect(row).toMatch(/ ok +dev +fake\/tiny-chat +fake\/tiny-chat +1 .* 0\.00\d+ USD/);
    const refused = await call(keys.dev, "absent-model");
    await logged(refused.requestId);
    const found = await llmp(
      "requests",
      "--error-code",
      "model_not_found",
      "--model",
      "absent-model",
      "-o",
      "json",
    );
    expect(JSON.parse(found)).toMatchObject({ requests: [{ id: refused.requestId, status: "refused" }] });
  }, 60_000);

  test("explain shows where a call went and where its time did", async () => {
    const { requestId } = await call(keys.dev);
    await logged(requestId);
    const text = await llmp("explain", requestId);
    expect(text).toContain(`${requestId}  ok, length`);
    expect(text).toMatch(/first_byte 1 +\|[ #]{40}\|/);
    expect(text).toMatch(/candidates:\n +fake\/tiny-chat +100% +breaker closed +chosen/);
    expect(text).toMatch(/attempts:\n +1 +fake\/tiny-chat +length +200/);
    const json: unknown = JSON.parse(await llmp("explain", requestId, "-o", "json"));
    expect(at(json, "request", "id")).toBe(requestId);
  }, 60_000);

  test("route shows what would happen to a call", async () => {
    const [head, row] = (await llmp("route", model)).trimEnd().split("\n");
    expect(head).toMatch(/^TARGET +ROLE +SHARE +CHANCE NOW +BREAKER +VERDICT +WHY$/);
    expect(row).toMatch(/^fake\/tiny-chat +target +100% +100% +closed +chosen/);
    expect(JSON.parse(await llmp("route", model, "-o", "json"))).toMatchObject({
      candidates: [{ target: model, chance: 1 }],
    });
  }, 60_000);
});

async function metricAsRoot(name: string): Promise<number> {
  const { text } = await ask(platform, "/metrics", { headers: asRoot });
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}
