import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { chatBody, member } from "./http.ts";
import { as, createUser, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

// What a database would obey if a text were put into a statement, and what odd bytes break.
const texts = [
  "' OR '1'='1",
  "'; DROP TABLE users; --",
  '" UNION SELECT sha256 FROM api_keys --',
  "x' AND 1=CAST((SELECT name FROM users) AS int)--",
  "%' ESCAPE '\\",
  "a\u0000b",
  "\\x27; VACUUM INTO 'x'",
  "${jndi:ldap://x}",
  "user_1) OR (1=1",
];

let upstream: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({ config: withFake(upstream.origin, withRoot) });
  await createUser(platform, rootKey, { name: "ada", role: "admin" });
});
afterAll(async () => {
  const users = await as(platform, rootKey)("/api/v1/users");
  expect(member(users.json, "users")).toMatchObject([{ name: "ada" }]);
  expect(platform.log()).not.toContain("SqliteError");
  await platform.stop();
  await upstream.stop();
});

describe.each(texts)("%j", (text) => {
  const query = encodeURIComponent(text);

  test("is no key", async () => {
    const printable = text.replaceAll("\u0000", "");
    const chat = { body: chatBody("fake/tiny-chat") };
    for (const key of [printable, `llmp_${printable}`, `eyJ${printable}.x.y`]) {
      expect((await as(platform, key)("/v1/chat/completions", chat)).status).toBe(401);
      expect((await as(platform, key)("/api/v1/users")).status).toBe(401);
    }
  });

  test("is no name", async () => {
    const bodies = [
      ["/api/v1/keys", { name: text }],
      ["/api/v1/users", { name: text, role: "viewer" }],
      ["/api/v1/teams", { name: text }],
      ["/api/v1/roles", { name: text, permissions: ["self.read"] }],
      ["/api/v1/users", { name: "bob", role: text }],
      ["/api/v1/users", { name: "bob", role: "viewer", team: text }],
      ["/api/v1/keys", { name: "bob", owner: text }],
      ["/api/v1/keys", { name: "bob", scopes: [text] }],
    ] as const;
    for (const [path, body] of bodies) {
      const answer = await as(platform, rootKey)(path, { body });
      expect(answer.status, `${path} ${answer.text}`).toBe(400);
    }
  });

  test("is nobody who logs in", async () => {
    const body = { name: text, password: text };
    expect([401, 429]).toContain((await as(platform, undefined)("/api/v1/auth/login", { body })).status);
  });

  test("finds nothing, and never fails the server", async () => {
    const paths = [
      `/api/v1/keys?owner=${query}`,
      `/api/v1/keys?cursor=${query}`,
      `/api/v1/keys?limit=${query}`,
      `/api/v1/keys?sort=${query}`,
      `/api/v1/users?cursor=${query}`,
      `/api/v1/users?team=${query}`,
      `/api/v1/users?role=${query}`,
      `/api/v1/teams?cursor=${query}`,
      `/api/v1/audit?actor=${query}`,
      `/api/v1/audit?target=${query}`,
      `/api/v1/audit?operation=${query}`,
      `/api/v1/usage/records?principal=${query}`,
      `/api/v1/usage/records?cursor=${query}`,
      `/api/v1/usage?model=${query}`,
      `/api/v1/usage?by=${query}`,
      `/api/v1/usage?from=${query}`,
      `/api/v1/keys/${query}`,
      `/api/v1/users/${query}`,
      `/api/v1/teams/${query}`,
      `/api/v1/roles/${query}`,
    ];
    for (const path of paths) {
      const answer = await as(platform, rootKey)(path);
      expect([200, 400, 404], `${path} ${answer.text}`).toContain(answer.status);
      expect(answer.text).not.toMatch(/argon2|SQLITE|syntax error/i);
    }
    for (const path of [`/api/v1/keys/${query}`, `/api/v1/teams/${query}`, `/api/v1/roles/${query}`]) {
      const change = { method: "PATCH", body: {} };
      expect([400, 404]).toContain((await as(platform, rootKey)(path, change)).status);
    }
  });

  test("is no model", async () => {
    const answer = await as(platform, rootKey)("/v1/chat/completions", { body: chatBody(text) });
    expect([400, 404], answer.text).toContain(answer.status);
  });
});
