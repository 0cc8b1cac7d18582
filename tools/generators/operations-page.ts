import { readOperations } from "./inert-operations.ts";
import { code, formatPage, formatTable } from "./markdown.ts";

/** The page about operations. */
export function operationsPage(): string {
  const rows = readOperations().map(({ name, permission, rest, summary }) => [
    code(name),
    code(permission),
    code(`${rest.method} ${rest.path}`),
    summary,
  ]);
  return formatPage([
    "# Operations",
    "Everything that an operator can do. Each operation stands once in a table in the code, and every protocol is a skin over it. Inputs and outputs are in [contracts/openapi.json](../../contracts/openapi.json).",
    formatTable(["Operation", "Permission", "REST", "What it does"], rows),
    [
      "- Names in the path are part of the input. Of `GET` and `DELETE` the rest of the input is the query; of `POST` and `PUT` it is a JSON object in the body.",
      "- An error is `application/problem+json`; see [errors](errors.md).",
      "- `GET /integrations/events` with `accept: text/event-stream` is a stream that goes on; `last-event-id` takes it up again.",
      "- `POST /local/ollama/pull` and `POST /local/ollama/generate` stream, and so stand beside the table; they are in the OpenAPI file.",
      "- So does `GET /api/v1/usage/export?format=csv|json`: the records of the ledger as one file, oldest first, with the filters of `usage.list`.",
    ].join("\n"),
  ]);
}
