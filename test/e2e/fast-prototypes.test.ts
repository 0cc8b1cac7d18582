import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chatBody } from "./http.ts";
import { openAiIntegration, startPlatform } from "./start-platform.ts";

const probe = fileURLToPath(new URL("./fast-prototypes.ts", import.meta.url));

test("no library that the server loads has made the methods of strings, arrays or buffers slow", async () => {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  const platform = await startPlatform({
    config: { integrations: [openAiIntegration("fake", upstream.origin)] },
    env: { NODE_OPTIONS: `--import ${probe}` },
  });
  const answer = await ask(platform, "/v1/chat/completions", { body: chatBody("tiny-chat") });
  expect(answer.status).toBe(200);
  await platform.stop();
  expect(await platform.logLine(/slow prototypes/)).toBe("slow prototypes: []");
  await upstream.stop();
});
