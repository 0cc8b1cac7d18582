import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideRoom, type Resident } from "./room-policy.ts";

const limits = { maxModels: 2, maxBytes: 100, maxGpuBytes: 50 };
const idle = (id: string, bytes: number, lastUsedMs: number): Resident => ({
  id,
  bytes,
  gpuBytes: 0,
  lastUsedMs,
  isPinned: false,
  isFixed: false,
  isLeaving: false,
  isBusy: false,
});
const fixed = (id: string, bytes: number): Resident => ({ ...idle(id, bytes, 0), isFixed: true });
const wanted = (bytes: number, gpuBytes = 0) => ({ bytes, gpuBytes });

describe("decideRoom", () => {
  it("loads where there is room", () => {
    expect(decideRoom(wanted(40), [fixed("a", 60)], limits)).toEqual({ type: "load" });
  });

  it("puts out the one unused for longest, and no more than needed", () => {
    expect(decideRoom(wanted(10), [idle("new", 10, 2), idle("old", 10, 1)], limits)).toEqual({
      type: "evict",
      ids: ["old"],
    });
  });

  it("waits while those in the way are busy", () => {
    expect(decideRoom(wanted(60), [fixed("a", 60)], limits)).toEqual({ type: "wait" });
  });

  it("refuses what can never fit", () => {
    expect(decideRoom(wanted(101), [], limits)).toEqual({ type: "refuse" });
  });

  it("puts out a busy one only where no idle one is in the way", () => {
    const busy = { ...idle("busy", 10, 1), isBusy: true };
    expect(decideRoom(wanted(10), [busy, idle("idle", 10, 2)], limits)).toEqual({
      type: "evict",
      ids: ["idle"],
    });
    expect(decideRoom(wanted(95), [busy, idle("idle", 10, 2)], limits)).toEqual({
      type: "evict",
      ids: ["idle", "busy"],
    });
  });

  it("waits for one that goes already, and puts no other out", () => {
    const leaving = { ...fixed("a", 60), isLeaving: true };
    expect(decideRoom(wanted(60), [leaving, idle("b", 10, 1)], limits)).toEqual({ type: "wait" });
  });

  it("counts the memory of GPUs by itself", () => {
    expect(decideRoom(wanted(1, 51), [], limits)).toEqual({ type: "refuse" });
    const resident = { ...idle("a", 1, 1), gpuBytes: 30 };
    expect(decideRoom(wanted(1, 30), [resident], limits)).toEqual({ type: "evict", ids: ["a"] });
  });

  it("refuses what has no room beside the pinned", () => {
    const pinned = { ...idle("a", 60, 1), isPinned: true };
    expect(decideRoom(wanted(60), [pinned], limits)).toEqual({ type: "refuse" });
  });

  it("keeps to both limits, whatever is in memory", () => {
    const resident = fc.record({
      id: fc.uuid(),
      bytes: fc.nat(60),
      gpuBytes: fc.nat(30),
      isPinned: fc.boolean(),
      isFixed: fc.boolean(),
      isLeaving: fc.constant(false),
      isBusy: fc.boolean(),
      lastUsedMs: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.nat(120), fc.array(resident, { maxLength: 5 }), (bytes, residents) => {
        const decision = decideRoom(wanted(bytes), residents, limits);
        const gone = decision.type === "evict" ? decision.ids : [];
        expect(
          residents.filter((one) => gone.includes(one.id)).every((one) => !one.isFixed && !one.isPinned),
        ).toBe(true);
        if (decision.type === "refuse" || decision.type === "wait") return;
        const left = residents.filter((one) => !gone.includes(one.id));
        expect(left.length + 1).toBeLessThanOrEqual(limits.maxModels);
        expect(left.reduce((sum, one) => sum + one.bytes, bytes)).toBeLessThanOrEqual(limits.maxBytes);
      }),
    );
  });
});
