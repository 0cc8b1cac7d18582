import type { DescribedSchema } from "./described-schema.ts";

/** How an operation gives a list: where the things stand in its answer, and how it pages. */
export interface OperationList {
  readonly member: string;
  readonly element: DescribedSchema;
  readonly paging: Paging | undefined;
  /** Whether the input says how many are wanted. */
  readonly hasLimit: boolean;
  /** Further members of the answer. */
  readonly others: readonly string[];
}

/** Names of the members by which an operation pages. */
export interface Paging {
  /** Of the input: where the page begins. */
  readonly cursor: string;
  /** Of the answer: where the next page begins. */
  readonly next: string;
}

const waysToPage: readonly Paging[] = [
  { cursor: "cursor", next: "next_cursor" },
  { cursor: "after_id", next: "next_after_id" },
];

/** The list that an operation gives; undefined for one that gives something else. */
export function findList(
  name: string,
  { input, output }: { readonly input: DescribedSchema; readonly output: DescribedSchema },
): OperationList | undefined {
  const [noun = "", verb] = name.split(".");
  if (verb !== "list" && verb !== "loaded") return undefined;
  const lists = [...output.members].filter(([, { schema }]) => schema.element?.kind === "object");
  const [member, found] = lists.find(([each]) => each === noun) ?? lists[0] ?? [];
  const element = found?.schema.element;
  if (member === undefined || element === undefined) return undefined;
  const paging = waysToPage.find(
    ({ cursor, next }) => input.members.has(cursor) && input.members.has("limit") && output.members.has(next),
  );
  const others = [...output.members.keys()].filter((each) => each !== member && each !== paging?.next);
  return { member, element, paging, others, hasLimit: input.members.has("limit") };
}
