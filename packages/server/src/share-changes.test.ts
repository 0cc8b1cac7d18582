import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { shareIdentity } from "./share-changes.ts";
import type { Bus } from "./sharing/bus.ts";
import { openStore } from "./store/store.ts";

it("a change of a user here is told to others, one of theirs is taken over and not told again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "share-changes-"));
  const store = await openStore({ directory });
  const told: string[] = [];
  const others: (() => void)[] = [];
  const bus: Bus = {
    publish: (topic) => void told.push(topic),
    subscribe: (_topic, listener) => void others.push(() => listener({}, "other")),
    onGap: (listener) => void others.push(listener),
  };
  const heard: string[] = [];
  store.identity.onChange(({ by, type }) => heard.push(`${by} ${type}`));
  shareIdentity(store.identity, bus);
  await store.identity.sessions.revokeOfUser({ id: "user_1" }, 0);
  expect([told, heard]).toEqual([["identity"], ["here changed"]]);
  for (const other of others) other();
  await vi.waitFor(() => expect(heard).toEqual(["here changed", "elsewhere changed", "elsewhere missed"]));
  expect(told).toEqual(["identity"]);
  await store.close();
  rmSync(directory, { recursive: true });
});
