import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeHub, type FakeHub, hubToken } from "../fakes/hub/fake-hub.ts";
import { givenContents, seededContents } from "../fakes/hub/hub-contents.ts";
import { ask } from "./http.ts";
import { pullingConfig, pullToRest } from "./pull-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const mebibyte = 1024 * 1024;
let hub: FakeHub;
let platform: Platform;

beforeAll(async () => {
  const small = seededContents(3 * mebibyte + 17, "small");
  hub = await createFakeHub([
    { id: "acme/tiny-GGUF", files: { "tiny-Q4_K_M.gguf": small }, library: "gguf" },
    {
      id: "acme/risky",
      files: {
        "pytorch_model.bin": givenContents(Buffer.from("pickle")),
        "modeling_x.py": givenContents(Buffer.from("import os")),
        "model.llamafile": givenContents(Buffer.from("MZ")),
      },
    },
    {
      id: "acme/gated-GGUF",
      files: { "gated-Q4_0.gguf": seededContents(mebibyte, "gated") },
      gated: "manual",
      library: "gguf",
    },
    { id: "acme/odd-GGUF", files: { "\u001b[31m<img src=x>\n-Q4_0.gguf": small }, library: "gguf" },
  ]);
  platform = await startPlatform({ config: pullingConfig(hub) });
});
afterAll(async () => {
  await platform.stop();
  await hub.stop();
});

const fromHub = (source: string, more: Readonly<Record<string, unknown>> = {}) => ({
  kind: "huggingface",
  source,
  ...more,
});

describe("what is refused before a byte is fetched", () => {
  const refused = (body: Readonly<Record<string, unknown>>) => ask(platform, "/api/v1/pulls", { body });

  test.each([
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\model.gguf",
    "a/../b.gguf",
    "a%2e%2e/b.gguf",
    "a\u0000.gguf",
    "a\u2215b.gguf",
    "x".repeat(600),
  ])("a path that leads elsewhere: %j (F01)", async (file) => {
    const answer = await refused(fromHub("acme/tiny-GGUF", { file }));
    expect(answer.status, answer.text).toBe(400);
  });

  test.each(["pytorch_model.bin", "modeling_x.py", "model.llamafile"])(
    "a file that runs code: %s (F06, F10)",
    async (file) => {
      const before = hub.requests.length;
      const answer = await refused(fromHub("acme/risky", { file }));
      expect(answer.status, answer.text).toBe(400);
      expect(answer.text).toContain("is not taken");
      expect(hub.requests.slice(before).filter(({ path }) => path.includes("/resolve/"))).toEqual([]);
    },
  );

  test("a repository that access must be asked for, with what to do", async () => {
    const done = await pullToRest(platform, fromHub("acme/gated-GGUF"));
    expect(done).toMatchObject({
      phase: "failed",
      error: { code: "forbidden", message: expect.stringMatching(/accept its terms.*HUGGINGFACE_TOKEN/s) },
    });
  });

  test("a repository, revision, file or quantisation that is not there", async () => {
    for (const [body, status] of [
      [fromHub("acme/nothing"), 404],
      [fromHub("acme/tiny-GGUF", { revision: "no-such" }), 404],
      [fromHub("acme/tiny-GGUF", { file: "no-such.gguf" }), 404],
      [fromHub("acme/tiny-GGUF", { quantization: "Q2_K" }), 404],
      [fromHub("../x"), 400],
    ] as const) {
      const answer = await refused(body);
      expect(answer.status, answer.text).toBe(status);
    }
  });

  test("a name that no folder should hold, which is shown without what a terminal obeys (F16)", async () => {
    const answer = await refused(fromHub("acme/odd-GGUF"));
    expect(answer.status, answer.text).toBe(400);
    expect(await refused(fromHub("acme/tiny-GGUF", { name: "../x" }))).toMatchObject({ status: 400 });
  });
});

test("a disk without room refuses a pull before its start, with 507 (F12)", async () => {
  const full = await startPlatform({ config: pullingConfig(hub, { reserve_bytes: 900_000_000_000_000 }) });
  const answer = await ask(full, "/api/v1/pulls", { body: fromHub("acme/tiny-GGUF") });
  expect(answer.status, answer.text).toBe(507);
  expect(answer.text).toContain("pulls.reserve_bytes");
  await full.stop();
});

describe("the token", () => {
  test("opens what is gated, goes to the endpoint alone, and stands nowhere", async () => {
    const config = pullingConfig(hub);
    const trusted = await startPlatform({ config, env: { HUGGINGFACE_TOKEN: hubToken } });
    const before = hub.requests.length;
    expect(await pullToRest(trusted, fromHub("acme/gated-GGUF"))).toMatchObject({ phase: "done" });
    const since = hub.requests.slice(before);
    expect(
      since.filter(({ authorization }) => authorization !== undefined).map(({ server }) => server),
    ).not.toContain("files");
    expect(since.some(({ authorization }) => authorization === `Bearer ${hubToken}`)).toBe(true);
    const seen = [
      trusted.log(),
      (await ask(trusted, "/api/v1/pulls")).text,
      (await ask(trusted, "/integrations/huggingface/status")).text,
      (await ask(trusted, "/metrics")).text,
    ].join("\n");
    expect(seen).not.toContain(hubToken);
    await trusted.stop();
  });
});
