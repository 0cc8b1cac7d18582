import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { findFreePort } from "../../bench/free-port.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { chatBody } from "./http.ts";
import { spawnServer } from "./spawn-server.ts";
import { openAiIntegration } from "./start-platform.ts";

const listed = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Undefined while nobody listens. */
async function tryFetch(url: string): Promise<Response | undefined> {
  return fetch(url).catch(() => undefined);
}

test("from the first list of models on, each of them can be called", { timeout: 60_000 }, async () => {
  const upstream = await createFakeUpstream({ dialect: "openai", models: ["one", "two"] });
  onTestFinished(() => upstream.stop());
  const port = await findFreePort();
  const off = ["huggingface", "local", "ollama"].map((name) => ({ name, enabled: false }));
  const server = spawnServer({
    LLM_PLATFORM_SERVER__PORT: String(port),
    LLM_PLATFORM_INTEGRATIONS: JSON.stringify([openAiIntegration("fake", upstream.origin), ...off]),
  });
  const url = `http://127.0.0.1:${port}`;
  const statuses = new Set<number>();
  let first: Response | undefined;
  while (first?.status !== 200) {
    expect(server.child.exitCode, server.text()).toBe(null);
    first = await tryFetch(`${url}/v1/models`);
    if (first !== undefined) statuses.add(first.status);
  }
  const names = listed.parse(await first.json()).data.map(({ id }) => id);
  const calls = names.map((name) =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(chatBody(name)),
    }),
  );
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(names.map(() => 200));
  // Nothing is called missing that only is not there yet.
  statuses.delete(503);
  expect([...statuses]).toEqual([200]);
});
