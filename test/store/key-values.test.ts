import { expect, it } from "vitest";
import { describeStore } from "./contract.ts";

const atNow = { nowMs: () => 1_700_000_000_000 };

describeStore("key-values", (test) => {
  it("belong to one integration and outlive a restart", async () => {
    const store = await test.place.open(atNow);
    await store.keyValues("a").set("k", { deep: [1, null] });
    await store.keyValues("a").set("k", { deep: [2] });
    expect(await store.keyValues("b").get("k")).toBeUndefined();
    await test.place.closeAll();
    const again = (await test.place.open(atNow)).keyValues("a");
    expect(await again.get("k")).toEqual({ deep: [2] });
    await again.delete("k");
    expect(await again.get("k")).toBeUndefined();
  });

  it("refuse what is too large", async () => {
    const values = (await test.place.open(atNow)).keyValues("a");
    await expect(values.set("k".repeat(257), 1)).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(values.set("k", "v".repeat(65_536))).rejects.toMatchObject({ code: "payload_too_large" });
    await values.set("k".repeat(256), "v".repeat(65_534));
  });
});
