import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FairQueue, turnCredit } from "./fair-queue.ts";

function drain(queue: FairQueue<string>): readonly string[] {
  const out: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) out.push(next.item);
  return out;
}

function filled(items: readonly (readonly [tenant: string, item: string, cost?: number])[]) {
  const queue = new FairQueue<string>();
  for (const [tenant, item, cost = turnCredit] of items) queue.push(tenant, item, cost);
  return queue;
}

describe("a fair queue", () => {
  test("gives tenants their turns, the oldest of each first", () => {
    const queue = filled([
      ["a", "a1"],
      ["a", "a2"],
      ["a", "a3"],
      ["b", "b1"],
      ["c", "c1"],
      ["b", "b2"],
    ]);
    expect(drain(queue)).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
  });

  test("measures by cost: who asks for four times as much gets a quarter of the turns", () => {
    const queue = filled([
      ...Array.from({ length: 4 }, (_, at) => ["big", `big${at}`, turnCredit * 4] as const),
      ...Array.from({ length: 12 }, (_, at) => ["small", `small${at}`] as const),
    ]);
    const first = drain(queue).slice(0, 10);
    expect(first.filter((item) => item.startsWith("big")).length).toBe(2);
  });

  test("what is put back is the next, with nobody's share changed", () => {
    const items = [
      ["a", "a1"],
      ["a", "a2"],
      ["b", "b1"],
    ] as const;
    const queue = filled(items);
    for (let each = 0; each < 5; each++) {
      const taken = queue.shift();
      expect(taken?.item).toBe("a1");
      if (taken !== undefined) queue.putBack(taken);
    }
    expect(drain(queue)).toEqual(drain(filled(items)));
  });

  test("loses and invents nothing, keeps the order within a tenant, and nobody waits longer than the others' shares", () => {
    const arrival = fc.record({
      tenant: fc.constantFrom("a", "b", "c"),
      cost: fc.integer({ min: 1, max: turnCredit * 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(arrival, { maxLength: 60 }),
        fc.array(fc.nat(59), { maxLength: 10 }),
        (list, removed) => {
          const queue = new FairQueue<number>();
          list.forEach(({ tenant, cost }, at) => queue.push(tenant, at, cost));
          const gone = new Set<number>();
          for (const at of removed) {
            const tenant = list[at]?.tenant;
            if (tenant !== undefined && queue.remove(tenant, at)) gone.add(at);
          }
          const left = list.flatMap((_, at) => (gone.has(at) ? [] : [at]));
          expect(queue.size).toBe(left.length);
          expect(new Set(queue.list())).toEqual(new Set(left));
          const spent = { a: 0, b: 0, c: 0 };
          type Name = keyof typeof spent;
          const waiting = (name: string) => queue.list().some((at) => list[at]?.tenant === name);
          const out: number[] = [];
          let isContested = true;
          for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            out.push(next.item);
            const names = (["a", "b", "c"] as const).filter(
              (name: Name) => name === next?.tenant || waiting(name),
            );
            isContested &&= names.length === 3;
            for (const name of names) if (name === next.tenant) spent[name] += next.cost;
            // While all of them wait, no two are further apart than what one entry and one turn cost.
            if (isContested)
              expect(
                Math.max(...Object.values(spent)) - Math.min(...Object.values(spent)),
              ).toBeLessThanOrEqual(turnCredit * 3 + turnCredit * 2);
          }
          expect([...out].sort((one, other) => one - other)).toEqual(left);
          for (const name of ["a", "b", "c"]) {
            const own = out.filter((at) => list[at]?.tenant === name);
            expect(own).toEqual([...own].sort((one, other) => one - other));
          }
        },
      ),
    );
  });
});
