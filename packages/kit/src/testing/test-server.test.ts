import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestServer, type TestServer } from "./test-server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await createTestServer({ body: "up" });
});

afterEach(() => server.stop());

test("answers every request alike, and tells what it was asked", async () => {
  const response = await fetch(`${server.url}/path?q=1`, {
    method: "POST",
    headers: { "x-key": "k" },
    body: "hello",
  });
  expect([response.status, await response.text()]).toEqual([200, "up"]);
  expect(server.requests).toEqual([
    { method: "POST", path: "/path?q=1", headers: expect.objectContaining({ "x-key": "k" }), body: "hello" },
  ]);
});

test("says something else when it is told to, by request when a function decides", async () => {
  server.answer(({ path }) => (path === "/gone" ? { status: 404 } : { body: { is: "up" } }));
  expect((await fetch(`${server.url}/gone`)).status).toBe(404);
  expect(await (await fetch(`${server.url}/here`)).json()).toEqual({ is: "up" });
});

test("takes a request and never answers while it hangs; its end ends the request", async () => {
  server.answer("hang");
  const request = fetch(server.url);
  await expect.poll(() => server.requests.length).toBe(1);
  await server.stop();
  await expect(request).rejects.toThrow();
});
