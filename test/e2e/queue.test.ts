import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chatBody, expectRefusal } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const keys = { flood: "flood-key-0123456789", other: "other-key-0123456789", root: "root-key-0123456789" };
const model = "fake/tiny-chat";

let openai: FakeUpstream;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
});
afterEach(() => openai.reset());
afterAll(() => openai.stop());

function start(env: Readonly<Record<string, string>>, queue: object, most: number): Promise<Platform> {
  return startPlatform({
    env,
    config: {
      integrations: [openAiIntegration("fake", openai.origin)],
      auth: {
        api_keys: [
          { name: "flood", key: keys.flood },
          { name: "other", key: keys.other },
          { name: "root", key: keys.root, role: "admin" },
        ],
      },
      gateway: { max_in_flight: most },
      limits: { queue },
    },
  });
}

async function timed(platform: Platform, key: string) {
  const startedAtMs = performance.now();
  const body = chatBody(model, { stream: true });
  const answer = await ask(platform, "/v1/chat/completions", {
    body,
    headers: { authorization: `Bearer ${key}` },
  });
  return { answer, tookMs: performance.now() - startedAtMs };
}

/** Calls that wait for a place among all, as the metrics tell. */
async function depthOf(platform: Platform): Promise<string | undefined> {
  const { text } = await ask(platform, "/metrics", { headers: { authorization: `Bearer ${keys.root}` } });
  return /^llm_queue_depth\{queue="global"\} (\d+)$/m.exec(text)?.[1];
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

describe.each(setUps)("a queue over %s", (_name, env) => {
  test("a tenant that floods the server waits for itself, another one hardly", async () => {
    const platform = await start(env, { size: 512 }, 8);
    openai.always({ kind: "stream", chunks: 5, intervalMs: 20 });
    const flood = Array.from({ length: 160 }, () => timed(platform, keys.flood));
    // The flood is there when the first call of it is with the upstream.
    await openai.nextRequest({ method: "POST" });
    const other: number[] = [];
    for (let each = 0; each < 6; each++) {
      const { answer, tookMs } = await timed(platform, keys.other);
      expect(answer.status, answer.text).toBe(200);
      other.push(tookMs);
    }
    const floods = await Promise.all(flood);
    expect(floods.filter(({ answer }) => answer.status !== 200)).toEqual([]);
    const took = median(floods.map(({ tookMs }) => tookMs));
    expect(median(other)).toBeLessThan(took / 2);
    await expect.poll(() => depthOf(platform)).toBe("0");
    const page = await ask(platform, "/metrics", { headers: { authorization: `Bearer ${keys.root}` } });
    expect(page.text).toMatch(/llm_queue_wait_seconds_count\{queue="global"\} [1-9]/);
    await platform.stop();
  });

  test("a full queue and a long wait are 503 with a time to come back", async () => {
    const platform = await start(env, { size: 2, wait_seconds: 0.5 }, 1);
    openai.always({ kind: "stream", chunks: 30, intervalMs: 100 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => timed(platform, keys.flood)));
    const refused = answers.filter(({ answer }) => answer.status !== 200);
    expect(refused).toHaveLength(11);
    for (const { answer } of refused) {
      expectRefusal(answer, { status: 503, code: "overloaded" });
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    }
    expect(
      refused.filter(({ answer }) => answer.text.includes("within 0.5 s")).length,
    ).toBeGreaterThanOrEqual(2);
    await platform.stop();
  });
});

test("a client that leaves, leaves the queue; a stop refuses those who wait", async () => {
  const platform = await start(setUps[0][1], { size: 8 }, 1);
  openai.always({ kind: "stream", chunks: 90, intervalMs: 100 });
  const first = timed(platform, keys.flood);
  await openai.nextRequest({ method: "POST" });
  const leaving = new AbortController();
  const left = fetch(`${platform.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${keys.flood}`, "content-type": "application/json" },
    body: JSON.stringify(chatBody(model)),
    signal: leaving.signal,
  });
  const waits = timed(platform, keys.other);
  await expect.poll(() => depthOf(platform)).toBe("2");
  leaving.abort();
  await expect(left).rejects.toThrow("abort");
  await expect.poll(() => depthOf(platform)).toBe("1");
  platform.kill("SIGTERM");
  const { answer } = await waits;
  expectRefusal(answer, { status: 503, code: "shutting_down" });
  expect((await first).answer.status).toBe(200);
  await platform.stop();
});
