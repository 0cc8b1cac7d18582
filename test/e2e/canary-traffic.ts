import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Fault } from "../fakes/fault.ts";
import type { FakeUpstream } from "../fakes/fake-upstream.ts";
import { followLogin } from "../fakes/oidc-provider.ts";
import type { Canaries } from "./canaries.ts";
import { type Answer, ask, type Asking, member, toAnswer } from "./http.ts";
import type { Platform } from "./start-platform.ts";

/** A route of the running server. */
export type Route = { readonly method: string; readonly path: string };

/** Who plants: everything that a client can send, with a secret in it. */
export type Planter = {
  readonly platform: Platform;
  readonly canaries: Canaries;
  /** Of an admin. */
  readonly key: string;
  /** What came back for each thing that was sent, by what it was. */
  readonly answers: Map<string, string>;
};

export async function send(
  { platform, key, answers }: Planter,
  path: string,
  asking: Asking = {},
): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}`, ...asking.headers };
  const answer = await ask(platform, path, { ...asking, headers });
  answers.set(
    `${asking.method ?? "one"} ${path} (${answers.size})`,
    JSON.stringify([...answer.headers]) + answer.text,
  );
  return answer;
}

/** Credentials that are wrong, and headers that are none of ours. */
export async function sendHeaders(planter: Planter): Promise<void> {
  const { canaries } = planter;
  const paths = ["/v1/models", "/v1/chat/completions", "/api/v1/users", "/metrics", "/integrations/"];
  const wrong = [
    { authorization: `Bearer ${canaries.of("bearer")}` },
    { authorization: `Basic ${btoa(`ada:${canaries.of("basic")}`)}` },
    { authorization: "", "x-api-key": canaries.of("x-api-key") },
    { authorization: "", "api-key": canaries.of("api-key") },
  ];
  for (const path of paths) {
    for (const headers of wrong) {
      await send(planter, path, { headers });
      await send(planter, path, { headers, body: { model: "x" } });
    }
    await send(planter, path, {
      headers: {
        cookie: `session=${canaries.of("cookie")}; llmp_refresh=${canaries.of("refresh cookie")}`,
        referer: `https://example.org/?token=${canaries.of("referer")}`,
        "user-agent": canaries.of("user agent"),
        traceparent: canaries.of("traceparent"),
        tracestate: `a=${canaries.of("tracestate")}`,
        "x-forwarded-for": canaries.of("x-forwarded-for"),
        "x-request-id": canaries.of("x-request-id"),
        "x-portkey-custom-host": canaries.of("custom header"),
      },
    });
  }
}

/** A request to every route with a secret in its path, its query and its body. */
export async function sendToRoutes(planter: Planter, routes: readonly Route[]): Promise<void> {
  const { canaries } = planter;
  const secret = canaries.of("body field");
  const body = { api_kye: secret, password: secret, settings: { api_kye: secret }, name: { x: secret } };
  for (const { method, path } of routes) {
    const query = `?api_key=${canaries.of("query")}&limit=${canaries.of("query value")}`;
    const filled = path.replaceAll(/\{\w+\}/g, canaries.of("path")) + query;
    // A change of the master key has a part of its own.
    if (path.endsWith("/rotate") || path.endsWith("/restart-all")) continue;
    const asking = method === "GET" || method === "DELETE" ? { method } : { method, body };
    await send(planter, filled, asking);
    if (method !== "GET" && method !== "DELETE")
      await send(planter, filled, { method, body: `{"x": "${secret}` });
  }
  for (const path of [
    `/${secret}`,
    `/v1/${secret}`,
    `/api/v1/${secret}?x=${secret}`,
    `/integrations/x/${secret}`,
  ])
    await send(planter, path);
  await sendMalformed(planter);
}

/** What no HTTP client would send. */
async function sendMalformed({ platform, canaries, answers }: Planter): Promise<void> {
  const secret = canaries.of("malformed request");
  const heads = [
    `GET /${secret} HTTP/9.9\r\n\r\n`,
    `GET /v1/models HTTP/1.1\r\nhost: x\r\nx ${secret}: y\r\n\r\n`,
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${secret}\r\n\r\n`,
    `${secret}\r\n\r\n`,
    `GET /v1/models HTTP/1.1\r\nhost: ${canaries.of("host")}\r\nconnection: close\r\n\r\n`,
  ];
  for (const head of heads) {
    const socket = connect(platform.port, "127.0.0.1");
    socket.end(head);
    answers.set(`a malformed request ${answers.size}`, await text(socket).catch(() => ""));
  }
}

/** Model calls: good ones, refused ones, and those whose upstream tells more than it should. */
export async function callModels(planter: Planter, upstream: FakeUpstream): Promise<void> {
  const { canaries } = planter;
  const body = {
    messages: [
      { role: "user", content: `prompt ${canaries.of("prompt")}` },
      {
        role: "assistant",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "f", arguments: canaries.of("tool argument") } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: canaries.of("tool result") },
    ],
    user: canaries.of("user field"),
    metadata: { note: canaries.of("metadata field") },
    api_base: `http://x:${canaries.of("api_base")}@127.0.0.1:1`,
  };
  const call = (model: string, more: object = {}) =>
    send(planter, "/v1/chat/completions", { body: { model, ...body, ...more } });
  for (const stream of [true, false]) {
    await call("fake/tiny-chat", { stream });
    await call("fake/no-such-model", { stream });
    await call("stranger/tiny-chat", { stream });
    for (const fault of leakyFaults(canaries)) {
      upstream.script([fault, fault, fault]);
      await call("fake/tiny-chat", { stream });
      await upstream.reset();
    }
  }
  await send(planter, "/v1/chat/completions", { body: { ...body, model: 7 } });
  const embedding = { model: "fake/tiny-embed", input: canaries.of("embedding input") };
  await send(planter, "/v1/embeddings", { body: embedding });
  await keepResponses(planter);
}

/** Calls whose content is kept for their caller, who is told it again; and the same in Ollama's words. */
async function keepResponses({ platform, canaries, key }: Planter): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const model = "fake/tiny-chat";
  const first = await ask(platform, "/v1/responses", {
    headers,
    body: {
      model,
      input: canaries.of("input of a response"),
      instructions: canaries.of("instructions of a response"),
      metadata: { note: canaries.of("metadata of a response") },
      user: canaries.of("user of a response"),
    },
  });
  const previous = member(first.json, "id");
  const second = { model, previous_response_id: previous, input: "And then?", stream: true };
  await ask(platform, "/v1/responses", { headers, body: second });
  const messages = [{ role: "user", content: canaries.of("message in Ollama's words") }];
  await ask(platform, "/api/chat", { headers, body: { model, messages } });
  await ask(platform, "/api/generate", {
    headers,
    body: { model, prompt: canaries.of("prompt in Ollama's words") },
  });
}

/** What the upstream says beside a reply. The content of a reply is the client's. */
function leakyFaults(canaries: Canaries): readonly Fault[] {
  const message = `refused sk ${canaries.of("upstream error text")}`;
  const body = JSON.stringify({ error: { message, type: message, code: message, param: message } });
  return [
    ...[400, 401, 403, 404, 413, 429, 500, 503].map((status) => ({ kind: "status" as const, status, body })),
    { kind: "status", status: 500, body: message, headers: [["x-secret", canaries.of("upstream header")]] },
    { kind: "status", status: 200, body: `{"x": ${message}` },
    { kind: "redirect", location: `http://127.0.0.1:1/?token=${canaries.of("upstream redirect")}` },
    { kind: "reset-before-head" },
    { kind: "html" },
  ];
}

/** Logins that fail and that work, and everything that gives out a secret once. */
export async function logIn(planter: Planter): Promise<void> {
  const { canaries } = planter;
  const password = canaries.of("password");
  const made = await send(planter, "/api/v1/users", {
    body: { name: "ada", role: "viewer", password: canaries.of("password in a wrong place") },
  });
  const user = await ask(planter.platform, "/api/v1/users", {
    headers: { authorization: `Bearer ${planter.key}` },
    body: { name: "ada", role: "admin", with_key: true },
  });
  canaries.add("key of a user", String(member(user.json, "key")));
  const path = `/api/v1/users/${String(member(user.json, "id") ?? member(made.json, "id"))}`;
  await send(planter, `${path}/password`, { method: "PUT", body: { password: "short" } });
  await send(planter, `${path}/password`, { method: "PUT", body: { password } });
  await send(planter, "/api/v1/auth/login", {
    body: { name: "ada", password: canaries.of("wrong password") },
  });
  const login = await ask(planter.platform, "/api/v1/auth/login", { body: { name: "ada", password } });
  const refresh = String(member(login.json, "refresh_token"));
  canaries.add("access token", String(member(login.json, "access_token")));
  canaries.add("refresh token", refresh);
  const changed = await ask(planter.platform, "/api/v1/auth/refresh", { body: { refresh_token: refresh } });
  canaries.add("second refresh token", String(member(changed.json, "refresh_token")));
  await send(planter, "/api/v1/auth/refresh", { body: { refresh_token: refresh } });
  await send(planter, "/api/v1/setup", {
    body: { token: canaries.of("wrong set-up token"), name: "eve" },
  });
  await send(planter, "/api/v1/secrets/unseal", {
    body: { master_key: canaries.of("wrong master key") },
  });
  const key = await ask(planter.platform, "/api/v1/keys", {
    headers: { authorization: `Bearer ${planter.key}` },
    body: { name: "made", role: "developer" },
  });
  canaries.add("made key", String(member(key.json, "key")));
}

/** A login at a provider, one that is forged, and one that the provider refuses. */
export async function logInByBrowser({ platform, canaries, answers }: Planter): Promise<void> {
  const start = `${platform.url}/api/v1/auth/oidc/corp/start?answer=json`;
  const { response } = await followLogin(start, { login: "bob" });
  const pair = await toAnswer(response);
  canaries.add("access token of a browser", String(member(pair.json, "access_token")));
  canaries.add("refresh token of a browser", String(member(pair.json, "refresh_token")));
  const code = `code=${canaries.of("authorization code")}&state=${canaries.of("state")}`;
  const begun = await fetch(start, { redirect: "manual" });
  const cookie = (begun.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  for (const headers of [{}, { cookie }, { cookie: `llmp_login=${canaries.of("login cookie")}` }]) {
    const answer = await fetch(`${platform.url}/api/v1/auth/oidc/corp/callback?${code}`, { headers });
    answers.set(`a callback ${answers.size}`, await answer.text());
  }
}
