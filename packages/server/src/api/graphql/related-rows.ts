import { PlatformError } from "@llm-platform/kit";
import type { GraphCall } from "./graph-call.ts";
import { memberOf } from "./type-builder.ts";

/** How things are found that belong to others: by an operation that lists them. */
export interface Relation {
  readonly operation: string;
  /** Where its answer has the list. */
  readonly member: string;
  /** The member of its input that takes several keys at once; undefined where it gives all that there is. */
  readonly filter?: string;
  /** By what a row is found. */
  keyOf(row: unknown): string;
}

const rowsPerPage = 1_000;
/** Rows that one request looks through for what belongs to things of its own; 10,000 take some tens of milliseconds. */
const mostPages = 10;

/** Everything that belongs to one key. What the fields of a list ask for is looked up together. */
export async function relatedRows(
  call: GraphCall,
  relation: Relation,
  key: string,
): Promise<readonly unknown[]> {
  const loader = call.loader(`${relation.operation} ${relation.filter ?? ""}`, (keys) =>
    loadRows(call, relation, keys),
  );
  const rows = await loader.get(relation.filter === undefined ? everything : key);
  if (!Array.isArray(rows)) return [];
  return rows.filter((row: unknown) => relation.keyOf(row) === key);
}

const everything = "";

async function loadRows(
  call: GraphCall,
  { operation, member, filter, keyOf }: Relation,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  if (filter === undefined) return new Map([[everything, rowsIn(await call.run(operation, {}), member)]]);
  const found = new Map<string, unknown[]>();
  let cursor: unknown;
  for (let page = 0; page < mostPages; page++) {
    const question = { [filter]: keys.join(","), limit: rowsPerPage, cursor: cursor ?? undefined };
    const answer = await call.run(operation, question);
    for (const row of rowsIn(answer, member)) {
      const key = keyOf(row);
      found.set(key, [...(found.get(key) ?? []), row]);
    }
    cursor = memberOf(answer, "next_cursor");
    if (cursor === null || cursor === undefined) return found;
  }
  throw new PlatformError(
    "invalid_request",
    `There are more than ${rowsPerPage * mostPages} of them. Ask for fewer things of the list around them, or for the list itself, page by page.`,
    { field: member },
  );
}

function rowsIn(answer: unknown, member: string): readonly unknown[] {
  const rows = memberOf(answer, member);
  return Array.isArray(rows) ? rows : [];
}
