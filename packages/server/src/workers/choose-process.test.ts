import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseProcess } from "./choose-process.ts";

test("nobody is chosen when nobody is there", () => {
  expect(chooseProcess([])).toBeUndefined();
  expect(chooseProcess([undefined, undefined])).toBeUndefined();
});

test("a connection goes to one that has the fewest, whatever came and left before", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(9), { maxLength: 80 }), (count, steps) => {
      const processes = Array.from({ length: count }, () => ({ openConnections: 0 }));
      for (const step of steps) {
        const left = processes[step];
        if (left !== undefined) {
          left.openConnections = Math.max(0, left.openConnections - 1);
          continue;
        }
        const fewest = Math.min(...processes.map(({ openConnections }) => openConnections));
        const chosen = chooseProcess([undefined, ...processes]);
        expect(chosen?.openConnections).toBe(fewest);
        if (chosen !== undefined) chosen.openConnections++;
      }
    }),
  );
});
