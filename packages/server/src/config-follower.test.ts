import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { createConfigFollower } from "./config-follower.ts";
import { createTestManager, testConfig } from "./manager/test-manager.ts";
import { createSavedConfig } from "./saved-config.ts";
import type { ChangeListener, ChangeNotices } from "./store/change-notices.ts";
import { openStore, type Store } from "./store/store.ts";

let directory = "";
let store: Store;
/** What listens to word of changes, by replica. */
let listening: ChangeListener[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "config-follower-"));
  store = await openStore({ directory });
  listening = [];
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

/** Notices as a database brings them: to all but who sent them, unless word of them is lost. */
function notices(state: { isLost: boolean }): ChangeNotices {
  let own: ChangeListener | undefined;
  return {
    async announce(_topic, name) {
      for (const listener of listening)
        if (listener !== own && !state.isLost) listener({ type: "changed", name });
    },
    onRemote(_topic, listener) {
      own = listener;
      listening.push(listener);
    },
  };
}

/** A replica whose manager has the integration `a`. */
async function startReplica(entry = testConfig("a"), state = { isLost: false }) {
  const test = createTestManager();
  const { manager } = test;
  const log = { debug: ignore, info: ignore, warn: ignore, error: vi.fn<(event: string) => void>() };
  const savedConfig = createSavedConfig({ ...store, changes: notices(state) }, log);
  const follower = createConfigFollower({ savedConfig, manager, log, retryAfterMs: 20 });
  await manager.start([await savedConfig.apply(entry)]);
  follower.start();
  onTestFinished(async () => {
    await follower.stop();
    test.becomeIdle();
    await manager.stop(1_000);
  });
  return {
    ...test,
    log,
    follower,
    /** As the operation does. */
    async configure(patch: Parameters<typeof manager.reconfigure>[1]) {
      await manager.reconfigure("a", patch);
      await savedConfig.save("a", patch);
    },
  };
}
const ignore = () => undefined;

const settings = { url: "new" };

it("takes over what another replica changed, and writes nothing", async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  const before = other.manager.running("a");
  await one.configure({ settings, priority: 7 });
  await vi.waitFor(() => expect(other.manager.config("a")).toMatchObject({ settings, priority: 7 }));
  expect(other.manager.running("a")).not.toBe(before);
  expect(other.events.at(-1)).toMatchObject({
    type: "integration.config_changed",
    data: { fields: ["priority", "settings"] },
  });
  expect(one.scripted.steps.filter((step) => step === "start a")).toHaveLength(2);
});

it("keeps the change of each of two replicas that change different members at once", async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  await Promise.all([one.configure({ settings }), other.configure({ priority: 7 })]);
  for (const { manager } of [one, other])
    await vi.waitFor(() => expect(manager.config("a")).toMatchObject({ settings, priority: 7 }));
});

it("looks at everything after word may have been missed", async () => {
  const [one, other] = [await startReplica(testConfig("a"), { isLost: true }), await startReplica()];
  await one.configure({ settings });
  expect(other.manager.config("a").settings).toEqual({});
  listening[1]?.({ type: "missed" });
  await vi.waitFor(() => expect(other.manager.config("a").settings).toEqual(settings));
});

it("lets the old one go on when the new one does not work here, shows it, and tries again", async () => {
  const [one, other] = [await startReplica(), await startReplica()];
  const old = other.manager.running("a");
  other.scripted.script.start = "fail";
  await one.configure({ settings });
  await vi.waitFor(() =>
    expect(other.manager.status("a").config_problem).toContain("the old one goes on: a: The script says"),
  );
  expect([one.follower.hasProblems, other.follower.hasProblems]).toEqual([false, true]);
  expect(other.manager.running("a")).toBe(old);
  expect(other.manager.config("a").settings).toEqual({});
  expect(other.events.at(-1)).toMatchObject({ type: "integration.config_refused" });
  other.scripted.script.start = "ok";
  await vi.waitFor(() => expect(other.manager.config("a").settings).toEqual(settings));
  expect(other.manager.status("a")).toMatchObject({ state: "running", config_problem: null });
  expect(other.log.error).toHaveBeenCalledTimes(1);
  expect(other.follower.hasProblems).toBe(false);
});

it("does not take over what was changed of another entry, and says so", async () => {
  const [one, other] = [await startReplica(), await startReplica(testConfig("a", { priority: 5 }))];
  await one.configure({ settings });
  await vi.waitFor(() => expect(other.manager.status("a").config_problem).toContain("another entry"));
  expect(other.manager.config("a")).toEqual(testConfig("a", { priority: 5 }));
});
