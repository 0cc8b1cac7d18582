import { expect, it } from "vitest";
import type { StoredResponse } from "../../packages/server/src/core/stored-response.ts";
import { describeStore } from "./contract.ts";

const dayMs = 86_400_000;
const startMs = 1_700_000_000_000;
const bounds = { retentionDays: 30, mostCharacters: 1_000_000 };

function turn(number: number, more: Partial<StoredResponse> = {}): StoredResponse {
  const id = `resp_${String(number).padStart(32, "0")}`;
  return {
    id,
    owner: "ann",
    previousId: null,
    createdAtMs: startMs + number,
    input: [{ type: "message", role: "user", content: `question ${number}` }],
    response: { id, output: [{ type: "message", content: `the secret answer ${number}` }] },
    ...more,
  };
}

function follow(before: StoredResponse, number: number): StoredResponse {
  return turn(number, { previousId: before.id });
}

describeStore("responses", (test) => {
  it("are their owner's alone, and outlive a restart", async () => {
    const first = turn(1);
    const store = await test.place.open({ nowMs: () => startMs });
    await store.createResponses(bounds).insert(first);
    await test.place.closeAll();
    const again = (await test.place.open({ nowMs: () => startMs })).createResponses(bounds);
    expect(await again.find("ann", first.id)).toEqual(first);
    expect(await again.find("bob", first.id)).toBeUndefined();
    expect(await again.conversation("bob", first.id)).toEqual([]);
    expect(await again.delete("bob", first.id)).toBe(false);
    expect(await again.delete("ann", first.id)).toBe(true);
    expect(await again.find("ann", first.id)).toBeUndefined();
  });

  it("make conversations that branch, and that end where a turn is gone", async () => {
    const store = await test.place.open({ nowMs: () => startMs });
    const table = store.createResponses(bounds);
    const first = turn(1);
    const second = follow(first, 2);
    const third = follow(second, 3);
    const other = follow(first, 4);
    for (const each of [first, second, third, other]) await table.insert(each);
    expect(await table.conversation("ann", third.id)).toEqual([first, second, third]);
    expect(await table.conversation("ann", other.id)).toEqual([first, other]);
    await table.delete("ann", second.id);
    expect(await table.conversation("ann", third.id)).toEqual([third]);
  });

  it("do not go on from a turn of somebody else", async () => {
    const table = (await test.place.open({ nowMs: () => startMs })).createResponses(bounds);
    const theirs = turn(1, { owner: "bob" });
    const mine = follow(theirs, 2);
    await table.insert(theirs);
    await table.insert(mine);
    expect(await table.conversation("ann", mine.id)).toEqual([mine]);
  });

  it("are on the disk sealed only", async () => {
    const table = (await test.place.open({ nowMs: () => startMs })).createResponses(bounds);
    await table.insert(turn(1));
    const rows = JSON.stringify(await test.place.tamper("SELECT * FROM responses"));
    expect(rows).toContain("llmp1.");
    expect(rows).not.toMatch(/question|secret|answer/);
  });

  it("are neither read nor kept once they are too old", async () => {
    const clock = { nowMs: startMs };
    const table = (await test.place.open({ nowMs: () => clock.nowMs })).createResponses(bounds);
    const old = turn(1);
    const young = turn(2, { createdAtMs: startMs + dayMs });
    await table.insert(old);
    await table.insert(young);
    clock.nowMs = startMs + 30 * dayMs + 2;
    expect(await table.find("ann", old.id)).toBeUndefined();
    expect(await table.prune()).toBe(1);
    expect(await table.find("ann", young.id)).toEqual(young);
  });

  it("give way, the oldest first, when they take too much", async () => {
    const store = await test.place.open({ nowMs: () => startMs + 500 });
    const table = store.createResponses(bounds);
    for (let number = 0; number < 450; number++) await table.insert(turn(number));
    const each = 500;
    const small = store.createResponses({ ...bounds, mostCharacters: 10 * each });
    const deleted = await small.prune();
    expect(deleted).toBeGreaterThan(430);
    expect(deleted).toBeLessThan(450);
    expect(await small.find("ann", turn(449).id)).toBeDefined();
    expect(await small.find("ann", turn(deleted - 1).id)).toBeUndefined();
    expect(await small.find("ann", turn(deleted).id)).toBeDefined();
    expect(await small.prune()).toBe(0);
  });

  it("are read by another server on the same database", async () => {
    if (test.engine !== "postgres") return;
    const one = await test.place.open({ nowMs: () => startMs }, "one");
    const two = await test.place.open({ nowMs: () => startMs }, "two");
    await one.createResponses(bounds).insert(turn(1));
    expect(await two.createResponses(bounds).find("ann", turn(1).id)).toEqual(turn(1));
  });
});
