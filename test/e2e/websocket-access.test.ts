import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClientOptions } from "ws";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, member } from "./http.ts";
import { as, createKey, createUser } from "./identity-calls.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { chatStart, connectSocket, NotLetIn, type TestSocket, untilServed } from "./websocket-client.ts";

const roles = ["admin", "operator", "developer", "viewer"] as const;
const keyOf = (role: string): string => `${role}-key-0123456789`;
const root = keyOf("admin");
const password = "correct horse battery staple";
const allowed = "https://console.example.com";

let openai: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", openai.origin)],
      auth: { api_keys: roles.map((role) => ({ name: role, key: keyOf(role), role })) },
      websocket: { allowed_origins: [allowed], max_connections_per_principal: 5 },
    },
  });
  await createUser(platform, root, { name: "first", role: "admin" });
  await untilServed(platform, "fake/tiny-chat", root);
});
afterAll(async () => {
  await platform.stop();
  await openai.stop();
});

function bearer(key: string, more: ClientOptions = {}): ClientOptions {
  return { ...more, headers: { authorization: `Bearer ${key}`, ...more.headers } };
}

async function statusOf(connecting: Promise<TestSocket>): Promise<number> {
  try {
    await (await connecting).close();
    return 101;
  } catch (error) {
    if (error instanceof NotLetIn) return error.status;
    throw error;
  }
}

async function ticketOf(key: string, from = platform): Promise<string> {
  const answer = await as(from, key)("/api/v1/auth/tickets", { body: {} });
  expect(answer.status, answer.text).toBe(200);
  expect(member(answer.json, "expires_in")).toBe(30);
  return String(member(answer.json, "ticket"));
}

async function logIn(name: string): Promise<string> {
  const { id } = await createUser(platform, root, { name, role: "operator" });
  await ask(platform, `/api/v1/users/${id}/password`, {
    method: "PUT",
    body: { password },
    headers: { authorization: `Bearer ${root}` },
  });
  const pair = await ask(platform, "/api/v1/auth/login", { body: { name, password } });
  return String(member(pair.json, "access_token"));
}

describe("who is let in", () => {
  test.each([
    ["/ws/chat", { admin: 101, operator: 101, developer: 101, viewer: 403 }],
    ["/ws/models", { admin: 101, operator: 101, developer: 101, viewer: 101 }],
    ["/ws/metrics", { admin: 101, operator: 101, developer: 403, viewer: 101 }],
    ["/ws/events", { admin: 101, operator: 101, developer: 403, viewer: 101 }],
    ["/ws", { admin: 101, operator: 101, developer: 101, viewer: 101 }],
  ])("A05: %s is for those roles that its route is for", async (path, expected) => {
    for (const role of roles)
      expect([role, await statusOf(connectSocket(platform, path, bearer(keyOf(role))))]).toEqual([
        role,
        expected[role],
      ]);
    expect(await statusOf(connectSocket(platform, path))).toBe(401);
    expect(await statusOf(connectSocket(platform, path, bearer("wrong")))).toBe(401);
    const plain = await as(platform, root)(path);
    expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
  });

  test.each([
    ["a foreign Origin", { origin: "https://evil.example" }, 403],
    ["a foreign Origin with a cookie", { origin: "https://evil.example", cookie: "a=b" }, 403],
    ["no Origin with a cookie", { cookie: "a=b" }, 403],
    ["the null Origin", { origin: "null" }, 403],
    ["an Origin of the list", { origin: allowed, cookie: "a=b" }, 101],
  ])("W01: %s", async (_name, headers, status) => {
    expect(await statusOf(connectSocket(platform, "/ws/chat", bearer(root, { headers })))).toBe(status);
  });

  test("W01: a page of the server itself", async () => {
    const headers = { origin: platform.url, cookie: "a=b" };
    expect(await statusOf(connectSocket(platform, "/ws/chat", bearer(root, { headers })))).toBe(101);
  });

  test("by a token among the protocols, which is not sent back", async () => {
    const protocols = ["llmp.v1", `bearer.${root}`];
    const socket = await connectSocket(platform, "/ws/chat", { protocols });
    expect(socket.webSocket.protocol).toBe("llmp.v1");
    await socket.close();
  });

  test.each(["token", "access_token", "api_key", "key"])(
    "W02: a %s in the address is refused",
    async (name) => {
      const refused = connectSocket(platform, `/ws/chat?${name}=${root}`, bearer(root));
      await expect(refused).rejects.toMatchObject({
        status: 400,
        text: expect.stringContaining("must not be in the address"),
      });
      expect(platform.log()).not.toContain(root);
    },
  );

  test("W02: a ticket opens one connection, and is in no log", async () => {
    const ticket = await ticketOf(root);
    const socket = await connectSocket(platform, `/ws/events?ticket=${ticket}`);
    socket.send({ type: "operation.call", id: "w", data: { name: "access.whoami" } });
    expect((await socket.next("operation.result", "w")).data["output"]).toMatchObject({ name: "admin" });
    await socket.close();
    expect(await statusOf(connectSocket(platform, `/ws/events?ticket=${ticket}`))).toBe(401);
    expect(await statusOf(connectSocket(platform, "/ws/events?ticket=llmt_x"))).toBe(401);
    expect(platform.log()).not.toContain(ticket);
  });

  test("one principal has so many connections, and others have theirs", async () => {
    const sockets = await Promise.all(
      Array.from({ length: 5 }, () => connectSocket(platform, "/ws", bearer(keyOf("viewer")))),
    );
    expect(await statusOf(connectSocket(platform, "/ws", bearer(keyOf("viewer"))))).toBe(429);
    expect(await statusOf(connectSocket(platform, "/ws", bearer(keyOf("operator"))))).toBe(101);
    for (const each of sockets) await each.close();
    await expect.poll(() => statusOf(connectSocket(platform, "/ws", bearer(keyOf("viewer"))))).toBe(101);
  });
});

describe("who is not let stay", () => {
  /** Resolves with the code and how long that took. */
  async function closing(socket: TestSocket, change: () => Promise<unknown>): Promise<number> {
    const startedAtMs = performance.now();
    await change();
    const { code } = await socket.closed;
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    return code;
  }

  test.each([
    ["its key", false],
    ["a ticket of its key", true],
  ])(
    "a connection by %s ends within a second once the key is revoked, and its chat with it",
    async (_name, byTicket) => {
      const made = await createKey(platform, root, {
        name: `k${byTicket}`,
        scopes: ["inference.call", "self.write"],
      });
      const socket = byTicket
        ? await connectSocket(platform, `/ws/chat?ticket=${await ticketOf(made.key)}`)
        : await connectSocket(platform, "/ws/chat", bearer(made.key));
      openai.script({ kind: "stream", chunks: 1_000, intervalMs: 20 });
      socket.send(chatStart("c", "fake/tiny-chat"));
      await socket.next("chat.delta", "c");
      const request = openai.requests.at(-1);
      const code = await closing(socket, () =>
        ask(platform, `/api/v1/keys/${made.id}`, {
          method: "DELETE",
          headers: { authorization: `Bearer ${root}` },
        }),
      );
      expect(code).toBe(4401);
      await request?.closed;
      expect(request?.aborted).toBe(true);
    },
  );

  test.each([
    ["its token", false],
    ["a ticket of its token", true],
  ])("a connection by %s ends within a second once the session is", async (_name, byTicket) => {
    const token = await logIn(`u${byTicket}`);
    const socket = byTicket
      ? await connectSocket(platform, `/ws?ticket=${await ticketOf(token)}`)
      : await connectSocket(platform, "/ws", bearer(token));
    const code = await closing(socket, () => as(platform, token)("/api/v1/auth/logout", { body: {} }));
    expect(code).toBe(4401);
  });

  test("who loses the permission of a channel is told so", async () => {
    const { id, key } = await createUser(platform, root, {
      name: "demoted",
      role: "operator",
      with_key: true,
    });
    const socket = await connectSocket(platform, "/ws/events", bearer(key ?? ""));
    const code = await closing(socket, () =>
      ask(platform, `/api/v1/users/${id}`, {
        method: "PUT",
        body: { role: "developer" },
        headers: { authorization: `Bearer ${root}` },
      }),
    );
    expect(code).toBe(4403);
  });
});

describe("operations over WebSocket", () => {
  test("are allowed, refused and put on record as over REST", async () => {
    const socket = await connectSocket(platform, "/ws", bearer(keyOf("viewer")));
    const call = (id: string, name: string, input?: unknown) =>
      socket.send({ type: "operation.call", id, data: { name, input } });
    call("a", "models.list");
    expect((await socket.next("operation.result", "a")).data["output"]).toMatchObject({
      models: expect.arrayContaining([expect.objectContaining({ integration: "fake" })]),
    });
    call("b", "keys.create", { name: "x" });
    expect((await socket.next("operation.error", "b")).data["error"]).toMatchObject({ code: "forbidden" });
    call("c", "usage.list", { limit: "many" });
    expect((await socket.next("operation.error", "c")).data["error"]).toMatchObject({
      code: "invalid_request",
    });
    call("d", "no.such");
    expect((await socket.next("operation.error", "d")).data["error"]).toMatchObject({ code: "not_found" });
    call("e", "auth.login", { name: "nobody", password: "wrong" });
    expect((await socket.next("operation.error", "e")).data["error"]).toMatchObject({
      code: "unauthenticated",
    });
    await socket.close();
    const admin = await connectSocket(platform, "/ws", bearer(root));
    admin.send({
      type: "operation.call",
      id: "t",
      data: { name: "teams.create", input: { name: "by-socket" } },
    });
    await admin.next("operation.result", "t");
    admin.send({ type: "operation.call", id: "l", data: { name: "audit.list", input: { limit: 20 } } });
    const { data } = await admin.next("operation.result", "l");
    expect(JSON.stringify(data)).toMatch(/teams\.create.*by-socket|by-socket.*teams\.create/);
    expect(JSON.stringify(data)).toContain("keys.create");
    await admin.close();
  });

  test("feeds are followed, left and refused", async () => {
    const socket = await connectSocket(platform, "/ws", bearer(root));
    socket.send({ type: "feed.follow", id: "m", data: { name: "models" } });
    expect((await socket.next("snapshot", "m")).data["models"]).toEqual(
      expect.arrayContaining([expect.objectContaining({ integration: "fake" })]),
    );
    socket.send({ type: "feed.follow", id: "e", data: { name: "events", input: { after_id: "0" } } });
    const first = await socket.next("integration.state_changed", "e");
    expect(first.item_id).toMatch(/^[0-9a-z]+-\d+$/);
    socket.send({ type: "feed.leave", id: "e" });
    await socket.next("feed.ended", "e");
    socket.send({ type: "feed.follow", id: "n", data: { name: "nothing" } });
    expect((await socket.next("feed.error", "n")).data["error"]).toMatchObject({ code: "not_found" });
    await socket.close();
    const developer = await connectSocket(platform, "/ws/models", bearer(keyOf("developer")));
    await developer.next("snapshot", "models");
    developer.send({ type: "feed.follow", id: "e", data: { name: "events" } });
    expect((await developer.next("feed.error", "e")).data["error"]).toMatchObject({ code: "forbidden" });
    await developer.close();
  });

  test("samples of metrics have the series that were asked for", async () => {
    const path = "/ws/metrics?interval_seconds=1&series=llm_websocket_connections,llm_build_info";
    const socket = await connectSocket(platform, path, bearer(root));
    await socket.next("sample", "metrics");
    await expect.poll(() => socket.of("metrics").length, { timeout: 5_000 }).toBeGreaterThan(2);
    const names = socket
      .of("metrics")
      .flatMap(({ data }) => data["series"].map(({ name }: { name: string }) => name));
    expect(new Set(names)).toEqual(new Set(["llm_websocket_connections", "llm_build_info"]));
    await socket.close();
  });
});
