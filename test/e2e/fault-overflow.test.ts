import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream, type FakeUpstreamOptions } from "../fakes/fake-upstream.ts";
import { type Answer, ask, at, chat, chatBody, contentOf, expectRefusal, onlyRow } from "./http.ts";
import { setUps } from "./set-ups.ts";
import {
  anthropicIntegration,
  ollamaIntegration,
  openAiIntegration,
  type Platform,
  startPlatform,
} from "./start-platform.ts";

const models = ["tiny-chat:latest"];

/** Servers by the names of their integrations. vLLM, llama.cpp and LM Studio tell their windows: 4,096 tokens. */
const families = {
  openai: { dialect: "openai", models },
  vllm: { dialect: "openai", profile: "vllm", models },
  twin: { dialect: "openai", profile: "vllm", models },
  llama: { dialect: "openai", profile: "llama-cpp", models },
  studio: { dialect: "openai", profile: "lm-studio", models },
  localai: { dialect: "openai", profile: "localai", models },
  textgen: { dialect: "openai", profile: "textgen", models },
  ollama: { dialect: "ollama", models },
  anthropic: { dialect: "anthropic", models },
} satisfies Record<string, FakeUpstreamOptions>;

type Name = keyof typeof families;
const names = Object.keys(families) as readonly Name[];
const overflow = { kind: "context-overflow" } as const;

let upstreams: Readonly<Record<Name, FakeUpstream>>;

beforeAll(async () => {
  const started = await Promise.all(
    names.map(async (name) => [name, await createFakeUpstream(families[name])] as const),
  );
  // One for each name.
  upstreams = Object.fromEntries(started) as Record<Name, FakeUpstream>;
});

beforeEach(() => Promise.all(Object.values(upstreams).map((upstream) => upstream.reset())));

afterAll(() => Promise.all(Object.values(upstreams).map((upstream) => upstream.stop())));

function toEntry(name: Name) {
  const { origin } = upstreams[name];
  if (name === "ollama") return ollamaIntegration(name, origin);
  return name === "anthropic" ? anthropicIntegration(name, origin) : openAiIntegration(name, origin);
}

/** How many calls reached it, its list of models not counted. */
const callsOf = (name: Name): number =>
  upstreams[name].requests.filter(({ method }) => method === "POST").length;

const idOf = (name: Name): string => `${name}/${models[0]}`;

/** The verdicts of the last choice, by integration. */
async function verdictsOf(platform: Platform, { requestId }: Answer): Promise<Record<string, unknown>> {
  const path = `/api/v1/requests/${requestId}`;
  await expect
    .poll(async () => at((await ask(platform, path)).json, "request", "status"), { timeout: 5_000 })
    .toMatch(/^(ok|failed)$/);
  const candidates = at((await ask(platform, path)).json, "candidates");
  if (!Array.isArray(candidates)) throw new Error("no candidates");
  return Object.fromEntries(
    candidates.map((each: unknown) => [String(at(each, "target")).split("/")[0], at(each, "verdict")]),
  );
}

describe.each(setUps)("a prompt that does not fit, over %s,", (_name, env) => {
  let platform: Platform;
  beforeAll(async () => {
    const route = (model: string, target: Name, ...fallbacks: readonly Name[]) => ({
      model,
      targets: [{ model: idOf(target) }],
      fallbacks: fallbacks.map(idOf),
    });
    platform = await startPlatform({
      env,
      config: {
        integrations: names.map(toEntry),
        routing: {
          routes: [
            route("larger-behind", "vllm", "twin", "openai"),
            route("none-larger", "vllm", "twin", "llama"),
            route("broken-behind", "vllm", "openai", "twin"),
          ],
        },
      },
    });
  });
  afterAll(() => platform.stop());

  test.each(names)("is told as such, whatever words %s has for it", async (name) => {
    upstreams[name].always(overflow);
    for (const stream of [true, false]) {
      const answer = await chat(platform, idOf(name), { stream });
      expectRefusal(answer, { status: 400, code: "context_length_exceeded" });
      // Ollama tells no numbers.
      const told =
        name === "ollama"
          ? "does not fit"
          : "maximum context length is 4096 tokens, and the prompt has at least 5000";
      expect(at(answer.json, "error", "message")).toContain(told);
      expect((await onlyRow(platform, answer.requestId)).outcome).toBe("upstream_error");
    }
  });

  test.each(["/v1/chat/completions", "/v1/messages", "/api/chat"])(
    "is a refusal of %s though the stream of its server had begun well",
    async (path) => {
      const message =
        "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.";
      upstreams.studio.always({ kind: "error-event", events: 0, isNamed: true, message });
      for (const stream of [true, false]) {
        const bound = path === "/v1/messages" ? { max_tokens: 5 } : {};
        const body = { ...chatBody(idOf("studio"), { stream }), ...bound };
        const headers = { "anthropic-version": "2023-06-01" };
        if (!stream) upstreams.studio.always({ kind: "body", body: JSON.stringify({ error: { message } }) });
        const answer = await ask(platform, path, { body, headers });
        expect(answer.status).toBe(400);
        expect(answer.text).toContain(
          "maximum context length is 4096 tokens, and the prompt has at least 5000",
        );
        expect(answer.text).not.toContain("overflows");
      }
    },
  );

  test("goes on to what may hold it, past what is known to be no larger", async () => {
    upstreams.vllm.script(overflow);
    const before = callsOf("twin");
    const answer = await chat(platform, "larger-behind");
    expect(contentOf(answer.text)).toBe("echo: one two three four five");
    expect(answer.headers.get("x-llmp-provider")).toBe("openai");
    expect(answer.headers.get("x-llmp-attempts")).toBe("2");
    expect(callsOf("twin")).toBe(before);
    expect(await verdictsOf(platform, answer)).toEqual({
      vllm: "tried_before",
      twin: "context_too_small",
      openai: "chosen",
    });
  });

  test("ends with the first refusal where nothing is larger", async () => {
    upstreams.vllm.script(overflow);
    const answer = await chat(platform, "none-larger");
    expectRefusal(answer, { status: 400, code: "context_length_exceeded" });
    expect(await verdictsOf(platform, answer)).toEqual({
      vllm: "tried_before",
      twin: "context_too_small",
      llama: "context_too_small",
    });
  });

  test("is not taken back to where it did not fit when the next one fails", async () => {
    upstreams.vllm.script(overflow);
    upstreams.openai.always({ kind: "status", status: 503 });
    const before = callsOf("vllm");
    const answer = await chat(platform, "broken-behind");
    expectRefusal(answer, { status: 502, code: "upstream_error" });
    expect(callsOf("vllm")).toBe(before + 1);
  });
});
