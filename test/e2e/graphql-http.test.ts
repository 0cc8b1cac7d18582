import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getIntrospectionQuery } from "graphql";
import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askGraph } from "./graphql-calls.ts";
import { ask, expectNoSecret } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const keys = {
  admin: "admin-key-0123456789",
  developer: "dev-key-0123456789",
  viewer: "view-key-0123456789",
};
const auth = {
  api_keys: Object.entries(keys).map(([role, key]) => ({ name: role, key, role })),
};

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({ config: { auth } });
});
afterAll(() => platform.stop());

const asAdmin = { authorization: `Bearer ${keys.admin}` };
const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(platform, "/graphql", { body, headers: { ...asAdmin, ...headers } });

/** What the audits would have otherwise, and why it is so here. */
const notSo: Readonly<Record<string, string>> = {
  "5A70": "Documents are asked by POST alone, so that no page of another origin asks one by a link.",
  D6D5: "The same.",
  "6A70": "The same.",
  "86EE": "Variables that do not fit are answered with 422, as the newer drafts have it.",
};

test("GraphQL over HTTP is spoken as the audits of graphql-http want it", async () => {
  const audits = serverAudits({
    url: `${platform.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...Object(init.headers), ...asAdmin } }),
  });
  expect(audits.length).toBeGreaterThan(50);
  const failed: string[] = [];
  for (const audit of audits) {
    const { status, id, name } = await audit.fn();
    if (status !== "ok") failed.push(id);
    if (status === "error") throw new Error(`${id} ${name}`);
  }
  expect(failed.toSorted()).toEqual(Object.keys(notSo).toSorted());
});

describe("what is asked", () => {
  const circle = "query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
  const deep = (depth: number) =>
    `{ me ${"{ user { keys { nodes { owner ".repeat(depth)} { id } ${"} } } }".repeat(depth)} }`;
  const aliases = (count: number, field: string) =>
    `mutation { ${Array.from({ length: count }, (_, at) => `a${at}: ${field}`).join(" ")} }`;
  const login = 'authLogin(input: {name: "ann", password: "wrong"}) { accessToken }';
  test.each([
    ["is nested 50 deep (G01)", deep(13)],
    ["has fragments in a circle (G01)", circle],
    ["logs in a thousand times (G02)", aliases(1_000, login)],
    ["has 16 aliases", aliases(16, login)],
    ["has 21 directives", `{ me { name ${"@include(if: true) ".repeat(21)} } }`],
    ["has too many tokens", `{ ${"__typename ".repeat(2_001)} }`],
    ["wants a page of 101", "{ integrations(first: 101) { nodes { name } } }"],
    ["wants a page of 1e9 (G07)", "{ integrations(first: 1000000000) { nodes { name } } }"],
    ["wants a page of none", "{ integrations(first: 0) { nodes { name } } }"],
    ["costs too much", "{ teams(first: 100) { nodes { users(first: 100) { nodes { id } } } } }"],
    ["has a field that there is not", "{ integrationz }"],
  ])("%s: 422", async (_name, query) => {
    const answer = await post({ query });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.json).toMatchObject({ errors: [{ extensions: { code: "invalid_request" } }] });
    expect(answer.json).not.toHaveProperty("data");
  });

  test("is held to its page also where a variable says how large it is", async () => {
    const query = "query ($first: Int = 5000) { integrations(first: $first) { nodes { name } } }";
    expect((await post({ query })).status).toBe(422);
    expect((await post({ query, variables: { first: 5_000 } })).status).toBe(422);
    expect((await post({ query, variables: { first: 5 } })).status).toBe(200);
  });

  test("may be 15 aliases and 8 deep", async () => {
    const query = `{ ${Array.from({ length: 15 }, (_, at) => `a${at}: me { name }`).join(" ")} }`;
    expect((await post({ query })).status).toBe(200);
    const eight = "{ integrations { edges { node { models { edges { node { usage { calls } } } } } } } }";
    expect((await post({ query: eight })).json).toMatchObject({ data: { integrations: {} } });
  });
});

describe("a request", () => {
  const query = "{ me { name } }";

  test("G06: by GET is refused with what is possible", async () => {
    for (const path of [
      "/graphql?query=%7Bme%7Bname%7D%7D",
      "/graphql?query=mutation%7BbackupCreate%7Bfile%7D%7D",
    ]) {
      const answer = await ask(platform, path, { headers: asAdmin });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    }
    const put = await ask(platform, "/graphql", { method: "PUT", body: { query }, headers: asAdmin });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, POST"]);
  });

  test.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["application/json; charset=utf-16", 415],
    ["multipart/form-data; boundary=x", 400],
  ])("G06: as %s is refused", async (type, status) => {
    const answer = await post(JSON.stringify({ query }), { "content-type": type });
    expect(answer.status).toBe(status);
  });

  test("G03: as a batch, too large, too deep or broken is refused", async () => {
    expect((await post(Array.from({ length: 100 }, () => ({ query })))).status).toBe(400);
    expect((await post({ query, variables: { text: "x".repeat(1024 * 1024) } })).status).toBe(413);
    expect(
      (await post(`{"query":"{__typename}","variables":{"a":${"[".repeat(100)}${"]".repeat(100)}}}`)).status,
    ).toBe(400);
    expect((await post(`{"query": "{ me`)).status).toBe(400);
    expect((await post({ query }, { accept: "text/plain" })).status).toBe(406);
    const brotli = await post(JSON.stringify({ query }), { "content-encoding": "br" });
    expect(brotli.status).toBe(415);
  });

  test("is answered in the form that it wants", async () => {
    const form = async (accept: string, of = query) => {
      const answer = await post({ query: of }, { accept });
      return [answer.status, answer.headers.get("content-type")];
    };
    const response = "application/graphql-response+json; charset=utf-8";
    const json = "application/json; charset=utf-8";
    expect(await form("application/graphql-response+json, application/json;q=0.9")).toEqual([200, response]);
    expect(await form("*/*")).toEqual([200, json]);
    // Who knows nothing else takes another status for the answer of something in between.
    expect(await form("application/json", "{ nope }")).toEqual([200, json]);
    expect(await form("application/graphql-response+json", "{ nope }")).toEqual([422, response]);
    expect(await form("application/graphql-response+json", "{ nope")).toEqual([400, response]);
  });

  test("G11: that a field refuses keeps what the others found, in the words of the platform", async () => {
    const partial = await askGraph(platform, {
      query:
        'mutation { keysCreate(input: {name: "", maxConcurrent: -1}) { id } teamsCreate(input: {name: "kept"}) { name } }',
      key: keys.admin,
    });
    expect(partial.status).toBe(200);
    expect(partial.data).toEqual({ keysCreate: null, teamsCreate: { name: "kept" } });
    expect(partial.errors).toMatchObject([
      {
        path: ["keysCreate"],
        extensions: {
          code: "invalid_request",
          requestId: partial.requestId,
          problems: [{ field: "name" }, { field: "maxConcurrent" }],
        },
      },
    ]);
    expect(partial.text).not.toMatch(/stack|\bat .*\.js/);
    expectNoSecret(partial.text);
  });
});

describe("who is not known", () => {
  const ofNobody = (query: string) => askGraph(platform, { query });

  test("may ask for what anybody may, and is told how to become known", async () => {
    const refused = await ofNobody("{ me { name } system { version } }");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toContain(
      "/.well-known/oauth-protected-resource/graphql",
    );
    expect(refused.errors).toMatchObject([{ extensions: { code: "unauthenticated" } }]);
    const login = await ofNobody(
      'mutation { authLogin(input: {name: "ann", password: "wrong"}) { accessToken } }',
    );
    expect([login.status, login.data]).toEqual([200, { authLogin: null }]);
    expect(login.errors).toMatchObject([{ extensions: { code: "unauthenticated" } }]);
    const hidden = await ofNobody("{ ...F } fragment F on Query { me { name } }");
    expect(hidden.data).toEqual({ me: null });
    expect(hidden.errors).toMatchObject([{ extensions: { code: "unauthenticated" } }]);
    const wrong = await askGraph(platform, { query: "{ __typename }", key: "wrong-key-0123456789" });
    expect(wrong.status).toBe(401);
  });

  test("G05: is not told what there is: no introspection, and no suggestions", async () => {
    for (const query of ["{ __schema { types { name } } }", '{ __type(name: "Query") { name } }']) {
      expect((await ofNobody(query)).status).toBe(422);
      expect((await askGraph(platform, { query, key: keys.viewer })).status).toBe(422);
      expect((await askGraph(platform, { query, key: keys.developer })).status).toBe(200);
    }
    const whole = await askGraph(platform, { query: getIntrospectionQuery(), key: keys.developer });
    expect([whole.status, whole.errors]).toEqual([200, []]);
    const misspelt = "{ integrationz { nodes { name } } me { nam } }";
    expect((await ofNobody(misspelt)).text).not.toContain("Did you mean");
    expect((await askGraph(platform, { query: misspelt, key: keys.viewer })).text).not.toContain(
      "Did you mean",
    );
    expect((await askGraph(platform, { query: misspelt, key: keys.developer })).text).toContain(
      "Did you mean",
    );
  });

  test("of many tries to log in, by aliases or by requests, few are heard", async () => {
    const tries = Array.from(
      { length: 15 },
      (_, at) => `a${at}: authLogin(input: {name: "bob", password: "wrong-${at}"}) { accessToken }`,
    );
    const answer = await ofNobody(`mutation { ${tries.join(" ")} }`);
    const codes = answer.errors.map(({ extensions }) => extensions["code"]);
    expect(codes).toHaveLength(15);
    expect(codes.filter((code) => code === "rate_limited").length).toBeGreaterThanOrEqual(9);
    expect(answer.errors.at(-1)?.extensions["retryAfterMs"]).toBeGreaterThan(0);
  });
});

describe("the page", () => {
  const page = (headers: Readonly<Record<string, string>>) => ask(platform, "/graphql", { headers });

  test("is for who may see the schema", async () => {
    const nobody = await page({ accept: "text/html" });
    expect(nobody.status).toBe(401);
    // A browser asks for them then.
    expect(nobody.headers.get("www-authenticate")).toMatch(/Bearer .*Basic /);
    expect((await page({ authorization: `Bearer ${keys.viewer}` })).status).toBe(403);
    expect((await page({ authorization: `Bearer ${keys.developer}` })).status).toBe(200);
    const basic = Buffer.from(`me:${keys.developer}`).toString("base64");
    expect((await page({ authorization: `Basic ${basic}` })).status).toBe(200);
  });

  test("asks nobody else: everything is in it, and its policy allows nothing more", async () => {
    const answer = await page(asAdmin);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
    const tags = answer.text.replaceAll(/<script>[^]*?<\/script>|<style>[^]*?<\/style>/g, "");
    expect(tags).not.toMatch(/(?:src|href)="(?!data:)/);
    const [, script = ""] = /<script>([^]*?)<\/script>/.exec(answer.text) ?? [];
    expect(policy).toContain(`'sha256-${createHash("sha256").update(script).digest("base64")}'`);
    const styles = /<style>([^]*?)<\/style>/.exec(answer.text)?.[1] ?? "";
    expect(styles).not.toMatch(/url\(["']?https?:|@import/);
  });
});

test("persisted operations are asked by their names, and may be all that is answered", async () => {
  const folder = await mkdtemp(join(tmpdir(), "persisted-"));
  const file = join(folder, "operations.json");
  const query = "query Me { me { name } }";
  await writeFile(file, JSON.stringify({ me: query }));
  const only = await startPlatform({
    config: { auth, graphql: { persisted_operations: file, persisted_only: true } },
  });
  const askOnly = async (body: object) => {
    const answer = await ask(only, "/graphql", { body, headers: asAdmin });
    return [answer.status, answer.json];
  };
  const found = [200, { data: { me: { name: "admin" } } }];
  const sha256 = createHash("sha256").update(query).digest("hex");
  expect(await askOnly({ documentId: "me" })).toEqual(found);
  expect(await askOnly({ documentId: `sha256:${sha256}` })).toEqual(found);
  expect(await askOnly({ extensions: { persistedQuery: { version: 1, sha256Hash: sha256 } } })).toEqual(
    found,
  );
  expect(await askOnly({ query })).toEqual(found);
  expect((await askOnly({ query: "{ me { name } }" }))[0]).toBe(403);
  expect((await askOnly({ documentId: "other" }))[0]).toBe(404);
  await only.stop();
  await rm(folder, { recursive: true });
});
