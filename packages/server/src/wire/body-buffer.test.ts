import { afterEach, expect, it, vi } from "vitest";
import { bodyBuffer } from "./body-buffer.ts";

const mib = 1024 * 1024;

afterEach(() => {
  vi.unstubAllGlobals();
});

it("asks for the young to be collected once many bytes were given out, and not sooner", () => {
  const gc = vi.fn();
  vi.stubGlobal("gc", gc);
  for (let given = 0; gc.mock.calls.length === 0 && given < 100; given++) bodyBuffer(mib);
  gc.mockClear();
  for (let given = 0; given < 11; given++) bodyBuffer(mib);
  expect(gc).not.toHaveBeenCalled();
  bodyBuffer(mib);
  expect(gc.mock.calls).toEqual([[{ type: "minor" }]]);
});

it("gives a buffer of the length asked for where the process has no such function", () => {
  vi.stubGlobal("gc", undefined);
  const lengths = [0, 1, 12 * mib, 12 * mib].map((length) => bodyBuffer(length).length);
  expect(lengths).toEqual([0, 1, 12 * mib, 12 * mib]);
});
