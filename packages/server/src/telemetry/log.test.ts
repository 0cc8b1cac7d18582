import { Secret } from "@llm-platform/kit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { KnownSecrets } from "../core/known-secrets.ts";
import { createLog } from "./log.ts";
import { type LogLevel, LogLevels } from "./log-levels.ts";

afterEach(() => void vi.useRealTimers());

function setUp(levels: LogLevel | LogLevels, mostPerSecond = 0, secrets = new KnownSecrets()) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog(levels, { destination, mostPerSecond, secrets });
  const events = () => lines.map((line) => JSON.parse(line).event);
  return { log, lines, events };
}

describe("levels", () => {
  test("a part has its own, an integration before the noun of its events", () => {
    const levels = new LogLevels({ level: "warn", parts: { audit: "debug", mock: "error" } });
    const { log, events } = setUp(levels);
    log.info("store.opened");
    log.debug("audit.sealed");
    const mock = log.child({ integration: "mock" });
    mock.warn("audit.slow");
    mock.error("models.gone");
    expect(events()).toEqual(["audit.sealed", "models.gone"]);
  });

  test("are set while the log is in use, and are over at their time", () => {
    vi.useFakeTimers({ now: 0 });
    const levels = new LogLevels({ level: "info", parts: {} });
    const { log, events } = setUp(levels);
    levels.set([
      { part: "audit", level: "debug", expiresAtMs: 1_000 },
      { part: "*", level: "silent", expiresAtMs: null },
    ]);
    log.debug("audit.first");
    log.error("store.failed");
    vi.setSystemTime(1_000);
    log.error("audit.second");
    expect(events()).toEqual(["audit.first"]);
    expect(levels.overrides(1_000)).toEqual([{ part: "*", level: "silent", expiresAtMs: null }]);
    levels.set([]);
    log.info("audit.third");
    expect(events()).toEqual(["audit.first", "audit.third"]);
  });
});

describe("repeats", () => {
  test("past the bound are held back, and told of with the next or after a second", () => {
    vi.useFakeTimers({ now: 0 });
    const { log, lines, events } = setUp("info", 2);
    for (let line = 0; line < 5; line++) log.warn("upstream.failed", { line });
    log.warn("store.failed");
    expect(events()).toEqual(["upstream.failed", "upstream.failed", "store.failed"]);
    vi.advanceTimersByTime(1_100);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      event: "log.repeats_held",
      of: "upstream.failed",
      count: 3,
    });
    for (let line = 0; line < 3; line++) log.warn("upstream.failed");
    vi.setSystemTime(5_000);
    log.warn("upstream.failed");
    expect(events().slice(-4)).toEqual([
      "upstream.failed",
      "upstream.failed",
      "log.repeats_held",
      "upstream.failed",
    ]);
  });

  test("have no bound with 0", () => {
    const { log, events } = setUp("info", 0);
    for (let line = 0; line < 500; line++) log.info("one.event");
    expect(events()).toHaveLength(500);
  });
});

test("secrets are not written, by type, by name, or by being known", () => {
  const secrets = new KnownSecrets();
  secrets.learn(["known-canary-0123456789"]);
  const { log, lines } = setUp("info", 0, secrets);
  log.child({ token: "child-canary" }).error("some.event", {
    typed: new Secret("typed-canary"),
    deep: { list: [{ api_key: "named-canary" }] },
    error: new Error("it said known-canary-0123456789", { cause: new Error("of known-canary-0123456789") }),
  });
  expect(lines.join("")).not.toMatch(/canary/);
  expect(lines.join("").match(/\[secret\]/g)?.length).toBeGreaterThanOrEqual(4);
});
