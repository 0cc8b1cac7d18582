import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chat, contentOf, member } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { openAiIntegration, startPlatform } from "./start-platform.ts";

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => upstream.stop());

test.each(setUps)(
  "without a ledger calls are served and counted, and not recorded, over %s",
  async (_, env) => {
    const dataDirectory = await mkdtemp(join(tmpdir(), "no-ledger-"));
    onTestFinished(() => rm(dataDirectory, { recursive: true, force: true }));
    const config = { ledger: { enabled: false }, integrations: [openAiIntegration("fake", upstream.origin)] };
    const platform = await startPlatform({ env, dataDirectory, config });
    const streamed = await chat(platform, "fake/tiny-chat");
    expect(contentOf(streamed.text), streamed.text).not.toBe("");
    expect((await chat(platform, "fake/tiny-chat", { stream: false })).status).toBe(200);
    const { text } = await ask(platform, "/metrics");
    const counted = [...text.matchAll(/^llm_requests_total\{.*\} (\d+)$/gm)].map(([, count]) =>
      Number(count),
    );
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(2);
    // With the end of a server everything that there is has come into the ledger.
    await platform.stop();
    const after = await startPlatform({ env, dataDirectory });
    const records = await ask(after, "/api/v1/usage/records");
    expect(member(records.json, "usage"), records.text).toEqual([]);
    await after.stop();
  },
);
