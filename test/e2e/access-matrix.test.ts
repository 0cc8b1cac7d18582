import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { status } from "@grpc/grpc-js";
import { z } from "zod";
import { protoFiles } from "../../packages/server/src/api/grpc/generated/descriptors.ts";
import { permissionNames, permissionsOf } from "../../packages/server/src/core/permissions.ts";
import { openGrpc } from "../grpc/grpc-client.ts";
import { grpc, grpcServices } from "../grpc/methods.ts";
import { ask } from "./http.ts";
import { createKey, createUser } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

// The table is contracts/access-matrix.txt: `npx vitest run test/e2e/access-matrix.test.ts --update` writes it anew, to be read.
const table = "../../contracts/access-matrix.txt";
const grpcTable = "../../contracts/grpc-access-matrix.txt";
const roles = ["admin", "operator", "developer", "viewer"] as const;
const keyOf = (role: string): string => `${role}-key-0123456789`;

/** A developer of another team than the one that things with an id belong to. */
const otherTeam = "other-team";

let platform: Platform;
/** Keys that the platform has made, by who calls with them. */
const madeKeys = new Map<string, string>();
/** Ids of things of a team, by the start of the routes that take them. */
const ids = new Map<string, string>();

beforeAll(async () => {
  const api_keys = roles.map((role) => ({ name: role, key: keyOf(role), role }));
  platform = await startPlatform({ config: { auth: { api_keys } } });
  await makeTeams(keyOf("admin"));
});

/** Two teams: one has a member with a key, the other has who is not to get at them. */
async function makeTeams(admin: string): Promise<void> {
  const headers = { authorization: `Bearer ${admin}` };
  const make = async (path: string, body: object) =>
    z.object({ id: z.string() }).parse((await ask(platform, path, { body, headers })).json).id;
  await createUser(platform, admin, { name: "first", role: "admin" });
  const one = await make("/api/v1/teams", { name: "one" });
  const other = await make("/api/v1/teams", { name: "other" });
  const member = await createUser(platform, admin, { name: "member", role: "developer", team: one });
  const stranger = await createUser(platform, admin, {
    name: "stranger",
    role: "developer",
    team: other,
    with_key: true,
  });
  await ask(platform, "/api/v1/roles", { body: { name: "their-role", permissions: ["self.read"] }, headers });
  madeKeys.set(otherTeam, stranger.key ?? "");
  ids.set("/api/v1/teams/{id}", one);
  ids.set("/api/v1/users/{id}", member.id);
  ids.set("/api/v1/keys/{id}", (await createKey(platform, admin, { name: "theirs", owner: member.id })).id);
  ids.set("/api/v1/roles/{name}", "their-role");
}

afterAll(async () => {
  await platform.stop();
});

const listed = z.object({ routes: z.array(z.object({ method: z.string(), path: z.string() })) });

/** The routes of the running server, those last after which it is not as before. */
async function readRoutes(): Promise<z.output<typeof listed>["routes"]> {
  const answer = await ask(platform, "/api/v1/access/routes", { headers: headersOf("admin") });
  const { routes } = listed.parse(answer.json);
  const isLast = ({ path }: { readonly path: string }) => Number(path.endsWith("restart-all"));
  return routes.toSorted((a, b) => isLast(a) - isLast(b) || toName(a).localeCompare(toName(b)));
}

function toName({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method.padEnd(6)} ${path}`;
}

function headersOf(role: string | undefined): Readonly<Record<string, string>> {
  return role === undefined ? {} : { authorization: `Bearer ${madeKeys.get(role) ?? keyOf(role)}` };
}

/** Who is of another team asks for what there is; everybody else for what there is not, so that it stays. */
function fill(path: string, role: string | undefined): string {
  const start = [...ids.keys()].find((each) => path.startsWith(each)) ?? "";
  const id = role === otherTeam ? ids.get(start) : undefined;
  return path.replaceAll(/\{\w+\}/g, id ?? "no-such-thing");
}

async function call(
  { method, path }: { readonly method: string; readonly path: string },
  role: string | undefined,
): Promise<string> {
  const filled = fill(path, role);
  const answer = await ask(platform, filled, {
    method,
    headers: headersOf(role),
    ...(method === "GET" || method === "DELETE" ? {} : { body: {} }),
  });
  return answer.status === 401 || answer.status === 403 ? String(answer.status) : "yes";
}

test("each route answers each role as the table says, and the server has no route beside it", async () => {
  const routes = await readRoutes();
  const width = Math.max(...routes.map((route) => toName(route).length));
  const line = (first: string, cells: readonly string[]) =>
    `${first.padEnd(width)}  ${cells.map((cell) => cell.padEnd(10)).join("  ")}`.trimEnd();
  const lines = [line("", ["anonymous", ...roles, otherTeam])];
  for (const route of routes) {
    const cells: string[] = [];
    for (const role of [undefined, ...roles, otherTeam]) cells.push(await call(route, role));
    lines.push(line(toName(route), cells));
  }
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(table);
  // Some 170 routes for eight callers each.
}, 120_000);

/** Every method over gRPC with an empty message: nothing is changed by that, and who may not is told so before it is looked at. */
test("R10: each method over gRPC answers each role as the table says", async () => {
  const client = await openGrpc(platform);
  const methods = protoFiles.flatMap(({ symbols }) => symbols).flatMap((symbol) => toMethod(symbol) ?? []);
  const width = Math.max(...methods.map(({ path }) => path.length));
  const line = (first: string, cells: readonly string[]) =>
    `${first.padEnd(width)}  ${cells.map((cell) => cell.padEnd(17)).join("  ")}`.trimEnd();
  const lines = [line("", ["anonymous", ...roles, otherTeam])];
  for (const { path, method } of methods) {
    const cells = await Promise.all(
      [undefined, ...roles, otherTeam].map(async (role) => {
        const key = role === undefined ? undefined : (madeKeys.get(role) ?? keyOf(role));
        const { code, message } = await client.ask(method, new Uint8Array(), { key, timeoutMs: 3_000 });
        expect(code, message).not.toBe(status.UNAVAILABLE);
        const isRefused = code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED;
        return isRefused ? String(status[code]) : "yes";
      }),
    );
    lines.push(line(path, cells));
  }
  client.close();
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(grpcTable);
}, 60_000);

test("an operation by its name over gRPC needs what it needs by its own path", async () => {
  const client = await openGrpc(platform);
  const listed = await client.ask(grpc.operations.list, {}, { key: keyOf("admin") });
  const operations = listed.reply?.operations ?? [];
  expect(operations.length).toBeGreaterThan(50);
  for (const { name, permission } of operations) {
    if (permission === "public") continue;
    expect((await client.ask(grpc.operations.call, { name })).code, name).toBe(status.UNAUTHENTICATED);
    for (const role of roles) {
      if (permissionsOf(role).has(permissionNames.find((each) => each === permission) ?? "self.read"))
        continue;
      const { code } = await client.ask(grpc.operations.call, { name }, { key: keyOf(role) });
      expect(code, `${name} by ${role}`).toBe(status.PERMISSION_DENIED);
    }
  }
  client.close();
}, 60_000);

const bytes = { encode: (message: Uint8Array) => ({ finish: () => message }), decode: () => undefined };

function toMethod(symbol: string) {
  const [, service, name] = /^(.+\.(?:[A-Z]\w+))\.([A-Z]\w+)$/.exec(symbol) ?? [];
  if (service === undefined || name === undefined || !grpcServices.has(service)) return undefined;
  const method = { service: { fullName: service }, type: { name, requestType: bytes, responseType: bytes } };
  return { path: `${service}/${name}`, method };
}

test("every documented route is one of the running server", async () => {
  const served = new Set((await readRoutes()).map(toName));
  const contract = new URL("../../contracts/openapi.json", import.meta.url);
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(JSON.parse(readFileSync(contract, "utf8")));
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => toName({ method: method.toUpperCase(), path })),
  );
  expect(documented.filter((name) => !served.has(name))).toEqual([]);
  expect([...served].filter((name) => !documented.includes(name))).toEqual([]);
});
