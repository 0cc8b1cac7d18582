import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { checkConfiguration } from "../../packages/server/src/check.ts";
import { findService } from "../../tools/services.ts";
import { runProgram } from "./run-program.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const checker = findService("compose_spec");
const promtool = findService("promtool");
const files = ["docker-compose.local.yml", "docker-compose.dev.yml"];

const secretSchema = z.union([
  z.string().transform((source) => ({ source })),
  z.looseObject({ source: z.string() }),
]);
const serviceSchema = z.looseObject({
  image: z.string(),
  build: z.looseObject({ target: z.string() }).optional(),
  profiles: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  secrets: z.array(secretSchema).default([]),
  healthcheck: z.looseObject({}).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.literal("service_healthy") })).default({}),
});
const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.unknown()).default({}),
  secrets: z.record(z.string(), z.object({ file: z.string() })).default({}),
});

function read(file: string) {
  return composeSchema.parse(parse(readFileSync(root + file, "utf8"), { merge: true }));
}

test.skipIf(checker === undefined).for(files)("the Compose specification knows all of %s", async (file) => {
  const program = "import compose_spec, sys; compose_spec.PyCompose.from_json(sys.stdin.read())";
  const check = (compose: unknown) =>
    runProgram(checker ?? "", ["-c", program], { input: JSON.stringify(compose) });
  const compose: unknown = parse(readFileSync(root + file, "utf8"), { merge: true });
  expect(await check(compose)).toEqual({ status: 0, stdout: "", stderr: "" });
  expect((await check({ services: { a: { image: "b", prots: ["1:1"] } } })).status).not.toBe(0);
});

test.for(files)("everything that %s names is there", (file) => {
  const { services, volumes, secrets } = read(file);
  for (const [name, service] of Object.entries(services)) {
    for (const [source = "", target = ""] of service.volumes.map((volume) => volume.split(":"))) {
      expect(target, name).toMatch(/^\//);
      if (source.startsWith(".")) expect(existsSync(join(root, source)), source).toBe(true);
      else expect(Object.keys(volumes)).toContain(source);
    }
    for (const { source } of service.secrets) expect(Object.keys(secrets)).toContain(source);
    for (const needed of Object.keys(service.depends_on)) {
      const other = services[needed];
      // The platform's own is in its image.
      expect(other?.healthcheck ?? other?.build, `${needed}, which ${name} waits for`).toBeDefined();
      expect(other?.profiles, needed).toEqual([]);
    }
  }
});

test.for(files)("images of %s have versions, and ports are open to this machine only", (file) => {
  for (const [name, { image, build, ports }] of Object.entries(read(file).services)) {
    const isOwn = build !== undefined || image === "llm-platform:local";
    if (!isOwn) expect(image, name).toMatch(/:v?\d+\.\d+/);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
});

test("without a profile there are the platform and all that watches it, each profile adds to that", () => {
  const { services } = read("docker-compose.local.yml");
  const of = (profile: string) =>
    Object.entries(services).flatMap(([name, { profiles }]) => (profiles.includes(profile) ? [name] : []));
  expect(Object.keys(services).filter((name) => services[name]?.profiles.length === 0)).toEqual([
    "platform",
    "postgres",
    "redis",
    "prometheus",
    "alertmanager",
    "grafana",
  ]);
  expect(of("minimal")).toEqual(["platform-minimal"]);
  expect(of("ollama")).toEqual(["ollama"]);
  expect(of("gpu")).toEqual(["ollama-gpu"]);
  expect(of("tracing")).toEqual(["jaeger"]);
  expect(of("demo")).toEqual(["demo"]);
  expect(services["platform"]?.ports).toContain("127.0.0.1:8000:8000");
});

test("the secrets are made once, are those that are used, and suit the server", async () => {
  const directory = mkdtempSync(join(tmpdir(), "compose-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(root, "deploy/compose"), join(directory, "deploy/compose"), { recursive: true });
  const script = join(directory, "deploy/compose/secrets.sh");
  expect(await runProgram(script, [])).toMatchObject({ status: 0, stderr: "" });
  const { secrets } = read("docker-compose.local.yml");
  const texts = () => Object.values(secrets).map(({ file }) => readFileSync(join(directory, file), "utf8"));
  const first = texts();
  expect(await runProgram(script, [])).toMatchObject({ status: 0 });
  expect(texts()).toEqual(first);
  expect(new Set(first).size).toBe(first.length);
  expect(statSync(join(directory, ".secrets")).mode & 0o777).toBe(0o700);

  const config = join(directory, "llm-platform.yaml");
  const text = readFileSync(join(root, "deploy/compose/llm-platform.yaml"), "utf8");
  const secretFile = (name: string) => `\${file:${join(directory, ".secrets", name)}}`;
  const inEnvironment = {
    database: { url: secretFile("database_url") },
    redis: { url: secretFile("redis_url") },
    secrets: { master_key: secretFile("master_key") },
  };
  const inFile = parse(text.replaceAll("/run/secrets", join(directory, ".secrets")));
  writeFileSync(config, JSON.stringify({ ...inEnvironment, ...inFile }));
  const { problems, warnings } = await checkConfiguration(["--config", config]);
  expect(problems).toEqual([]);
  expect(warnings).toEqual([]);
});

test.skipIf(promtool === undefined)("Prometheus takes its configuration", async () => {
  const { status, stdout, stderr } = await runProgram(promtool ?? "", [
    "check",
    "config",
    "--syntax-only",
    "deploy/compose/prometheus.yml",
  ]);
  expect(`${stdout}${stderr}`).toContain("SUCCESS");
  expect(status).toBe(0);
});
