import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { type Answer, ask, chatBody, expectRefusal } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const root = { authorization: "Bearer root-key-0123456789" };
const team = { authorization: "Bearer team-key-0123456789" };
const cent = 10_000;
/** What a call of four tokens costs by the prices below. */
const four = 4_000;

let first: FakeUpstream;
let second: FakeUpstream;

beforeAll(async () => {
  first = await createFakeUpstream({ dialect: "openai" });
  second = await createFakeUpstream({ dialect: "openai" });
});
afterEach(async () => {
  await first.reset();
  await second.reset();
});
afterAll(async () => {
  await first.stop();
  await second.stop();
});

const budgetSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  spent_micros: z.number(),
  reserved_micros: z.number(),
  remaining_micros: z.number(),
});

/** A reply of four tokens costs 4,000 millionths, a question nothing. */
const prices = [{ model: "tiny-chat", input_per_million: 0, output_per_million: 1_000 }];

function start(
  env: Readonly<Record<string, string>>,
  more: Readonly<Record<string, unknown>> = {},
  dataDirectory?: string,
): Promise<Platform> {
  return startPlatform({
    env,
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    config: {
      integrations: [
        { ...openAiIntegration("first", first.origin), priority: 200 },
        { ...openAiIntegration("second", second.origin), priority: 100 },
      ],
      prices,
      auth: {
        api_keys: [
          { name: "team", key: "team-key-0123456789" },
          { name: "root", key: "root-key-0123456789", role: "admin" },
        ],
      },
      ...more,
    },
  });
}

async function make(platform: Platform, budget: Readonly<Record<string, unknown>>): Promise<string> {
  const answer = await ask(platform, "/api/v1/budgets", {
    body: { period: "day", ...budget },
    headers: root,
  });
  expect(answer.status, answer.text).toBe(200);
  return budgetSchema.parse(answer.json).id;
}

async function show(platform: Platform, id: string): Promise<z.output<typeof budgetSchema>> {
  return budgetSchema.parse((await ask(platform, `/api/v1/budgets/${id}`, { headers: root })).json);
}

type Calling = { readonly model?: string; readonly stream?: boolean; readonly headers?: typeof root };

function call(platform: Platform, { model = "tiny-chat", stream = false, headers = team }: Calling = {}) {
  const body = chatBody(model, { max_tokens: 4, stream });
  return ask(platform, "/v1/chat/completions", { body, headers });
}

/** Calls that came to an upstream so far; probes and model lists are no calls. */
const callsSent = () =>
  [...first.requests, ...second.requests].filter(({ method }) => method === "POST").length;

const served = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 200);

/** What the tables say: the sum of the ledger's costs, and what budgets count. */
function sums(dataDirectory: string): { readonly ledger: number; readonly spent: number } {
  const database = new DatabaseSync(join(dataDirectory, "platform.db"), { readOnly: true, timeout: 5_000 });
  try {
    const ledger = database.prepare("SELECT total(cost_micros) AS sum FROM usage_ledger").get();
    const spent = database.prepare("SELECT total(spent_micros) AS sum FROM budget_spend").get();
    return { ledger: Number(ledger?.["sum"]), spent: Number(spent?.["sum"]) };
  } finally {
    database.close();
  }
}

describe.each(setUps)("budgets over %s", (_name, env) => {
  test("a hundred calls with a cent left: as many as can be paid, the others are sent nowhere", async () => {
    const platform = await start(env);
    const id = await make(platform, {
      name: "cent",
      scope: "key",
      subject: "config:team",
      amount_micros: cent,
    });
    const sentBefore = callsSent();
    first.always({ kind: "stream", chunks: 4, intervalMs: 100 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(platform, { stream: true })));
    expect(served(answers)).toHaveLength(2);
    expect(callsSent() - sentBefore).toBe(2);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expectRefusal(answer, { status: 429, code: "budget_exceeded" });
      expect(answer.text).toContain('"type":"insufficient_quota"');
      // A second while the two are in flight, then until the day ends.
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    }
    expect(await show(platform, id)).toMatchObject({ spent_micros: 2 * four, reserved_micros: 0 });
    const late = await call(platform);
    expectRefusal(late, { status: 429, code: "budget_exceeded" });
    expect(late.text).toContain("The budget cent has 0.002 USD left, and this call may cost 0.004 USD.");
    expect(late.headers.get("x-should-retry")).toBe("false");
    // Until the day ends.
    expect(Number(late.headers.get("retry-after"))).toBeLessThanOrEqual(86_400);
    // Nobody else pays with it, and more money is there for the next call.
    expect((await call(platform, { headers: root })).status).toBe(200);
    const more = { method: "PUT", body: { amount_micros: 2 * cent }, headers: root };
    expect((await ask(platform, `/api/v1/budgets/${id}`, more)).status).toBe(200);
    expect((await call(platform)).status).toBe(200);
    await platform.ledgerRows({ count: 4 });
    expect(sums(platform.dataDirectory)).toEqual({ ledger: 4 * four, spent: 3 * four });
    await platform.stop();
  });

  test("an integration without money is no candidate: the next one is asked, and then nobody", async () => {
    const platform = await start(env);
    const budget = { scope: "integration", amount_micros: four };
    await make(platform, { ...budget, name: "one", subject: "first" });
    expect((await call(platform)).headers.get("x-llmp-provider")).toBe("first");
    expect((await call(platform)).headers.get("x-llmp-provider")).toBe("second");
    expectRefusal(await call(platform, { model: "first/tiny-chat" }), {
      status: 429,
      code: "budget_exceeded",
    });
    const id = await make(platform, { ...budget, name: "two", subject: "second" });
    expect((await call(platform)).headers.get("x-llmp-provider")).toBe("second");
    expectRefusal(await call(platform), { status: 429, code: "budget_exceeded" });
    expect(await show(platform, id)).toMatchObject({ spent_micros: four, remaining_micros: 0 });
    await platform.stop();
  });

  test("what failed and was tried elsewhere is counted where it cost something", async () => {
    const platform = await start(env);
    const one = await make(platform, {
      name: "one",
      scope: "integration",
      subject: "first",
      amount_micros: cent,
    });
    const all = await make(platform, { name: "all", scope: "global", amount_micros: cent });
    first.always({ kind: "status", status: 500 });
    expect((await call(platform)).headers.get("x-llmp-provider")).toBe("second");
    expect(await show(platform, one)).toMatchObject({ spent_micros: 0, reserved_micros: 0 });
    expect(await show(platform, all)).toMatchObject({ spent_micros: four, reserved_micros: 0 });
    await platform.stop();
  });

  test("a budget that warns refuses nobody, and tells once", async () => {
    const platform = await start(env);
    const id = await make(platform, {
      name: "soft",
      scope: "global",
      amount_micros: cent,
      action: "warn",
      warn_at_percents: [40, 120],
    });
    for (let count = 0; count < 5; count++) expect((await call(platform)).status).toBe(200);
    expect(await show(platform, id)).toMatchObject({ spent_micros: 5 * four, remaining_micros: 0 });
    const { json } = await ask(platform, "/integrations/events?limit=1000", { headers: root });
    const events = z
      .object({ events: z.array(z.object({ type: z.string(), data: z.looseObject({}) })) })
      .parse(json)
      .events.filter(({ type }) => type.startsWith("budget."));
    expect(events.map(({ type, data }) => [type, data["percent"]])).toEqual([
      ["budget.threshold_reached", 40],
      ["budget.threshold_reached", 120],
      ["budget.exhausted", 100],
    ]);
    expect(events[0]?.data).toMatchObject({ budget: "soft", budget_id: id, spent_micros: four });
    await platform.logLine(/"event":"budget.exhausted"/);
    const { text } = await ask(platform, "/metrics", { headers: root });
    expect(text).toContain('llm_budget_limit{budget="soft",currency="USD"} 0.01');
    expect(text).toContain('llm_budget_spent{budget="soft",currency="USD"} 0.02');
    expect(text).toContain('llm_budget_reserved{budget="soft",currency="USD"} 0');
    expect(text).toContain('llm_budget_notices_total{budget="soft",notice="exhausted"} 1');
    await platform.stop();
  });

  test("after a kill in the middle of calls nothing is reserved, and what is spent is what the ledger says", async () => {
    const platform = await start(env);
    const id = await make(platform, {
      name: "all",
      scope: "global",
      period: "total",
      amount_micros: 10 * cent,
    });
    for (let count = 0; count < 3; count++) await call(platform, { stream: true });
    first.always({ kind: "stream", chunks: 4, intervalMs: 2_000 });
    const cut = Array.from({ length: 5 }, () => call(platform, { stream: true }).catch(() => undefined));
    await expect.poll(() => show(platform, id)).toMatchObject({ reserved_micros: 5 * four });
    platform.kill("SIGKILL");
    await Promise.all(cut);
    await platform.exit;
    await first.reset();
    const again = await start(env, {}, platform.dataDirectory);
    expect(await show(again, id)).toMatchObject({ spent_micros: 3 * four, reserved_micros: 0 });
    expect(sums(again.dataDirectory)).toEqual({ ledger: 3 * four, spent: 3 * four });
    await call(again);
    expect(await show(again, id)).toMatchObject({ spent_micros: 4 * four });
    await again.stop();
  });
});

describe("prices that are not known", () => {
  test("count as the dearest one, or as the configuration says, and not in the ledger", async () => {
    const platform = await start({}, { bundled_prices: false, limits: { assumed_output_tokens: 100 } });
    const id = await make(platform, { name: "all", scope: "global", amount_micros: 100 * cent });
    const body = { model: "first/tiny-embed", input: "one two" };
    const embed = () => ask(platform, "/v1/embeddings", { body, headers: team });
    // Input costs nothing by the only price there is.
    expect((await embed()).status).toBe(200);
    expect(await show(platform, id)).toMatchObject({ spent_micros: 0 });
    await platform.stop();
    const dear = await start(
      {},
      { budgets: { unknown_price: { input_per_million: 5_000, output_per_million: 0 } } },
    );
    const other = await make(dear, { name: "all", scope: "global", amount_micros: 100 * cent });
    const answer = await ask(dear, "/v1/embeddings", { body, headers: team });
    const used = z.object({ usage: z.object({ prompt_tokens: z.number() }) }).parse(answer.json).usage;
    const assumed = used.prompt_tokens * 5_000;
    expect(await show(dear, other)).toMatchObject({ spent_micros: assumed, assumed_micros: assumed });
    await dear.ledgerRows({ count: 1 });
    expect(sums(dear.dataDirectory)).toEqual({ ledger: 0, spent: assumed });
    await dear.stop();
  });
});

test.each([
  [{ scope: "global", subject: "x" }, "subject"],
  [{ scope: "key" }, "subject"],
  [{ scope: "key", subject: "config:nobody" }, "subject"],
  [{ scope: "user", subject: "user_nobody" }, "subject"],
  [{ scope: "integration", subject: "third" }, "subject"],
  [{ scope: "team", subject: "team_nobody" }, "subject"],
  [{ scope: "global", currency: "XAU" }, "currency"],
  [{ scope: "global", amount_micros: 0 }, "amount_micros"],
])("the budget %j is refused for its %s", async (odd, field) => {
  const platform = await start({});
  const body = { name: "odd", period: "day", amount_micros: 1, ...odd };
  const { status, text } = await ask(platform, "/api/v1/budgets", { body, headers: root });
  expect([status, text]).toEqual([400, expect.stringContaining(field)]);
  await platform.stop();
});

test("a budget of a team is one for all its members, one of a user for all keys of that one", async () => {
  const platform = await start({});
  const made = z.looseObject({ id: z.string(), key: z.string().nullish() });
  const post = async (path: string, body: object) => {
    const answer = await ask(platform, path, { body, headers: root });
    expect(answer.status, answer.text).toBe(200);
    return made.parse(answer.json);
  };
  const { id: group } = await post("/api/v1/teams", { name: "group" });
  await post("/api/v1/users", { name: "admin", role: "admin" });
  const member = (name: string) =>
    post("/api/v1/users", { name, role: "developer", team: group, with_key: true });
  const [ada, bob] = [await member("ada"), await member("bob")];
  await make(platform, { name: "group", scope: "team", subject: group, amount_micros: 3 * four });
  await make(platform, { name: "ada", scope: "user", subject: ada.id, amount_micros: four });
  const callOf = ({ key }: typeof ada) => call(platform, { headers: { authorization: `Bearer ${key}` } });
  expect((await callOf(ada)).status).toBe(200);
  expect((await callOf(ada)).text).toContain("The budget ada has");
  expect((await callOf(bob)).status).toBe(200);
  expect((await callOf(bob)).status).toBe(200);
  expect((await callOf(bob)).text).toContain("The budget group has");
  await platform.stop();
});

test("llmp makes, changes, lists and deletes budgets, each change on record", async () => {
  const platform = await start({});
  const env = { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: "root-key-0123456789" };
  const llmp = (...args: readonly string[]) => runLlmp(args, { env });
  const made = await llmp("budgets", "create", "team a", "--amount", "12.5", "--warn-at", "50", "-o", "json");
  const { id } = budgetSchema.parse(JSON.parse(made.stdout));
  expect(JSON.parse(made.stdout)).toMatchObject({
    scope: "global",
    subject: null,
    period: "month",
    amount_micros: 12_500_000,
    currency: "USD",
    action: "block",
    warn_at_percents: [50],
  });
  expect(await llmp("budgets", "create", "team a", "--amount", "1")).toMatchObject({ exitCode: 1 });
  const changed = await llmp("budgets", "update", id, "--amount", "0.000001", "--action", "warn");
  expect(changed.stdout).toMatch(
    /^budget_\S+ +team a +global +month +warn +0\.000001 +0\.00 +0\.00 +0\.000001 +USD +\S+Z$/m,
  );
  expect((await llmp("budgets", "list")).stdout).toContain(id);
  expect(await llmp("budgets", "create", "b", "--amount", "1e3")).toMatchObject({ exitCode: 2 });
  expect((await llmp("budgets", "delete", id)).exitCode).toBe(0);
  expect((await llmp("budgets", "delete", id)).exitCode).toBe(4);
  const { stdout } = await llmp("audit", "list", "--target", id, "-o", "json");
  for (const operation of ["budgets.create", "budgets.update", "budgets.delete"])
    expect(stdout).toContain(operation);
  await platform.stop();
});

test("a call that has no budget does not wait for one, and refusals are counted", async () => {
  const platform = await start({});
  await make(platform, { name: "none", scope: "key", subject: "config:root", amount_micros: 1 });
  expect((await call(platform)).status).toBe(200);
  expect((await call(platform, { headers: root })).status).toBe(429);
  const { text } = await ask(platform, "/metrics", { headers: root });
  expect(text).toContain('llm_budget_refused_total{budget="none"} 1');
  await platform.stop();
});
