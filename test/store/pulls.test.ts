import { expect, it } from "vitest";
import type { Pull } from "../../packages/server/src/core/pull.ts";
import { describeStore } from "./contract.ts";

function pullOf(id: string, more: Partial<Pull> = {}): Pull {
  return {
    id,
    replica: "",
    request: { kind: "huggingface", source: "acme/x", integration: "huggingface", load: false },
    phase: "downloading",
    detail: undefined,
    failure: undefined,
    revision: "0".repeat(40),
    license: "mit",
    files: [
      { name: "x.gguf", completedBytes: 3_000_000_000, totalBytes: 9_000_000_000, sha256: "a".repeat(64) },
    ],
    models: [],
    bytesPerSecond: undefined,
    createdBy: "user_1",
    createdByName: "ada",
    createdAtMs: 1_700_000_000_000,
    updatedAtMs: 1_700_000_001_000,
    finishedAtMs: undefined,
    ...more,
  };
}

describeStore("the table of pulls", (test) => {
  it("keeps a pull as it was last put, and lists the newest first", async () => {
    const { pulls } = await test.place.open();
    const { replica } = pulls;
    await pulls.put(pullOf("pull_a", { replica }));
    await pulls.put(pullOf("pull_b", { replica, createdAtMs: 1_700_000_002_000 }));
    await pulls.put(pullOf("pull_other", { replica: "of-another", createdAtMs: 1_600_000_000_000 }));
    const failed = pullOf("pull_a", {
      replica,
      phase: "failed",
      failure: { code: "upstream_error", message: "gone" },
      finishedAtMs: 1_700_000_003_000,
    });
    await pulls.put(failed);
    expect(await pulls.find("pull_a")).toEqual(failed);
    expect(await pulls.find("pull_x")).toBeUndefined();
    expect((await pulls.list(10)).map(({ id }) => id)).toEqual(["pull_b", "pull_a", "pull_other"]);
    expect((await pulls.unfinished()).map(({ id }) => id)).toEqual(["pull_b"]);
  });

  it("forgets the oldest that are over beyond a thousand, and none that is not", {
    timeout: 60_000,
  }, async () => {
    const { pulls } = await test.place.open();
    await pulls.put(pullOf("pull_paused", { phase: "paused", createdAtMs: 1 }));
    for (let count = 0; count < 1_005; count++)
      await pulls.put(pullOf(`pull_${count}`, { phase: "done", createdAtMs: 1_000 + count }));
    const kept = (await pulls.list(2_000)).map(({ id }) => id);
    expect(kept).toContain("pull_paused");
    expect(kept).not.toContain("pull_0");
    expect(kept.length).toBeLessThanOrEqual(1_001);
  });
});
