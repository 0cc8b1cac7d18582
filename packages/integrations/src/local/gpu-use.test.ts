import { describe, expect, it } from "vitest";
import { judgeGpuUse, noticeOfGpuUse } from "./gpu-use.ts";

const mebibyte = 1024 * 1024;
const unknown = { before: undefined, after: undefined };

describe("what a model takes of the GPU", () => {
  it.each([
    ["no layer is there", { layers: 0, grownBytes: 900 * mebibyte }, unknown, undefined],
    [
      "the driver saw its memory grow",
      { layers: 19, grownBytes: 1 },
      { before: 100 * mebibyte, after: 700 * mebibyte },
      { state: "used", layers: 19, bytes: 600 * mebibyte },
    ],
    [
      "the driver saw nothing, whatever the library says",
      { layers: 19, grownBytes: 1300 * mebibyte },
      { before: 100 * mebibyte, after: 100 * mebibyte },
      { state: "claimed_not_seen", layers: 19, bytes: 0 },
    ],
    [
      "memory fell meanwhile, for another program let go",
      { layers: 19 },
      { before: 100 * mebibyte, after: 60 * mebibyte },
      { state: "claimed_not_seen", layers: 19, bytes: 0 },
    ],
    [
      "only the library tells",
      { layers: 3, grownBytes: 80 * mebibyte },
      { before: 5, after: undefined },
      { state: "used", layers: 3, bytes: 80 * mebibyte },
    ],
    ["nobody tells", { layers: 3 }, unknown, { state: "not_measured", layers: 3 }],
  ])("%s", (_name, engine, driver, wanted) => {
    expect(judgeGpuUse(engine, driver)).toEqual(wanted);
  });

  it("is said in words only when it was claimed and not seen", () => {
    expect(noticeOfGpuUse({ state: "claimed_not_seen", layers: 19 })).toContain("19 layers");
    expect(noticeOfGpuUse({ state: "used", layers: 19 })).toBeUndefined();
    expect(noticeOfGpuUse({ state: "not_measured", layers: 19 })).toBeUndefined();
  });
});
