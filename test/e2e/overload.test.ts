import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chat, expectRefusal } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const model = "fake/tiny-chat";

let openai: FakeUpstream;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => openai.stop());

function start(env: Readonly<Record<string, string>>, overload: object): Promise<Platform> {
  return startPlatform({
    env,
    config: { integrations: [openAiIntegration("fake", openai.origin)], overload },
  });
}

describe.each(setUps)("O08 memory over %s", (_name, env) => {
  test("short of it, calls are refused and connections let go; operators are served, and readiness stays", async () => {
    // Any process uses more than this.
    const platform = await start(env, { max_memory_bytes: 1_000_000 });
    const refused = await chat(platform, model);
    expectRefusal(refused, { status: 503, code: "overloaded" });
    expect(refused.text).toContain("memory");
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(refused.headers.get("retry-after-ms")).toBe("5000");
    expect(refused.headers.get("connection")).toBe("close");
    expect((await ask(platform, "/readyz")).status).toBe(200);
    expect((await ask(platform, "/v1/models")).status).toBe(200);
    expect((await ask(platform, "/metrics")).text).toContain('llm_overload_state{cause="memory"} 2');
    await platform.stop();
  });

  test("between the bounds, calls are served and connections let go", async () => {
    // A process takes from 60 MB to 600 MB.
    const platform = await start(env, {
      max_memory_bytes: 600_000_000,
      close_connections_ratio: 0.1,
      refuse_ratio: 1,
    });
    const answer = await chat(platform, model);
    expect(answer.headers.get("connection")).toBe("close");
    expect(answer.status).toBe(200);
    await platform.stop();
  });
});

test("O07 a server that is held up again and again sheds calls, and serves all when it is not", async () => {
  const platform = await start(setUps[0][1], { max_loop_delay_seconds: 0.1 });
  for (let round = 0; round < 8; round++) {
    platform.kill("SIGSTOP");
    await sleep(700);
    platform.kill("SIGCONT");
    await sleep(10);
  }
  const answers = await Promise.all(Array.from({ length: 60 }, () => chat(platform, model)));
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(5);
  for (const answer of refused) expectRefusal(answer, { status: 503, code: "overloaded" });
  await expect
    .poll(async () => (await ask(platform, "/metrics")).text, { timeout: 10_000 })
    .toContain("llm_overload_shed_ratio 0\n");
  const later = await Promise.all(Array.from({ length: 20 }, () => chat(platform, model)));
  expect(later.filter(({ status }) => status === 200)).toHaveLength(20);
  await platform.stop();
});
