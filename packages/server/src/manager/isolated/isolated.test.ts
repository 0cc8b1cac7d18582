import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createFakeHost } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCatalogue } from "../catalogue.ts";
import { createTestManager, testConfig } from "../test-manager.ts";
import { isExiting } from "./exiting.ts";
import { loadIsolatedDefinition } from "./isolated-definition.ts";

const kit = import.meta.resolve("@llm-platform/kit");
let base: string;
const server = createServer((request, response) => response.end(`hello ${request.headers["x-key"] ?? ""}`));
let origin: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "isolated-"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(base, { recursive: true });
});

describe("an integration in a process of its own", () => {
  test("is restarted by the manager as soon as its process dies", async () => {
    const entry = await write(
      "mortal.js",
      sourceOf(
        "return { health: async () => ({ status: 'ok' }), stop: async () => {}, pid: context.log.info('pid of ' + context.name, { pid: process.pid }) };",
      ),
    );
    const definition = await loadIsolatedDefinition("./mortal.js", entry);
    const { manager, clock, logs, statesOf } = createTestManager({
      catalogue: createCatalogue([], [{ use: "./mortal.js", definition }]),
    });
    const config = { use: "./mortal.js", settings: { url: "", key: "k" } };
    await manager.start([testConfig("mortal", config), testConfig("other", config)]);
    const pid = logs.find(({ event }) => event === "pid of mortal")?.fields.pid;
    const left = new Promise(
      (resolve) => void manager.onChange(({ state }) => state === "retrying" && resolve(state)),
    );
    process.kill(Number(pid), "SIGKILL");
    await left;
    expect(manager.status("mortal")).toMatchObject({
      state: "retrying",
      reason: "mortal: is restarted. Its process ended with SIGKILL.",
      restarts: { in_window: 1, total: 1 },
    });
    const back = new Promise(
      (resolve) => void manager.onChange(({ state }) => state === "running" && resolve(state)),
    );
    await clock.advance(1_000);
    await back;
    expect(statesOf("mortal").at(-1)).toBe("running");
    expect(statesOf("other")).toEqual(["starting", "running"]);
    await manager.stop(5_000);
    expect(manager.list().map(({ state }) => state)).toEqual(["stopped", "stopped"]);
  });

  test("has the whole context but upstreams and other integrations", async () => {
    const host = await startHost(`
      const { settings, metrics, log, keyValues, emit, name } = context;
      log.info("guest.started", { key: settings.key, name });
      metrics.add("probes_total", 2);
      let undeclared = "";
      try { metrics.set("other", 1); } catch (error) { undeclared = error.code; }
      await keyValues.set("count", { n: 1 });
      emit("guest.changed", { undeclared });
      return {
        async health() {
          const answer = await context.fetch(settings.url, { headers: { "x-key": settings.key.reveal() } });
          const stored = await keyValues.get("count");
          const refused = await context.fetch("http://127.0.0.2:1/").catch((error) => error.code);
          return { status: "ok", detail: [await answer.text(), stored.n, refused].join(" ") };
        },
        async stop() { log.info("guest.stopped"); },
      };`);
    const running = await host.start();
    expect(await running.health(never())).toEqual({ status: "ok", detail: "hello s3cret 1 forbidden" });
    await running.stop(never());
    expect(host.events).toEqual([{ type: "guest.changed", data: { undeclared: "internal" } }]);
    expect(host.metrics.value("probes_total")).toBe(2);
    expect(host.logs).toEqual([
      { level: "info", event: "guest.started", fields: { key: "[secret]", name: "guest" } },
      { level: "info", event: "guest.stopped", fields: {} },
    ]);
    await host.cleanup();
  });

  test("has spans of its work, with what failed", async () => {
    const host = await startHost(`
      const probe = (n) => context.span("probe page", async () => {
        if (n > 1) throw new Error("It is down.");
        return n;
      }, { page: "home", n, isFirst: n === 1 });
      return {
        health: async () => ({ status: "ok", detail: [await probe(1), await probe(2).catch((error) => error.message)].join(" ") }),
        stop: async () => {},
      };`);
    const running = await host.start();
    expect(await running.health(never())).toEqual({ status: "ok", detail: "1 It is down." });
    await running.stop(never());
    expect(host.spans).toEqual([
      { name: "probe page", attributes: { page: "home", n: 1, isFirst: true }, error: undefined },
      {
        name: "probe page",
        attributes: { page: "home", n: 2, isFirst: false },
        error: new Error("It is down."),
      },
    ]);
    await host.cleanup();
  });

  test("is understood by its error codes although it has its own copy of the kit", async () => {
    const host = await startHost(
      "throw Object.assign(new Error('The key is refused.'), { name: 'PlatformError', code: 'upstream_auth' });",
    );
    await expect(host.start()).rejects.toMatchObject({
      code: "upstream_auth",
      message: "The key is refused.",
    });
    await host.cleanup();
  });

  test("sees no environment and writes to no folder but its own", async () => {
    const host = await startHost(`
      const { writeFile } = await import("node:fs/promises");
      const { spawn } = await import("node:child_process");
      const tried = async (work) => { try { await work(); return "done"; } catch (error) { return error.code; } };
      const result = [
        Object.keys(process.env).join(),
        await tried(() => writeFile(context.dataDirectory + "/mine", "x")),
        await tried(() => writeFile(${JSON.stringify(join(base, "other"))}, "x")),
        await tried(() => spawn("/bin/true")),
      ];
      return { health: async () => ({ status: "ok", detail: result.join(" ") }), stop: async () => {} };`);
    const running = await host.start();
    expect(await running.health(never())).toEqual({
      status: "ok",
      detail: " done ERR_ACCESS_DENIED ERR_ACCESS_DENIED",
    });
    await running.stop(never());
    await host.cleanup();
  });

  test.each([
    ["dies", "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});", /ended with SIGKILL\.$/],
    [
      "throws outside of any call",
      "setTimeout(() => { throw new Error('x'); }); await new Promise(() => {});",
      /ended with code 1\.$/,
    ],
  ])("says so when it %s, and fails its probes", async (_what, source, reason) => {
    const host = await startHost(`return { async health() { ${source} }, stop: async () => {} };`);
    const running = await host.start();
    await expect(running.health(never())).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(reason),
    });
    expect(isExiting(running) && (await running.exited)).toMatch(reason);
    await expect(running.health(never())).rejects.toMatchObject({ code: "unavailable" });
    expect(host.logs.map(({ event }) => event)).toEqual(["integration.process_ended"]);
    await host.cleanup();
  });

  test("is ended when its start, or its stop, is given up", async () => {
    const hanging = await startHost("await new Promise(() => {});");
    const start = hanging.start();
    hanging.abort();
    await expect(start).rejects.toMatchObject({ message: expect.stringContaining("ended with SIGKILL") });
    await hanging.cleanup();

    const stubborn = await startHost(
      "return { health: async () => ({}), stop: () => new Promise(() => {}) };",
    );
    const running = await stubborn.start();
    const controller = new AbortController();
    const stop = running.stop(controller.signal);
    controller.abort();
    await expect(stop).rejects.toMatchObject({ code: "unavailable" });
    expect(isExiting(running) && (await running.exited)).toContain("SIGKILL");
    await stubborn.cleanup();
  });

  test("is refused with its problems when it cannot be used", async () => {
    const settings = { invalid: "yes" };
    await expect(startHost("return {};", settings)).rejects.toMatchObject({
      code: "config_invalid",
      problems: [{ field: "settings.invalid", message: "is not a setting" }],
    });
    const models = await write("models.js", sourceOf("return {};").replace('"service"', '"model_platform"'));
    await expect(loadIsolatedDefinition("models", models)).rejects.toThrow(
      /is a model platform, which cannot run/,
    );
    const nothing = await write("nothing.js", "export const other = 1;");
    await expect(loadIsolatedDefinition("nothing", nothing)).rejects.toThrow(
      /exports nothing called integration/,
    );
    const broken = await write("broken.js", "throw new Error('secret text');");
    await expect(loadIsolatedDefinition("broken", broken)).rejects.toThrow(
      /cannot be imported; the log says why/,
    );
    const endless = await write("exits.js", "process.exit(7);");
    await expect(loadIsolatedDefinition("exits", endless)).rejects.toThrow(/ended with code 7/);
  });
});

let files = 0;

async function startHost(startBody: string, settings: object = { url: "", key: "s3cret" }) {
  files += 1;
  const entry = await write(`guest-${files}.js`, sourceOf(startBody));
  const definition = await loadIsolatedDefinition("guest", entry);
  const written = "url" in settings ? { ...settings, url: `${origin}/` } : settings;
  return createFakeHost({ definition, settings: written });
}

async function write(name: string, text: string): Promise<URL> {
  const path = join(base, name);
  await writeFile(path, text);
  return pathToFileURL(path);
}

function sourceOf(startBody: string): string {
  return `import { Secret } from ${JSON.stringify(kit)};
  export const integration = {
    contract: 1, id: "guest", type: "service", summary: "A guest",
    metrics: [{ name: "probes_total", help: "Probes", type: "counter" }],
    settings: {
      jsonSchema: { type: "object" },
      schema: { "~standard": { version: 1, vendor: "x", validate: ({ url, key, ...others }) => {
        const issues = Object.keys(others).map((key) => ({ message: "is not a setting", path: [key] }));
        return issues.length > 0 ? { issues } : { value: { url, key: new Secret(key) } };
      } } },
    },
    async start(context) { ${startBody} },
  };`;
}

function never(): AbortSignal {
  return new AbortController().signal;
}
