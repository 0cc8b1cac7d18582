import fc from "fast-check";
import { expect, test } from "vitest";
import { Roster } from "./roster.ts";

test("holds what a Set holds, whatever comes and goes", () => {
  const step = fc.record({ member: fc.nat(9), does: fc.constantFrom("add", "delete", "clear") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const members = Array.from({ length: 10 }, (_, id) => ({ id, place: -1 }));
      const roster = new Roster<(typeof members)[number]>();
      const model = new Set<(typeof members)[number]>();
      for (const { member, does } of steps) {
        const one = members[member];
        if (one === undefined) continue;
        if (does === "clear") {
          roster.clear();
          model.clear();
        } else {
          roster[does](one);
          model[does](one);
        }
        expect(new Set(roster.list())).toEqual(model);
        expect(roster.list()).toHaveLength(model.size);
        expect(roster.size).toBe(model.size);
        for (const each of members) expect(roster.has(each)).toBe(model.has(each));
      }
    }),
  );
});

test("a list stays as it was while members leave", () => {
  const roster = new Roster<{ place: number }>();
  const [one, two] = [{ place: -1 }, { place: -1 }];
  roster.add(one);
  roster.add(two);
  const seen = roster.list();
  for (const member of seen) roster.delete(member);
  expect(seen).toEqual([one, two]);
  expect(roster.size).toBe(0);
});
