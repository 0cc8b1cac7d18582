import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { member } from "./http.ts";
import { as, chatStatus, createUser, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => upstream.stop());

const made = z.object({ id: z.string() });

async function createTeam(platform: Platform, body: object): Promise<string> {
  const answer = await as(platform, rootKey)("/api/v1/teams", { body });
  expect(answer.status, answer.text).toBe(200);
  return made.parse(answer.json).id;
}

function createMember(platform: Platform, name: string, more: object) {
  return createUser(platform, rootKey, { name, role: "developer", with_key: true, ...more });
}

const patch = (body: object) => ({ method: "PATCH", body });

describe.each([
  [
    "one process",
    (config: Readonly<Record<string, unknown>>): Promise<Platform> => startPlatform({ config }),
  ],
  ["workers", startWithWorkers],
])("with %s", (_name, start) => {
  test("a team's limit is shared by its members and by nobody else, and a change of either bites at once", async () => {
    const platform = await start(withFake(upstream.origin, withRoot));
    await createUser(platform, rootKey, { name: "root user", role: "admin" });
    const reds = await createTeam(platform, { name: "reds", requests_per_minute: 6 });
    const blues = await createTeam(platform, { name: "blues" });
    const ada = await createMember(platform, "ada", { team: reds });
    const bot = await createMember(platform, "bot", { team: reds, kind: "service_account" });
    const bob = await createMember(platform, "bob", { team: blues });
    const statuses: number[] = [];
    for (const { key } of [ada, bot, ada, bot, ada, bot, ada, bot])
      statuses.push(await chatStatus(platform, key ?? ""));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    const refused = await as(platform, bot.key ?? "")("/v1/chat/completions", {
      body: { model: "fake/tiny-chat", messages: [] },
    });
    expect(refused.text).toContain("The team of bot may make 6 calls a minute");
    expect(await chatStatus(platform, bob.key ?? "")).toBe(200);
    const { text } = await as(platform, rootKey)("/metrics");
    expect(text).toContain('llm_rate_limited_total{limit="team_requests"} 3');

    // What was used stays used.
    const path = `/api/v1/teams/${reds}`;
    expect((await as(platform, rootKey)(path, patch({ requests_per_minute: 7 }))).status).toBe(200);
    expect(await chatStatus(platform, bot.key ?? "")).toBe(200);
    expect(await chatStatus(platform, ada.key ?? "")).toBe(429);
    expect((await as(platform, rootKey)(path, patch({ requests_per_minute: null }))).json).toMatchObject({
      requests_per_minute: null,
    });
    expect(await chatStatus(platform, ada.key ?? "")).toBe(200);
    expect((await as(platform, rootKey)(path, patch({ requests_per_minute: 1 }))).status).toBe(200);
    expect(await chatStatus(platform, bot.key ?? "")).toBe(429);
    const moved = { method: "PUT", body: { team: blues } };
    expect((await as(platform, rootKey)(`/api/v1/users/${bot.id}`, moved)).status).toBe(200);
    expect(await chatStatus(platform, bot.key ?? "")).toBe(200);
    expect(await chatStatus(platform, ada.key ?? "")).toBe(429);
    await platform.stop();
  });
});

describe("teams", () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await startPlatform({
      config: withFake(upstream.origin, { ...withRoot, limits: { default_key: { max_concurrent: 9 } } }),
    });
    await createUser(platform, rootKey, { name: "root user", role: "admin" });
  });
  afterAll(() => platform.stop());

  test("a member sees the own team and what holds there, and no team by its id", async () => {
    const team = await createTeam(platform, { name: "greens", tokens_per_minute: 5_000 });
    const { key } = await createMember(platform, "gus", { team, requests_per_minute: 30 });
    const whoami = await as(platform, key ?? "")("/api/v1/access/whoami");
    const none = { requests_per_minute: null, tokens_per_minute: null, max_concurrent: null };
    expect(whoami.json).toMatchObject({
      role: "developer",
      team: { id: team, name: "greens" },
      limits: [
        { scope: "key", ...none, max_concurrent: 9 },
        { scope: "user", ...none, requests_per_minute: 30 },
        { scope: "team", ...none, tokens_per_minute: 5_000 },
      ],
    });
    expect((await as(platform, key ?? "")(`/api/v1/teams/${team}`)).status).toBe(403);
    expect((await as(platform, rootKey)("/api/v1/access/whoami")).json).toMatchObject({
      role: "admin",
      team: null,
      user: null,
    });
  });

  test("a team goes when its last member has left it", async () => {
    const team = await createTeam(platform, { name: "whites" });
    const user = await createMember(platform, "wim", { team });
    const members = await as(platform, rootKey)(`/api/v1/users?team=${team}`);
    expect(members.json).toMatchObject({ users: [{ name: "wim", team }] });
    const path = `/api/v1/teams/${team}`;
    const refused = await as(platform, rootKey)(path, { method: "DELETE" });
    expect(refused.status, refused.text).toBe(409);
    const left = { method: "PUT", body: { team: null } };
    expect((await as(platform, rootKey)(`/api/v1/users/${user.id}`, left)).json).toMatchObject({
      team: null,
    });
    expect((await as(platform, rootKey)(path, { method: "DELETE" })).status).toBe(200);
    for (const method of ["GET", "DELETE", "PATCH"])
      expect(
        (await as(platform, rootKey)(path, { method, body: method === "PATCH" ? {} : undefined })).status,
      ).toBe(404);
  });

  test("two teams cannot have one name, and nobody is in one that is not there", async () => {
    const one = await createTeam(platform, { name: "one" });
    await createTeam(platform, { name: "two" });
    const taken = await as(platform, rootKey)("/api/v1/teams", { body: { name: "one" } });
    expect(taken.status, taken.text).toBe(409);
    const renamed = await as(platform, rootKey)(`/api/v1/teams/${one}`, patch({ name: "two" }));
    expect(renamed.status, renamed.text).toBe(409);
    expect((await as(platform, rootKey)(`/api/v1/teams/${one}`, patch({ name: "uno" }))).json).toMatchObject({
      name: "uno",
    });
    const lost = await as(platform, rootKey)("/api/v1/users", {
      body: { name: "lost", role: "developer", team: "team_none" },
    });
    expect(lost.status).toBe(400);
    expect(member(lost.json, "errors")).toMatchObject([{ pointer: "/team" }]);
  });

  test("teams come in pages", async () => {
    const names: string[] = [];
    let cursor = "";
    for (;;) {
      const { json } = await as(platform, rootKey)(`/api/v1/teams?limit=2&cursor=${cursor}`);
      const page = z
        .object({ teams: z.array(z.object({ name: z.string() })), next_cursor: z.string().nullable() })
        .parse(json);
      names.push(...page.teams.map(({ name }) => name));
      if (page.next_cursor === null) break;
      cursor = page.next_cursor;
    }
    expect(names.toSorted()).toEqual(["greens", "two", "uno"]);
  });
});
