import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type CliResult, runLlmp } from "./cli-process.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());

function llmp(key: string | undefined, args: readonly string[]): Promise<CliResult> {
  const env = { LLM_PLATFORM_URL: platform.url, ...(key === undefined ? {} : { LLM_PLATFORM_API_KEY: key }) };
  return runLlmp(args, { env });
}

/** What a command that must succeed prints as JSON. */
async function llmpJson(key: string | undefined, args: readonly string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await llmp(key, [...args, "-o", "json"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

const list = z.array(z.object({ id: z.string(), name: z.string() }).loose());

async function idOf(key: string, kind: "keys" | "users", name: string): Promise<string> {
  const found = list.parse(await llmpJson(key, [kind, "list"])).find((each) => each.name === name);
  return found?.id ?? "";
}

test("llmp makes the first user, and with its key everything else", async () => {
  expect(await llmpJson(undefined, ["whoami"])).toMatchObject({ name: "local-admin", kind: "local" });
  const first = await llmp(undefined, ["users", "create", "ada", "--role", "admin"]);
  expect(first).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/^ada \(user_.*shown this once:\n$/),
  });
  expect(first.stdout).toMatch(/^llmp_[\w-]{43}\n$/);
  const admin = first.stdout.trim();
  expect(await llmp(undefined, ["whoami"])).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining("No API key was sent"),
  });
  const whoami = await llmp(admin, ["whoami"]);
  expect(whoami.stdout).toMatch(/^name +ada$/m);
  expect(whoami.stdout).toMatch(/^permissions +inference\.call,/m);

  const bob = z
    .object({ id: z.string(), key: z.null() })
    .parse(
      await llmpJson(admin, ["users", "create", "bob", "--role", "developer", "--email", "bob@example.org"]),
    );
  const made = await llmp(admin, [
    "keys",
    "create",
    "bob laptop",
    "--owner",
    bob.id,
    "--requests-per-minute",
    "60",
    "--tokens-per-minute",
    "6000",
    "--max-concurrent",
    "4",
  ]);
  const key = made.stdout.trim();
  expect(await llmpJson(key, ["whoami"])).toMatchObject({ name: "bob laptop", user: bob.id });
  expect((await llmp(key, ["keys", "list"])).exitCode).toBe(3);
  expect((await llmp(admin, ["keys", "list"])).stdout).toMatch(
    new RegExp(`^key_\\S+ +bob laptop +${key.slice(0, 12)}… +${bob.id} +never +\\S+ +-$`, "m"),
  );

  const keyId = await idOf(admin, "keys", "bob laptop");
  const rotated = await llmp(admin, ["keys", "rotate", keyId, "--grace", "0"]);
  expect((await llmp(key, ["whoami"])).exitCode).toBe(3);
  expect((await llmp(rotated.stdout.trim(), ["whoami"])).exitCode).toBe(0);
  expect(await llmpJson(admin, ["keys", "revoke", keyId])).toMatchObject({
    revoked_at: expect.any(String),
    requests_per_minute: 60,
    tokens_per_minute: 6000,
    max_concurrent: 4,
  });
  expect((await llmp(rotated.stdout.trim(), ["whoami"])).exitCode).toBe(3);

  expect(await llmpJson(admin, ["users", "update", bob.id, "--max-concurrent", "2"])).toMatchObject({
    max_concurrent: 2,
    tokens_per_minute: null,
  });
  expect((await llmp(admin, ["users", "update", bob.id, "--role", "viewer", "--deactivate"])).stdout).toMatch(
    /bob +person +viewer +- +no +bob@example\.org$/m,
  );
  expect((await llmp(admin, ["users", "delete", bob.id])).exitCode).toBe(0);
  expect(await idOf(admin, "users", "bob")).toBe("");
});

test("llmp makes teams and roles, and changes keys", async () => {
  const root = await startPlatform();
  const run = (key: string | undefined, args: readonly string[]) =>
    runLlmp(args, {
      env: { LLM_PLATFORM_URL: root.url, ...(key === undefined ? {} : { LLM_PLATFORM_API_KEY: key }) },
    });
  const admin = (await run(undefined, ["users", "create", "ada", "--role", "admin"])).stdout.trim();
  const json = async (args: readonly string[], key = admin): Promise<unknown> => {
    const { exitCode, stdout, stderr } = await run(key, [...args, "-o", "json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    return JSON.parse(stdout);
  };
  const ided = z.object({ id: z.string() });
  const team = ided.parse(await json(["teams", "create", "reds", "--tokens-per-minute", "9000"]));
  const permissions = ["self.read", "inference.call"];
  await json(["roles", "create", "caller", "--permission", ...permissions, "--description", "Calls."]);
  expect((await run(admin, ["roles", "ls"])).stdout).toMatch(
    /^caller +no +inference\.call,self\.read +Calls\.$/m,
  );
  const made = ["users", "create", "bob", "--role", "caller", "--team", team.id, "--with-key"];
  const bob = z.object({ id: z.string(), key: z.string() }).parse(await json(made));
  const whoami = (await run(bob.key, ["whoami"])).stdout;
  expect(whoami).toMatch(/^role +caller$/m);
  expect(whoami).toMatch(new RegExp(`^team +reds \\(${team.id}\\)$`, "m"));
  expect(whoami).toMatch(/^limits of the team +9000 tokens\/min$/m);
  expect((await run(admin, ["teams", "delete", team.id])).exitCode).toBe(1);
  expect(
    await json(["teams", "update", team.id, "--name", "blues", "--tokens-per-minute", "none"]),
  ).toMatchObject({ name: "blues", tokens_per_minute: null });
  expect((await run(admin, ["users", "update", bob.id, "--team", "none"])).stdout).toMatch(
    /bob .* caller +- /,
  );
  expect((await run(admin, ["teams", "delete", team.id])).exitCode).toBe(0);

  const key = ided.parse(await json(["keys", "create", "laptop", "--max-concurrent", "3"]));
  const change = ["--name", "desktop", "--scope", "self.read", "--expires", "2030-01-31T00:00:00Z"];
  expect(await json(["keys", "update", key.id, ...change, "--max-concurrent", "none"])).toMatchObject({
    name: "desktop",
    scopes: ["self.read"],
    expires_at: "2030-01-31T00:00:00.000Z",
    max_concurrent: null,
  });
  expect(await json(["keys", "update", key.id, "--expires", "never"])).toMatchObject({ expires_at: null });

  expect(await json(["roles", "update", "caller", "--permission", "self.read"])).toMatchObject({
    permissions: ["self.read"],
  });
  expect((await run(admin, ["roles", "delete", "caller"])).exitCode).toBe(1);
  await json(["users", "update", bob.id, "--role", "viewer"]);
  expect((await run(admin, ["roles", "delete", "caller"])).exitCode).toBe(0);
  await root.stop();
});

test.each([
  [["teams", "update", "x", "--max-concurrent", "few"], "whole number"],
  [["roles", "create", "x"], "--permission"],
  [["keys", "create", "x", "--requests-per-minute", "many"], "whole number"],
  [["users", "update", "x", "--tokens-per-minute", "-1"], "whole number"],
  [["keys", "create", "x", "--role", "viewer", "--scope", "models.read"], "cannot be used with"],
  [["users", "create", "x"], "--role"],
  [["users", "update", "x", "--activate", "--deactivate"], "cannot be used with"],
])("llmp %j is a wrong usage", async (args, message) => {
  expect(await llmp(undefined, args)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(message),
  });
});
