import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, eventsOf, member } from "./http.ts";
import { ollamaIntegration, type Platform, startPlatform } from "./start-platform.ts";

let upstream: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "ollama" });
  platform = await startPlatform({
    config: { integrations: [ollamaIntegration("ollama", upstream.origin)] },
  });
});
afterAll(async () => {
  await platform.stop();
  await upstream.stop();
});

async function start(source: string): Promise<string> {
  const answer = await ask(platform, "/api/v1/pulls", { body: { kind: "ollama", source } });
  expect(answer.status, answer.text).toBe(200);
  return String(member(answer.json, "id"));
}

/** Every state of the pull from now on, until it rests. */
async function follow(id: string): Promise<readonly unknown[]> {
  const { text } = await ask(platform, `/api/v1/pulls/${id}`, { headers: { accept: "text/event-stream" } });
  return eventsOf(text);
}

describe("a pull of an Ollama model", () => {
  test("is told by phase and byte until the model can be called", async () => {
    const id = await start("fresh-one");
    const states = await follow(id);
    expect(states.at(-1)).toMatchObject({
      id,
      phase: "done",
      error: null,
      models: ["ollama/fresh-one"],
      created_by: expect.any(String),
      finished_at: expect.any(String),
    });
    const last = states.at(-1);
    expect(member(last, "completed_bytes")).toBe(member(last, "total_bytes"));
    const { json } = await ask(platform, "/api/v1/models?integration=ollama");
    expect(JSON.stringify(json)).toContain("fresh-one");
    const kept = await ask(platform, `/api/v1/pulls/${id}`);
    expect(kept.json).toEqual(last);
  });

  test("that fails says why, and can be tried again", async () => {
    const id = await start("missing-one");
    expect((await follow(id)).at(-1)).toMatchObject({
      phase: "failed",
      error: { code: "model_not_found", message: expect.any(String) },
    });
    const again = await ask(platform, `/api/v1/pulls/${id}/resume`, { method: "POST", body: {} });
    expect(again.json).toMatchObject({ id, phase: expect.stringMatching(/queued|resolving/) });
    expect((await follow(id)).at(-1)).toMatchObject({ phase: "failed" });
  });

  test("is on record with who asked, and counted", async () => {
    const id = await start("counted");
    await follow(id);
    const { json } = await ask(platform, "/api/v1/audit?operation=pulls.start&limit=1");
    expect(member(json, "records")).toMatchObject([
      { outcome: "ok", target: { type: "pull", id, name: "counted" }, actor: { kind: "local" } },
    ]);
    const { text } = await ask(platform, "/metrics");
    expect(text).toMatch(/llm_pulls_total\{kind="ollama",result="done"\} [1-9]/);
    expect(text).toContain("llm_pulls_active 0");
  });
});

test("a pull that is not there cannot be looked at or stopped", async () => {
  expect((await ask(platform, "/api/v1/pulls/pull_x")).status).toBe(404);
  for (const action of ["pause", "resume", "cancel"])
    expect((await ask(platform, `/api/v1/pulls/pull_x/${action}`, { method: "POST", body: {} })).status).toBe(
      404,
    );
});

test("a pull that is over cannot be paused or cancelled", async () => {
  const id = await start("over");
  await follow(id);
  for (const action of ["pause", "resume", "cancel"]) {
    const answer = await ask(platform, `/api/v1/pulls/${id}/${action}`, { method: "POST", body: {} });
    expect(answer.status, answer.text).toBe(409);
  }
});

describe("llmp", () => {
  const llmp = (...args: string[]) => runLlmp(["--url", platform.url, ...args]);

  test("pulls, and says what can be called now", async () => {
    const { exitCode, stdout, stderr } = await llmp("pull", "by-hand");
    expect(stderr).toContain("done");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "ollama/by-hand\n" });
    const listed = await llmp("pulls");
    expect(listed.stdout).toMatch(/pull_\S+ +ollama +by-hand +done +100%/);
  });

  test("ends with 1 and the reason when a pull fails, and takes control characters out of names", async () => {
    const { exitCode, stderr } = await llmp("pull", "missing-\u001b[31mred");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the pull is failed");
    const listed = await llmp("pulls");
    expect(listed.stdout).toContain("missing-red");
    expect(listed.stdout).not.toContain("\u001b");
  });
});
