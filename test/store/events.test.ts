import { expect, it } from "vitest";
import { describeStore } from "./contract.ts";

const atNow = { nowMs: () => 1_700_000_000_000 };

describeStore("the event table", (test) => {
  it("gives events rising ids and lists them after an id, by integration", async () => {
    const { events } = await test.place.open(atNow);
    const first = await events.append({ integration: "a", type: "models.changed", data: { count: 1 } });
    await events.append({ integration: "b", type: "models.changed", data: {} });
    const third = await events.append({ integration: "a", type: "integration.state_changed", data: {} });
    expect(first).toEqual({
      id: 1,
      time: "2023-11-14T22:13:20.000Z",
      integration: "a",
      type: "models.changed",
      data: { count: 1 },
    });
    expect(await events.list({ afterId: 0, limit: 10, integration: "a" })).toEqual([first, third]);
    expect((await events.list({ afterId: first.id, limit: 1 })).map(({ id }) => id)).toEqual([2]);
  });

  it("keeps the newest only, and never gives an id twice", async () => {
    const { events } = await test.place.open({ ...atNow, keepEvents: 10 });
    for (let count = 0; count < 350; count++) await events.append({ integration: "a", type: "t", data: {} });
    const kept = await events.list({ afterId: 0, limit: 1_000 });
    expect(kept.length).toBeLessThanOrEqual(10 + 100);
    expect(kept.at(-1)?.id).toBe(350);
    await test.place.closeAll();
    const { events: after } = await test.place.open(atNow);
    expect((await after.append({ integration: "a", type: "t", data: {} })).id).toBe(351);
  });
});
