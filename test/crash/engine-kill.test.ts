import { readdir, readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";

const model = "demo-chat";
/** The model answers so fast that now and then it is done before it is killed. */
const mostTries = 20;

let platform: Platform;

beforeEach(async () => {
  platform = await startPlatform({ config: { integrations: [{ name: "local" }] } });
});
afterEach(() => platform.stop());

function ask(stream: boolean): Promise<Response> {
  // Long enough to be broken off, or as short as can be.
  const maxTokens = stream ? 1_500 : 4;
  const body = {
    model,
    stream,
    max_tokens: maxTokens,
    temperature: 1.5,
    messages: [{ role: "user", content: "Tell me everything about the metrics." }],
  };
  return fetch(`${platform.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Engines whose parent is this process: it may have other children. */
async function enginesOf(parent: number): Promise<readonly number[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const engines = await Promise.all(
    ids.map(async (id) => (await parentOf(id)) === parent && (await commandOf(id)).includes("engine/main")),
  );
  return ids.filter((_id, at) => engines[at]).map(Number);
}

async function commandOf(id: string): Promise<string> {
  // A process that has ended since has no command any more.
  return readFile(`/proc/${id}/cmdline`, "latin1").catch(() => "");
}

async function parentOf(id: string): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${id}/stat`, "latin1");
    // The name of the program stands in brackets and may hold spaces; the state and the parent follow it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // The process has ended since the folder was read.
    return undefined;
  }
}

type Broken = { readonly requestId: string; readonly text: string; readonly afterMs: number };

/** One stream whose engine is killed at its first content. */
async function breakStream(): Promise<Broken> {
  // One call beforehand, so that the engine is there and only has to be found.
  expect((await ask(false)).status).toBe(200);
  const [engine, ...others] = await enginesOf(platform.id);
  expect(others).toEqual([]);
  if (engine === undefined) throw new Error("the server has no engine process");
  const response = await ask(true);
  expect(response.status).toBe(200);
  let text = "";
  let killedAtMs = 0;
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (killedAtMs !== 0) continue;
    process.kill(engine, "SIGKILL");
    killedAtMs = performance.now();
  }
  return {
    requestId: response.headers.get("x-request-id") ?? "",
    text,
    afterMs: performance.now() - killedAtMs,
  };
}

async function outcomesOf(requestId: string): Promise<readonly string[]> {
  return (await platform.ledgerRows({ count: 1, requestId })).map(({ outcome }) => outcome);
}

async function stateOfLocal(): Promise<string> {
  const response = await fetch(`${platform.url}/integrations/local/status`);
  const status: { readonly state: string } = JSON.parse(await response.text());
  return status.state;
}

describe.runIf(process.platform === "linux")(
  "the engine of the local runtime, killed in the middle of a stream",
  () => {
    it("gives the client an error within two seconds, and the next call works", async () => {
      let broken: Broken | undefined;
      for (
        let tries = 0;
        tries < mostTries && (broken === undefined || broken.text.includes("[DONE]"));
        tries += 1
      ) {
        broken = await breakStream();
      }
      if (broken === undefined) throw new Error("nothing was tried");
      expect(broken.text).not.toContain("[DONE]");
      expect(broken.text).toMatch(/data: \{"error":\{[^\n]*"code":"upstream_/);
      expect(broken.afterMs).toBeLessThan(2_000);

      const next = await ask(false);
      expect(next.status).toBe(200);
      await expect.poll(stateOfLocal, { timeout: 10_000 }).toBe("running");
      expect(await outcomesOf(broken.requestId)).toEqual([expect.stringMatching(/^upstream_/)]);
      expect(await outcomesOf(next.headers.get("x-request-id") ?? "")).toEqual([
        expect.stringMatching(/^(stop|length)$/),
      ]);
    }, 120_000);
  },
);
