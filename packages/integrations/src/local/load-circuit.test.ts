import { describe, expect, it } from "vitest";
import { LoadCircuit } from "./load-circuit.ts";

describe("LoadCircuit", () => {
  const failing = (times: number): LoadCircuit => {
    const circuit = new LoadCircuit();
    for (let time = 0; time < times; time += 1) circuit.recordFailure("a", 1000);
    return circuit;
  };

  it.each([
    [0, 0],
    [2, 0],
    [3, 5_000],
    [4, 10_000],
    [20, 120_000],
  ])("after %i failures in a row waits %i ms", (failures, pauseMs) => {
    expect(failing(failures).pauseMs("a", 1000)).toBe(pauseMs);
  });

  it("lets the model be tried again when the pause is over", () => {
    expect(failing(3).pauseMs("a", 6000)).toBe(0);
  });

  it("forgets failures after a success, and knows models apart", () => {
    const circuit = failing(3);
    expect(circuit.pauseMs("b", 1000)).toBe(0);
    circuit.recordSuccess("a");
    expect(circuit.pauseMs("a", 1000)).toBe(0);
  });
});
