import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ConfiguredIntegration } from "./config/schema.ts";
import { createIntegrationRoster } from "./integration-roster.ts";
import { createTestManager, testConfig } from "./manager/test-manager.ts";
import { createSavedConfig } from "./saved-config.ts";
import { openStore } from "./store/store.ts";

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {}

test("one that is stored but could not be started is started by itself, without a restart", async () => {
  const directory = mkdtempSync(join(tmpdir(), "integration-roster-"));
  const store = await openStore({ directory });
  const testManager = createTestManager();
  const { manager } = testManager;
  const savedConfig = createSavedConfig(store, silent);
  const fault = { isOver: false };
  const roster = createIntegrationRoster({
    ...store,
    savedConfig: {
      ...savedConfig,
      // The database goes away between what is stored and the start.
      drop: (name) => (fault.isOver ? savedConfig.drop(name) : Promise.reject(new Error("it is gone"))),
    },
    log: silent,
    manager: () => manager,
    written: () => [],
    toConfig: (entry: ConfiguredIntegration) => testConfig(entry.name),
    isOwn: () => false,
    removeData: async () => undefined,
    retryAfterMs: 20,
  });
  onTestFinished(async () => {
    await roster.stop();
    testManager.becomeIdle();
    await manager.stop(1_000);
    await store.close();
    rmSync(directory, { recursive: true });
  });
  await manager.start(await roster.load());

  await expect(roster.add({ name: "a", use: "scripted" })).rejects.toThrow("it is gone");
  await vi.waitFor(() => expect(manager.list().map(({ name }) => name)).toEqual(["a"]), { timeout: 20_000 });
  expect(roster.isAdded("a")).toBe(true);
  fault.isOver = true;
  await roster.remove("a", false);
  expect(manager.list()).toEqual([]);
});
