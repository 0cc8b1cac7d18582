import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { User } from "../../core/identity.ts";
import { noLimits } from "../../core/limits.ts";
import { openStore, type Store } from "../../store/store.ts";
import { createSessions, type Sessions } from "./sessions.ts";

const clock = { nowMs: 0 };
const nowMs = () => clock.nowMs;
const refreshMs = 28_800_000;
let directory = "";
let store: Store;
let sessions: Sessions;

const ada: User = {
  id: "user_1",
  name: "ada",
  kind: "person",
  email: null,
  role: "developer",
  teamId: null,
  isActive: true,
  limits: noLimits,
  createdAtMs: 0,
};

beforeEach(async () => {
  clock.nowMs = 1_800_000_000_000;
  directory = mkdtempSync(join(tmpdir(), "sessions-"));
  store = await openStore({ directory, nowMs });
  await store.identity.users.insert(ada);
  sessions = createSessions({
    identity: store.identity,
    tokens: { issue: async ({ sessionId }) => sessionId, verify: async () => undefined },
    accessMs: 900_000,
    refreshMs,
    nowMs,
  });
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const refused = { code: "unauthenticated" };
const isRevoked = async (id: string) => (await store.identity.sessions.find(id))?.revokedAtMs !== null;

describe("a refresh token", () => {
  it("gives the next pair of the same session, and works once", async () => {
    const first = await sessions.open(ada);
    expect(first).toMatchObject({ accessSeconds: 900, refreshSeconds: 28_800 });
    expect(first.refreshToken).toMatch(/^llmr_[\w-]{43}$/);
    const second = await sessions.refresh(first.refreshToken);
    expect(second.accessToken).toBe(first.accessToken);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(await sessions.refresh(second.refreshToken)).toBeDefined();
  });

  it("that is shown again ends its session, and no other", async () => {
    const other = await sessions.open(ada);
    const first = await sessions.open(ada);
    const second = await sessions.refresh(first.refreshToken);
    await expect(sessions.refresh(first.refreshToken)).rejects.toMatchObject(refused);
    await expect(sessions.refresh(second.refreshToken)).rejects.toMatchObject(refused);
    expect(await isRevoked(first.accessToken)).toBe(true);
    expect(await isRevoked(other.accessToken)).toBe(false);
    expect(await sessions.refresh(other.refreshToken)).toBeDefined();
  });

  it("that two show at once works for one of them at most", async () => {
    const { refreshToken } = await sessions.open(ada);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => sessions.refresh(refreshToken)));
    expect(results.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(1);
  });

  it("ends after its time, and the session after 30 days however often it is refreshed", async () => {
    let pair = await sessions.open(ada);
    const late = await sessions.open(ada);
    const startMs = clock.nowMs;
    clock.nowMs += refreshMs;
    await expect(sessions.refresh(late.refreshToken)).rejects.toMatchObject(refused);
    clock.nowMs = startMs;
    for (let hours = 7; hours < 30 * 24; hours += 7) {
      clock.nowMs = startMs + hours * 3_600_000;
      pair = await sessions.refresh(pair.refreshToken);
    }
    expect(pair.refreshSeconds).toBeLessThan(28_800);
    clock.nowMs = startMs + 30 * 86_400_000;
    await expect(sessions.refresh(pair.refreshToken)).rejects.toMatchObject(refused);
  });

  it("of a user who is inactive, gone, or whose session was ended does not work", async () => {
    const inactive = await sessions.open(ada);
    await store.identity.users.update(ada.id, { isActive: false });
    await expect(sessions.refresh(inactive.refreshToken)).rejects.toMatchObject(refused);
    await store.identity.users.update(ada.id, { isActive: true });
    const ended = await sessions.open(ada);
    await store.identity.sessions.revoke(ended.accessToken, clock.nowMs);
    await expect(sessions.refresh(ended.refreshToken)).rejects.toMatchObject(refused);
    const gone = await sessions.open(ada);
    await store.identity.users.delete(ada.id);
    expect(await isRevoked(gone.accessToken)).toBe(true);
    await expect(sessions.refresh(gone.refreshToken)).rejects.toMatchObject(refused);
  });

  it.each(["", "llmr_", "' OR 1=1 --", "llmr_x'); DROP TABLE sessions; --"])("%j is none", async (text) => {
    await sessions.open(ada);
    await expect(sessions.refresh(text)).rejects.toMatchObject(refused);
  });
});

it("sessions that have ended by themselves are forgotten with a later login", async () => {
  const { accessToken } = await sessions.open(ada);
  clock.nowMs += refreshMs;
  await sessions.open(ada);
  expect(await store.identity.sessions.find(accessToken)).toBeUndefined();
});
