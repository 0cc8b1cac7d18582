import { expect, it } from "vitest";
import { describeStore } from "./contract.ts";

const nowMs = 1_700_000_000_000;
const atNow = { nowMs: () => nowMs };

describeStore("tickets", (test) => {
  it("are taken once, also when two ask at once", async () => {
    const { tickets } = await test.place.open(atNow);
    await tickets.put("a", "holder", nowMs + 1_000);
    const taken = await Promise.all([tickets.take("a", nowMs), tickets.take("a", nowMs)]);
    expect(taken.toSorted()).toEqual(["holder", undefined]);
    expect(await tickets.take("b", nowMs)).toBeUndefined();
  });

  it("are not taken once they have expired, and are let go of then", async () => {
    const { tickets } = await test.place.open(atNow);
    await tickets.put("a", "holder", nowMs);
    expect(await tickets.take("a", nowMs)).toBeUndefined();
    await tickets.put("b", "holder", nowMs + 1);
    expect(await test.place.tamper("SELECT sha256 FROM auth_tickets")).toEqual([{ sha256: "b" }]);
  });
});
