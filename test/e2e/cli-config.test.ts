import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliResult, runLlmp } from "./cli-process.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const secret = "a-key-that-nobody-may-see";

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "llm-platform-cli-"));
});

afterAll(() => rm(home, { recursive: true, force: true }));

/** Runs `llmp` in a folder of its own where `llm-platform.yaml` has that text, or is not there. */
async function llmpWith(
  yaml: string | undefined,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const workingDirectory = await mkdtemp(join(home, "case-"));
  if (yaml !== undefined) await writeFile(join(workingDirectory, "llm-platform.yaml"), yaml);
  return runLlmp(args, { workingDirectory, env: { HOME: workingDirectory, ...env } });
}

const wrongYaml = `
servr: { port: 8001 }
server: { port: 99999 }
gateway: { max_retrys: 2 }
integrations:
  - { name: office, use: openai-compatible, enabled: perhaps }
`;

const goodYaml = `
server: { port: 8123 }
auth:
  api_keys:
    - { name: team, key: ${secret} }
integrations:
  - name: office
    use: openai-compatible
    settings: { base_url: "http://127.0.0.1:9/v1", api_key: ${secret} }
`;

describe("llmp config", () => {
  test("validate names every problem at once, with the nearest name, and ends with 2", async () => {
    const { exitCode, stdout, stderr } = await llmpWith(wrongYaml, ["config", "validate"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/servr.*did you mean `server`/);
    expect(stderr).toMatch(/max_retrys.*did you mean `max_retries`/);
    expect(stderr).toMatch(/server\.port.*65,?535/);
    expect(stderr).toMatch(/enabled/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("validate tells programs the same as JSON", async () => {
    const { exitCode, stdout, stderr } = await llmpWith(wrongYaml, ["config", "validate", "-o", "json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: "" });
    const told: { readonly problems: readonly object[] } = JSON.parse(stdout);
    expect(told).toMatchObject({ valid: false, warnings: [] });
    expect(told.problems).toHaveLength(4);
  });

  test.each([undefined, goodYaml])("validate accepts what is right: %#", async (yaml) => {
    expect(await llmpWith(yaml, ["config", "validate"])).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "the configuration is valid\n",
    });
  });

  test("a file that is not there is named", async () => {
    const { exitCode, stderr } = await llmpWith(undefined, [
      "config",
      "validate",
      "--config",
      "nowhere.yaml",
    ]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/nowhere\.yaml: there is no such configuration file/),
    });
  });

  test("show prints what is in force with its origin, and no secret", async () => {
    const env = { LLM_PLATFORM_LOG__LEVEL: "warn", LLM_PLATFORM_SERVER__MAX_CONNECTIONS: "77" };
    const { exitCode, stdout } = await llmpWith(goodYaml, ["config", "show"], env);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/port: 8123 # file/);
    expect(stdout).toMatch(/level: warn # env/);
    expect(stdout).toMatch(/max_connections: 77 # env/);
    expect(stdout).toMatch(/host: 127\.0\.0\.1 # default/);
    expect(stdout).toContain("[secret]");
    expect(stdout).not.toContain(secret);
    const { stdout: json } = await llmpWith(goodYaml, ["config", "show", "-o", "json"], env);
    expect(json).not.toContain(secret);
    expect(JSON.parse(json)).toMatchObject({
      config: { server: { port: 8123, max_connections: 77 } },
      origins: { "server.port": "file", "log.level": "env" },
      file: expect.stringMatching(/llm-platform\.yaml$/),
    });
  });

  test("show of a wrong configuration names the problems and ends with 2", async () => {
    const { exitCode, stdout, stderr } = await llmpWith(wrongYaml, ["config", "show"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/servr/);
  });

  test("serve of a wrong configuration names the problems and ends with 2", async () => {
    const { exitCode, stderr } = await llmpWith(wrongYaml, ["serve"]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/servr.*did you mean `server`/);
    expect(stderr).toMatch(/max_retrys/);
  });
});

describe("llmp doctor", () => {
  test("ends with 1 when no server answers, and says what to do", async () => {
    const { exitCode, stdout } = await llmpWith(undefined, ["--url", "http://127.0.0.1:9", "doctor"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^ok +configuration +defaults, no file$/m);
    expect(stdout).toMatch(/^failed +server +No llm-platform server answers.*llmp serve/m);
  });

  test("ends with 1 when the configuration is wrong", async () => {
    const { exitCode, stdout } = await llmpWith(wrongYaml, ["--url", "http://127.0.0.1:9", "doctor"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^failed +configuration +.*servr/m);
  });

  describe("on a running server", () => {
    let platform: Platform | undefined;

    afterAll(async () => void (await platform?.stop()));

    test("ends with 0 when all is well, and with 1 when an integration is not", async () => {
      platform = await startPlatform({ config: { integrations: [{ name: "local", use: "local" }] } });
      const well = await llmpWith(undefined, ["--url", platform.url, "doctor"]);
      expect(well).toMatchObject({ exitCode: 0, stderr: "" });
      expect(well.stdout).toMatch(/^ok +integration local +running$/m);
      await platform.stop();
      platform = await startPlatform({
        config: {
          integrations: [
            { name: "local", use: "local" },
            { name: "lost", use: "./lost" },
          ],
        },
      });
      const ill = await llmpWith(undefined, ["--url", platform.url, "doctor", "-o", "json"]);
      expect(ill.exitCode).toBe(1);
      expect(JSON.parse(ill.stdout)).toEqual(
        expect.arrayContaining([
          {
            check: "integration lost",
            verdict: "failed",
            detail: expect.stringContaining("./lost was not found"),
          },
          expect.objectContaining({ check: "integration local", verdict: "ok" }),
        ]),
      );
    });
  });
});
