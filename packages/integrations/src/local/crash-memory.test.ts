import { describe, expect, it } from "vitest";
import { CrashMemory } from "./crash-memory.ts";

describe("CrashMemory", () => {
  it("tells of a crash until the model loads again", () => {
    const crashes = new CrashMemory();
    expect(crashes.health(0)).toEqual({ status: "ok" });
    crashes.recordCrash("a", 0);
    expect(crashes.health(1000)).toEqual({ status: "degraded", detail: expect.stringContaining("'a'") });
    crashes.recordLoad("a");
    expect(crashes.health(1000)).toEqual({ status: "ok" });
  });

  it("tells of a crash for five minutes when nobody asks for the model", () => {
    const crashes = new CrashMemory();
    crashes.recordCrash("a", 0);
    expect(crashes.health(299_999).status).toBe("degraded");
    expect(crashes.health(300_000).status).toBe("ok");
  });
});
