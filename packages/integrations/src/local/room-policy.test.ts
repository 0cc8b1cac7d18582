import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideRoom, type Resident } from "./room-policy.ts";

const limits = { maxModels: 2, maxBytes: 100 };
const idle = (id: string, bytes: number, lastUsedMs: number): Resident => ({
  id,
  bytes,
  lastUsedMs,
  isBusy: false,
});
const busy = (id: string, bytes: number): Resident => ({ id, bytes, lastUsedMs: 0, isBusy: true });

describe("decideRoom", () => {
  it("loads where there is room", () => {
    expect(decideRoom(40, [busy("a", 60)], limits)).toEqual({ type: "load" });
  });

  it("puts out the one unused for longest, and no more than needed", () => {
    expect(decideRoom(10, [idle("new", 10, 2), idle("old", 10, 1)], limits)).toEqual({
      type: "evict",
      ids: ["old"],
    });
  });

  it("waits while those in the way are busy", () => {
    expect(decideRoom(60, [busy("a", 60)], limits)).toEqual({ type: "wait" });
  });

  it("refuses what can never fit", () => {
    expect(decideRoom(101, [], limits)).toEqual({ type: "refuse" });
  });

  it("keeps to both limits, whatever is in memory", () => {
    const resident = fc.record({
      id: fc.uuid(),
      bytes: fc.nat(60),
      isBusy: fc.boolean(),
      lastUsedMs: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.nat(120), fc.array(resident, { maxLength: 5 }), (bytes, residents) => {
        const decision = decideRoom(bytes, residents, limits);
        const gone = decision.type === "evict" ? decision.ids : [];
        expect(residents.filter((one) => gone.includes(one.id)).every((one) => !one.isBusy)).toBe(true);
        if (decision.type === "refuse" || decision.type === "wait") return;
        const left = residents.filter((one) => !gone.includes(one.id));
        expect(left.length + 1).toBeLessThanOrEqual(limits.maxModels);
        expect(left.reduce((sum, one) => sum + one.bytes, bytes)).toBeLessThanOrEqual(limits.maxBytes);
      }),
    );
  });
});
