import { PlatformError } from "@llm-platform/kit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createCredentialPrograms } from "./credential-programs.ts";

const node = process.execPath;
const programs = createCredentialPrograms([node, "/not/there"]);
const { signal } = new AbortController();
const script = (source: string, environment: Readonly<Record<string, string>> = {}) =>
  ({ command: node, arguments: ["-e", source], environment }) as const;

afterEach(() => vi.unstubAllEnvs());

describe("programs that make credentials", () => {
  test("get the environment but for the platform's own, and no input", async () => {
    vi.stubEnv("LLM_PLATFORM_SECRETS__MASTER_KEY", "hidden");
    vi.stubEnv("AWS_REGION", "here");
    const source =
      "process.stdin.resume().on('end', () => console.log(JSON.stringify([process.env.A, process.env.AWS_REGION, process.env.LLM_PLATFORM_SECRETS__MASTER_KEY ?? null])))";
    expect(JSON.parse(await programs.run(script(source, { A: "b" }), signal))).toEqual(["b", "here", null]);
  });

  test("are those that the configuration allows, by the very name", async () => {
    const run = programs.run({ command: "sh", arguments: [], environment: {} }, signal);
    await expect(run).rejects.toMatchObject({
      code: "forbidden",
      message: "The program sh may not be run. Allow it in programs.credentials of the configuration file.",
    });
  });

  test.each([
    ["that fails", script("console.error('no such profile'); process.exit(3)"), /failed: no such profile$/],
    ["that is silent", script("process.exit(3)"), /failed: it printed no reason$/],
    ["that is not there", { command: "/not/there", arguments: [], environment: {} }, /is not there/],
    ["that prints too much", script("process.stdout.write('x'.repeat(2_000_000))"), /failed/],
  ])("one %s is told as such", async (_what, program, message) => {
    await expect(programs.run(program, signal)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(message),
    });
  });

  test("one that nobody waits for is ended", async () => {
    const controller = new AbortController();
    const run = programs.run(script("setInterval(() => {}, 1000)"), controller.signal);
    controller.abort(new PlatformError("shutting_down", "It stops."));
    await expect(run).rejects.toMatchObject({ code: "client_cancelled" });
  });
});
