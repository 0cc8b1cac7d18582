import { z } from "zod";
import { permissions } from "../../packages/server/src/core/permissions.ts";
import { readFeeds, readOperations } from "./inert-operations.ts";
import { type DescribedType, typeText } from "./type-text.ts";

/** The operations and feeds as the client knows them: their types, and where each stands in the REST API. */
export function formatClientOperations(): string {
  const operations = readOperations();
  const types = operations.map(
    ({ name, summary, input, output }) =>
      `  /** ${summary} */\n  readonly ${JSON.stringify(name)}: {\n    readonly input: ${typeOf(input, "input")};\n    readonly output: ${typeOf(output, "output")};\n  };`,
  );
  const routes = operations.map(
    ({ name, permission, rest }) =>
      `  ${JSON.stringify(name)}: { method: "${rest.method}", path: "${rest.path}", permission: "${permission}" },`,
  );
  const feeds = readFeeds();
  const followed = feeds.map(
    ({ name, summary, input, item }) =>
      `  /** ${summary} */\n  readonly ${name}: {\n    readonly input: ${typeOf(input, "input")};\n    readonly item: ${typeOf(item, "output")};\n  };`,
  );
  return [
    "// Made by `node tools/generate.ts` from the table of operations. Do not change it by hand.",
    `/** What a caller can be allowed to. */\nexport type Permission = ${Object.keys(permissions)
      .map((name) => JSON.stringify(name))
      .join(" | ")};`,
    `/** What each operation takes and gives. */\nexport interface OperationTypes {\n${types.join("\n")}\n}`,
    '/** Where an operation stands in the REST API, and what its caller must be allowed to. */\nexport interface OperationRoute {\n  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";\n  readonly path: string;\n  readonly permission: Permission | "public";\n}',
    `export const operationRoutes: Readonly<Record<keyof OperationTypes, OperationRoute>> = {\n${routes.join("\n")}\n};`,
    `/** What each feed takes, and what its items hold. */\nexport interface FeedTypes {\n${followed.join("\n")}\n}`,
    `/** What a follower must be allowed to. */\nexport const feedPermissions: Readonly<Record<keyof FeedTypes, Permission>> = {\n${feeds.map(({ name, permission }) => `  ${name}: "${permission}",`).join("\n")}\n};`,
  ]
    .join("\n\n")
    .concat("\n");
}

function typeOf(schema: z.ZodType, io: "input" | "output"): string {
  // What zod describes is a JSON Schema.
  return typeText(z.toJSONSchema(schema, { io, unrepresentable: "any" }) as DescribedType);
}
