import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { type Answer, ask, member } from "./http.ts";
import { as, createKey, createUser, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => upstream.stop());

const path = "/v1/responses";
const idOf = (answer: Answer) => String(member(answer.json, "id"));
const body = (more: object = {}) => ({ model: "fake/tiny-chat", input: "one two", ...more });

test("responses are their user's, by whichever key, and there is none for anybody else", async () => {
  const platform = await startPlatform({ config: withFake(upstream.origin, withRoot) });
  await createUser(platform, rootKey, { name: "first", role: "admin" });
  const ann = await createUser(platform, rootKey, { name: "ann", role: "developer", with_key: true });
  const bob = await createUser(platform, rootKey, { name: "bob", role: "developer", with_key: true });
  const second = await createKey(platform, rootKey, { name: "second", owner: ann.id });
  const id = idOf(await as(platform, ann.key ?? "")(path, { body: body() }));
  expect((await as(platform, second.key)(`${path}/${id}`)).status).toBe(200);
  for (const key of [bob.key ?? "", rootKey]) {
    const other = as(platform, key);
    const answers = [
      await other(`${path}/${id}`),
      await other(`${path}/${id}/input_items`),
      await other(`${path}/${id}/cancel`, { body: {} }),
      await other(`${path}/${id}`, { method: "DELETE" }),
      await other(path, { body: body({ previous_response_id: id }) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    const item = { type: "item_reference", id: `msg_${id.slice("resp_".length)}_0` };
    expect((await other(path, { body: body({ input: [item] }) })).status).toBe(404);
  }
  expect((await as(platform, second.key)(`${path}/${id}`, { method: "DELETE" })).status).toBe(200);
  expect((await as(platform, ann.key ?? "")(`${path}/${id}`)).status).toBe(404);
  await platform.stop();
}, 60_000);

test("where none is kept, answers say so, and nothing can be gone on from", async () => {
  const platform = await startPlatform({
    config: withFake(upstream.origin, { responses: { retention_days: 0 } }),
  });
  const first = await ask(platform, path, { body: body() });
  expect(first.json).toMatchObject({ status: "completed", store: false });
  expect((await ask(platform, `${path}/${idOf(first)}`)).status).toBe(404);
  const refused = await ask(platform, path, { body: body({ previous_response_id: idOf(first) }) });
  expect(refused).toMatchObject({ status: 400, json: { error: { param: "previous_response_id" } } });
  await platform.stop();
});

describe("what a request may be", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await startPlatform({
      config: withFake(upstream.origin, { gateway: { max_body_bytes: 65_536 } }),
    });
  });
  afterAll(() => platform.stop());

  test.each([
    ["nested too deeply", `{"model":"m","input":${"[".repeat(5_000)}${"]".repeat(5_000)}}`, 400],
    ["no JSON", '{"model":', 400],
    ["no object", "[]", 400],
    ["without a model", '{"input":"x"}', 400],
    ["too large", JSON.stringify({ model: "m", input: "x".repeat(70_000) }), 413],
  ])("%s is refused in OpenAI's words", async (_what, text, status) => {
    const answer = await ask(platform, path, { body: text });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({
      error: { message: expect.any(String), type: "invalid_request_error", request_id: answer.requestId },
    });
  });

  test("a conversation that has outgrown what a body may be is not gone on from", async () => {
    const long = await ask(platform, path, { body: body({ input: `${"x".repeat(40_000)}` }) });
    const refused = await ask(platform, path, { body: body({ previous_response_id: idOf(long) }) });
    expect(refused).toMatchObject({ status: 413, json: { error: { param: "previous_response_id" } } });
  });

  test("a method that is not possible is told, and which are", async () => {
    const wrong = [
      await ask(platform, path),
      await ask(platform, `${path}/resp_1`, { method: "PUT", body: {} }),
    ];
    expect(wrong.map(({ status }) => status)).toEqual([405, 405]);
    expect(wrong.map(({ headers }) => headers.get("allow"))).toEqual(["POST", "GET, HEAD, DELETE"]);
    expect((await ask(platform, `${path}/resp_1/odd`)).status).toBe(404);
  });
});

describe.skipIf(postgresProgram === undefined)("on PostgreSQL", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  test("a conversation goes on at another replica", async () => {
    const url = await server.createDatabase();
    const start = () =>
      startPlatform({
        config: withFake(upstream.origin, { ...withRoot, server: { drain_seconds: 0 } }),
        env: { DATABASE_URL: url, LLM_PLATFORM_SECRETS__MASTER_KEY: masterKey },
      });
    const masterKey = randomBytes(32).toString("base64");
    const one = await start();
    const other = await start();
    const id = idOf(await as(one, rootKey)(path, { body: body({ input: "green robots" }) }));
    const next = await as(other, rootKey)(path, {
      body: body({ input: "like tea", previous_response_id: id }),
    });
    expect(next.json).toMatchObject({ status: "completed", previous_response_id: id, store: true });
    expect(upstream.requests.at(-1)?.bodyText).toContain("echo: green robots");
    expect((await as(one, rootKey)(`${path}/${idOf(next)}`)).status).toBe(200);
    await Promise.all([one.stop(), other.stop()]);
  }, 120_000);
});
