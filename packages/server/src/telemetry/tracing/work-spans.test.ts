import { describe, expect, test } from "vitest";
import { readSpans } from "../../../../../test/fakes/otlp-messages.ts";
import { encodeSpans } from "../otlp/resource.ts";
import type { EncodedSpans } from "./span.ts";
import { Tracing, type TracingSettings } from "./tracing.ts";
import { WorkSpans } from "./work-spans.ts";

const source = { resource: { "service.name": "work" }, version: "1.0.0" };

function setUp(settings: Partial<TracingSettings> = {}) {
  const tracing = new Tracing();
  const work = new WorkSpans(tracing);
  const pieces: EncodedSpans[] = [];
  const all = {
    ratio: 1,
    isParentBased: true,
    slowMs: 30_000,
    conventions: "default",
    content: undefined,
    ...settings,
  } as const;
  const turnOff = tracing.turnOn(all, { take: (piece) => pieces.push(piece), takeEvent: () => undefined });
  const read = () => {
    turnOff();
    return readSpans(encodeSpans(source, pieces));
  };
  return { work, read };
}

const down = () => Promise.reject(new Error("It is down."));

describe("spans of work", () => {
  test("stand under the work in the course of which they came, also over waiting", async () => {
    const { work, read } = setUp();
    await work.run({ name: "operation", kind: "server" }, async () => {
      await Promise.resolve();
      work.note({ name: "query", kind: "client", durationMs: 5, error: undefined });
      await work.run({ name: "fetch", kind: "client" }, down, () => ({})).catch(() => undefined);
    });
    work.note({ name: "alone", kind: "client", durationMs: 1, error: undefined });
    const spans = read();
    const [query, fetch, operation, alone] = spans;
    expect(spans.map(({ name, status, kind }) => [name, status, kind])).toEqual([
      ["query", 0, 3],
      ["fetch", 2, 3],
      ["operation", 0, 2],
      ["alone", 0, 3],
    ]);
    expect(query).toMatchObject({ parentSpanId: operation?.spanId, traceId: operation?.traceId });
    expect(fetch).toMatchObject({ parentSpanId: operation?.spanId, traceId: operation?.traceId });
    expect(operation?.parentSpanId).toBe("");
    expect(alone).toMatchObject({ parentSpanId: "" });
    expect(alone?.traceId).not.toBe(operation?.traceId);
  });

  test("tell what is known once the work has been done", async () => {
    const { work, read } = setUp();
    const attributes = { asked: "before" };
    await work.run(
      { name: "fetch", kind: "client", attributes },
      async () => 204,
      (status) => ({ status }),
    );
    expect(read()[0]?.attributes).toEqual({ asked: "before", status: 204 });
  });

  test("of a trace that is not kept are not written, unless it failed or was slow", async () => {
    const { work, read } = setUp({ ratio: 0 });
    const operation = { name: "operation", kind: "server" } as const;
    const query = { name: "query", kind: "client", durationMs: 5, error: undefined } as const;
    await work.run(operation, async () => work.note(query));
    work.note(query);
    const failing = work.run({ ...operation, name: "failed" }, async () => {
      work.note({ ...query, name: "query of failed" });
      return down();
    });
    await expect(failing).rejects.toThrow("It is down.");
    work.note({ ...query, name: "slow", durationMs: 40_000 });
    expect(read().map(({ name }) => name)).toEqual(["query of failed", "failed", "slow"]);
  });

  test("are none while nothing is traced, and the work is done all the same", async () => {
    const work = new WorkSpans(new Tracing());
    expect(await work.run({ name: "operation", kind: "server" }, async () => "done")).toBe("done");
  });
});
