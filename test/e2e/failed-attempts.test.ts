import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chat, member } from "./http.ts";
import { setUps } from "./set-ups.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const upstreamKey = "upstream-key-4f9d1c2b7a";
const words = `auto tool choice needs --enable-auto-tool-choice, key ${upstreamKey}`;
const body = JSON.stringify({ error: { message: words, type: "BadRequestError", code: 400 } });

let openai: FakeUpstream;
let ollama: FakeUpstream;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  ollama = await createFakeUpstream({ dialect: "ollama" });
});
afterAll(() => Promise.all([openai.stop(), ollama.stop()]));

describe.each(setUps)("why an upstream failed, over %s", (_name, env) => {
  test("is in the log where it is asked for, without secrets, and nowhere else", async () => {
    const platform = await startPlatform({
      env,
      config: {
        log: { level: "debug" },
        integrations: [
          openAiIntegration("fake", openai.origin, { api_key: upstreamKey }),
          ollamaIntegration("lama", ollama.origin),
        ],
      },
    });
    const failed = async (fake: FakeUpstream, model: string, faultBody: string) => {
      fake.script([{ kind: "status", status: 400, body: faultBody }]);
      const answer = await chat(platform, model);
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain("auto tool choice");
      return String(member(member(answer.json, "error"), "request_id"));
    };

    const untold = await failed(openai, "fake/tiny-chat", body);
    expect(linesOf(platform)).toEqual([]);
    const levels = [{ part: "fake", level: "trace", minutes: 5 }];
    const set = await ask(platform, "/api/v1/system/log-levels", { method: "PUT", body: { levels } });
    expect(set.status).toBe(200);
    // Workers may hear of it a moment later.
    const lineOf = (faultBody: string) =>
      vi.waitFor(async () => {
        const id = await failed(openai, "fake/tiny-chat", faultBody);
        return JSON.parse(expectDefined(linesOf(platform).find((each) => each.includes(id))));
      }, 10_000);
    expect(await lineOf(body)).toMatchObject({
      event: "upstream.failed",
      level: "trace",
      integration: "fake",
      request_id: expect.stringMatching(/^req_/),
      attempt: 1,
      model: "tiny-chat",
      code: "invalid_request",
      upstream_status: 400,
      said: body.replace(upstreamKey, "[secret]"),
    });
    await failed(ollama, "lama/tiny-chat:latest", JSON.stringify({ error: words }));
    // Where what is told ends, the key stands.
    const filler = "filler ".repeat(142);
    const { said } = await lineOf(JSON.stringify({ error: { message: filler + upstreamKey } }));
    expect(said).toMatch(/filler \[secret\]/);
    await platform.stop();
    expect(linesOf(platform).filter((each) => each.includes(untold))).toEqual([]);
    expect(linesOf(platform).filter((each) => !each.includes('"integration":"fake"'))).toEqual([]);
    expect(platform.log()).not.toContain(upstreamKey.slice(0, 9));
    await Promise.all([openai.reset(), ollama.reset()]);
  });
});

const linesOf = (platform: Platform) =>
  platform
    .log()
    .split("\n")
    .filter((line) => line.includes("upstream.failed"));

function expectDefined<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("it is not there");
  return value;
}
