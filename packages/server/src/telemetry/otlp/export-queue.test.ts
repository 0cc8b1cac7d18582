import { PlatformError } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { ExportQueue } from "./export-queue.ts";
import type { TelemetryReceipt } from "./sender.ts";

const taken: TelemetryReceipt = { rejected: 0, message: "" };

function setUp(answer: () => Promise<TelemetryReceipt>) {
  const told = { sent: 0, dropped: 0, failed: 0, requests: [] as number[] };
  const partial: TelemetryReceipt[] = [];
  const queue = new ExportQueue<number>({
    capacity: 10,
    batchSize: 4,
    intervalMs: 60_000,
    sizeOf: () => 1,
    countOf: () => 1,
    send(items) {
      told.requests.push(items.length);
      return answer();
    },
    onSent: (count) => (told.sent += count),
    onDropped: (count) => (told.dropped += count),
    onPartial: (receipt) => partial.push(receipt),
    onFailure: () => (told.failed += 1),
  });
  const add = (items: readonly number[]) => {
    for (const item of items) queue.add(item);
  };
  return { told, partial, queue, add };
}

const down = () => Promise.reject(new PlatformError("upstream_error", "It is down.", { isRetryable: true }));
const refusing = () => Promise.reject(new PlatformError("upstream_error", "It will not."));

describe("a queue for a collector", () => {
  it("sends what waits in batches when it is closed", async () => {
    const { told, queue, add } = setUp(() => Promise.resolve(taken));
    add([1, 2, 3]);
    add([4, 5, 6]);
    await queue.close();
    expect(told).toEqual({ sent: 6, dropped: 0, failed: 0, requests: [4, 2] });
  });

  it("drops and counts what has no room", async () => {
    const { told, queue, add } = setUp(() => Promise.resolve(taken));
    add(Array.from({ length: 13 }, (_, index) => index));
    expect(told.dropped).toBe(3);
    await queue.close();
    expect(told.sent).toBe(10);
  });

  it("asks a collector that is down once more at the end, and counts what was lost", async () => {
    const { told, queue, add } = setUp(down);
    add([1, 2]);
    await queue.close();
    expect(told).toEqual({ sent: 0, dropped: 2, failed: 1, requests: [2] });
  });

  it("does not send again what a collector will not take", async () => {
    const { told, queue, add } = setUp(refusing);
    add([1, 2, 3]);
    add([4, 5, 6]);
    await queue.close();
    expect(told).toEqual({ sent: 0, dropped: 6, failed: 2, requests: [4, 2] });
  });

  it("does not count as sent what the collector did not keep, nor sends it again", async () => {
    const { told, partial, queue, add } = setUp(() => Promise.resolve({ rejected: 2, message: "too old" }));
    add([1, 2, 3]);
    await queue.close();
    expect(told).toEqual({ sent: 1, dropped: 0, failed: 0, requests: [3] });
    expect(partial).toEqual([{ rejected: 2, message: "too old" }]);
  });

  it("takes nothing more once it is closed", async () => {
    const { told, queue, add } = setUp(() => Promise.resolve(taken));
    await queue.close();
    add([1]);
    expect(told).toMatchObject({ sent: 0, dropped: 1 });
  });

  it("lets an item that is larger than a batch go alone, and bounds what waits by size", async () => {
    const told = { requests: [] as string[][], dropped: 0 };
    const queue = new ExportQueue<string>({
      capacity: 10,
      batchSize: 4,
      intervalMs: 60_000,
      sizeOf: (text) => text.length,
      countOf: () => 1,
      async send(items) {
        told.requests.push([...items]);
        return taken;
      },
      onSent: () => undefined,
      onPartial: () => undefined,
      onDropped: (count) => (told.dropped += count),
      onFailure: () => undefined,
    });
    for (const text of ["aaaaaa", "bb", "cc", "d"]) queue.add(text);
    await queue.close();
    expect(told).toEqual({ requests: [["aaaaaa"], ["bb", "cc"]], dropped: 1 });
  });
});
