import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { readGraphSchema } from "../../tools/generators/graphql-schema.ts";
import { askGraph } from "./graphql-calls.ts";
import { eventsOf, member } from "./http.ts";
import { createKey, createUser } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

// The table is contracts/graphql-access.txt: `npx vitest run test/e2e/graphql-access.test.ts --update` writes it anew, to be read.
const table = "../../contracts/graphql-access.txt";
const roles = ["admin", "operator", "developer", "viewer"] as const;
const keyOf = (role: string): string => `${role}-key-0123456789`;
/** A developer of another team than the one that things with an id belong to. */
const otherTeam = "other-team";
const roots = ["query", "mutation", "subscription"] as const;

let platform: Platform;
const madeKeys = new Map<string, string>();
/** Ids of things of a team, by the start of the fields that take them. */
const ids = new Map<string, string>();

beforeAll(async () => {
  const api_keys = roles.map((role) => ({ name: role, key: keyOf(role), role }));
  platform = await startPlatform({ config: { auth: { api_keys } } });
  const admin = keyOf("admin");
  const makeTeam = async (name: string) => {
    const query = "mutation ($name: String!) { teamsCreate(input: {name: $name}) { id } }";
    const { data } = await askGraph(platform, { query, variables: { name }, key: admin });
    return z.object({ teamsCreate: z.object({ id: z.string() }) }).parse(data).teamsCreate.id;
  };
  await createUser(platform, admin, { name: "first", role: "admin" });
  const one = await makeTeam("one");
  const other = await makeTeam("other");
  const mate = await createUser(platform, admin, { name: "member", role: "developer", team: one });
  const stranger = await createUser(platform, admin, {
    name: "stranger",
    role: "developer",
    team: other,
    with_key: true,
  });
  madeKeys.set(otherTeam, stranger.key ?? "");
  ids.set("team", one);
  ids.set("user", mate.id);
  ids.set("key", (await createKey(platform, admin, { name: "theirs", owner: mate.id })).id);
});
afterAll(() => platform.stop());

type Root = (typeof roots)[number];
type Field = GraphQLField<unknown, unknown>;

function fieldsOf(root: Root): readonly Field[] {
  const schema = readGraphSchema();
  const type = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  }[root];
  // What changes the server for those that come after it is asked last.
  const isLast = ({ name }: Field) => Number(name.endsWith("RestartAll"));
  return Object.values(type?.getFields() ?? {}).toSorted(
    (a, b) => isLast(a) - isLast(b) || a.name.localeCompare(b.name),
  );
}

/** A value of a type that no operation takes: who may is told so, and nothing is done. */
function wrongValue(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return wrongValue(type.ofType);
  if (isListType(type)) return [wrongValue(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (!isInputObjectType(type))
    return { Int: -1, Float: -1, Boolean: false, String: "", JSON: { wrong: true } }[String(type)];
  return wrongMembers(Object.values(type.getFields()));
}

/** Those that are needed; where none is, all, so that one is wrong. */
function wrongMembers(
  members: readonly Pick<GraphQLArgument, "name" | "type">[],
): Readonly<Record<string, unknown>> {
  const needed = members.filter(({ type }) => isNonNullType(type));
  const long = (value: unknown) => (value === "" ? "x".repeat(20_000) : value);
  return Object.fromEntries(
    (needed.length > 0 ? needed : members.filter(({ name }) => name !== "first" && name !== "after")).map(
      ({ name, type }) => {
        const value = wrongValue(type);
        return [name, needed.length > 0 ? value : long(value)];
      },
    ),
  );
}

async function ask(root: Root, field: Field, role: string | undefined): Promise<string> {
  const id = ids.get([...ids.keys()].find((start) => field.name.startsWith(start)) ?? "");
  const values = wrongMembers(field.args);
  const withIds =
    role === otherTeam && id !== undefined
      ? Object.fromEntries(
          Object.entries(values).map(([name, value]) => [
            name,
            name === "id" ? id : member(value, "id") === undefined ? value : { ...Object(value), id },
          ]),
        )
      : values;
  const declared = field.args
    .filter(({ name }) => name in withIds)
    .map(({ name, type }) => `$${name}: ${String(type)}`);
  const passed = Object.keys(withIds).map((name) => `${name}: $${name}`);
  const inParens = (parts: readonly string[]) => (parts.length === 0 ? "" : `(${parts.join(", ")})`);
  const selection = isCompositeType(getNamedType(field.type)) ? "{ __typename }" : "";
  const answer = await askGraph(platform, {
    query: `${root} ${inParens(declared)} { ${field.name}${inParens(passed)} ${selection} }`,
    variables: withIds,
    key: role === undefined ? undefined : (madeKeys.get(role) ?? keyOf(role)),
    headers: root === "subscription" ? { accept: "text/event-stream" } : {},
  });
  const told =
    root === "subscription" && answer.status === 200
      ? Object(eventsOf(answer.text)[0]).errors
      : answer.errors;
  const code = member(member(member(told, "0"), "extensions"), "code");
  if (answer.status === 422) throw new Error(`${field.name} was not asked: ${answer.text}`);
  // A wrong password is no refusal of the field.
  const isPublic = field.description?.includes("Permission: `public`") === true;
  if (code === "unauthenticated" && !isPublic) return "401";
  return code === "forbidden" ? "403" : "yes";
}

test("each field of the root answers each role as the table says", { timeout: 120_000 }, async () => {
  const callers = [undefined, ...roles, otherTeam];
  const named = roots.flatMap((root) =>
    fieldsOf(root).map((field) => ({ root, field, name: `${root} ${field.name}` })),
  );
  const width = Math.max(...named.map(({ name }) => name.length));
  const line = (first: string, cells: readonly string[]) =>
    `${first.padEnd(width)}  ${cells.map((cell) => cell.padEnd(10)).join("  ")}`.trimEnd();
  const lines = [line("", ["anonymous", ...roles, otherTeam])];
  for (const { root, field, name } of named) {
    const cells: string[] = [];
    for (const role of callers) cells.push(await ask(root, field, role));
    lines.push(line(name, cells));
  }
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(table);
});

test("the running server has these fields and no others", async () => {
  const query =
    "{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }";
  const { data } = await askGraph(platform, { query, key: keyOf("admin") });
  const namesOf = (root: Root) => {
    const fields = member(member(member(data, "__schema"), `${root}Type`), "fields");
    return Array.isArray(fields) ? fields.map((field: unknown) => member(field, "name")).toSorted() : [];
  };
  for (const root of roots)
    expect(namesOf(root)).toEqual(
      fieldsOf(root)
        .map(({ name }) => name)
        .toSorted(),
    );
});
