import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { ClientError } from "./client-error.ts";
import { type ClientOptions, createClient, type PlatformClient } from "./client.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A client of a server that answers so. */
async function clientOf(
  answer: RequestListener,
  options: Omit<ClientOptions, "url"> = {},
): Promise<PlatformClient> {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return createClient({ url: `http://127.0.0.1:${Object(address).port}/`, ...options });
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ClientError);
  return error;
}

test("sends the key, and escapes names in the path", async () => {
  const seen: unknown[] = [];
  const client = await clientOf(
    (request, response) => {
      seen.push([request.url, request.headers.authorization]);
      response.end("{}");
    },
    { apiKey: "team-key" },
  );
  await client.integration("a/b c");
  await client.showModel("office/tiny chat");
  expect(seen).toEqual([
    ["/integrations/a%2Fb%20c/status", "Bearer team-key"],
    ["/api/v1/models/show?model=office%2Ftiny%20chat", "Bearer team-key"],
  ]);
});

test.each([
  { status: 401, kind: "auth" },
  { status: 403, kind: "auth" },
  { status: 404, kind: "not_found" },
  { status: 400, kind: "failed" },
  { status: 500, kind: "failed" },
  { status: 429, kind: "unavailable" },
  { status: 503, kind: "unavailable" },
])("an answer with status $status is a failure of the kind $kind", async ({ status, kind }) => {
  const client = await clientOf((_request, response) => {
    response.writeHead(status, { "x-request-id": "req_7" });
    response.end(JSON.stringify({ title: "some title", detail: "What is wrong." }));
  });
  expect(await failureOf(client.system())).toMatchObject({
    kind,
    status,
    message: "What is wrong.",
    requestId: "req_7",
  });
});

test("an error page of something else has its status as message", async () => {
  const client = await clientOf((_request, response) => response.writeHead(502).end("<html>"));
  expect(await failureOf(client.system())).toMatchObject({
    kind: "unavailable",
    message: "The server answered with status 502.",
  });
});

test("an answer that is no JSON is told as another server", async () => {
  const client = await clientOf((_request, response) => response.end("<html>"));
  expect(await failureOf(client.models())).toMatchObject({
    kind: "failed",
    message: expect.stringMatching(/is not llm-platform/),
  });
});

test("a server that does not answer in time is told apart from none", async () => {
  const client = await clientOf(() => undefined, { timeoutMs: 20 });
  expect(await failureOf(client.models())).toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/did not answer within 0\.02 seconds/),
  });
});

test("a backup is taken from an answer that says its length and its hash, and from no other", async () => {
  const digest = `sha-256=:${Buffer.alloc(32, 7).toString("base64")}:`;
  const heads: Readonly<Record<string, string>>[] = [
    { "content-length": "3", "repr-digest": digest },
    { "content-length": "3" },
    { "repr-digest": digest },
    { "content-length": "3", "repr-digest": "sha-256=:short=:" },
  ];
  const left = [...heads];
  const client = await clientOf((request, response) => {
    expect([request.method, request.url, request.headers.accept]).toEqual([
      "POST",
      "/api/v1/backups",
      "application/x-tar",
    ]);
    response.writeHead(200, left.shift()).end("abc");
  });
  const sent = await client.backup();
  expect(sent).toMatchObject({ bytes: 3, sha256: "07".repeat(32) });
  expect(Buffer.concat(await Array.fromAsync(sent.body)).toString()).toBe("abc");
  while (left.length > 0) expect(await failureOf(client.backup())).toMatchObject({ kind: "failed" });
});

test("a backup that breaks off is told as that", async () => {
  const digest = `sha-256=:${Buffer.alloc(32).toString("base64")}:`;
  const client = await clientOf((_request, response) => {
    response.writeHead(200, { "content-length": "1000", "repr-digest": digest });
    response.write("abc", () => response.destroy());
  });
  const sent = await client.backup();
  expect(await failureOf(Array.fromAsync(sent.body))).toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/broke off/),
  });
});

test.each(["office", "ftp://office", ""])("%j is no address", (url) => {
  expect(() => createClient({ url })).toThrow(expect.objectContaining({ kind: "usage" }));
});
