import { type GraphQLFieldConfig, GraphQLNonNull } from "graphql";
import {
  type ConnectionTypes,
  pageArguments,
  pageOfAll,
  pageOfRows,
  readPageArguments,
  type Page,
} from "./connections.ts";
import type { DescribedOperation } from "./described-operation.ts";
import type { GraphCall } from "./graph-call.ts";
import { rootFieldName, toFieldName } from "./names.ts";
import { toOperationInput } from "./operation-input.ts";
import type { OperationList } from "./operation-lists.ts";
import { memberOf, type TypeBuilder } from "./type-builder.ts";

export interface FieldParts {
  readonly types: TypeBuilder;
  readonly connections: ConnectionTypes;
}

type Field = GraphQLFieldConfig<unknown, GraphCall>;

/** A field of the root: its name, and what it is. */
export type RootField = readonly [name: string, field: Field];

/** The field of the root that runs an operation. */
export function operationField(described: DescribedOperation, parts: FieldParts): RootField {
  const { operation, list } = described;
  const facts = {
    description: `${operation.summary}\n\nPermission: \`${operation.permission}\`.`,
    extensions: { operation: operation.name },
  };
  if (list !== undefined)
    return [rootFieldName(operation.name), { ...facts, ...listField(described, list, parts) }];
  const isQuery = operation.rest.method === "GET";
  return [
    rootFieldName(operation.name),
    { ...facts, ...(isQuery ? queryField(described, parts) : mutationField(described, parts)) },
  ];
}

function queryField(
  { operation: { name }, input, output }: DescribedOperation,
  { types }: FieldParts,
): Field {
  return {
    type: types.object(output, `${name}.result`),
    args: types.inputMembers(input, `${name}.input`),
    resolve: (_source, args, call) => call.run(name, toOperationInput(input, args) ?? {}),
  };
}

function mutationField(
  { operation: { name }, input, output }: DescribedOperation,
  { types }: FieldParts,
): Field {
  const type = types.object(output, `${name}.result`);
  if (input.members.size === 0) return { type, resolve: (_source, _args, call) => call.run(name, {}) };
  const isNeeded = [...input.members.values()].some(
    ({ schema, isRequired }) => isRequired && schema.standard === undefined,
  );
  const inputType = types.input(input, `${name}.input`);
  return {
    type,
    args: { input: { type: isNeeded ? new GraphQLNonNull(inputType) : inputType } },
    resolve: (_source, { input: given }: { readonly input?: unknown }, call) =>
      call.run(name, toOperationInput(input, given) ?? {}),
  };
}

/** A list, page by page. */
function listField(
  described: DescribedOperation,
  list: OperationList,
  { types, connections }: FieldParts,
): Field {
  const { operation, input, output } = described;
  const paged = new Set([list.paging?.cursor, "limit"]);
  const more = Object.fromEntries(
    list.others.flatMap((name) => {
      const member = output.members.get(name);
      if (member === undefined) return [];
      const type = types.output({ ...member.schema, isNullable: true }, `${operation.name}.${name}`);
      return [[toFieldName(name), { type, resolve: (answer: unknown) => memberOf(answer, name) }]];
    }),
  );
  const filters = { ...input, members: new Map([...input.members].filter(([name]) => !paged.has(name))) };
  return {
    type: connections.of(types.object(list.element, `${operation.name}.item`), more),
    args: { ...types.inputMembers(filters, `${operation.name}.input`), ...pageArguments },
    resolve: (_source, args, call) =>
      listPage(call, { name: operation.name, list, filter: toOperationInput(filters, args), args }),
  };
}

export interface ListQuestion {
  readonly name: string;
  readonly list: OperationList;
  /** In the words of the operation, without its paging. */
  readonly filter: unknown;
  readonly args: { readonly first?: unknown; readonly after?: unknown };
}

/** What an operation gives at most where it does not page. */
const mostRows = 1_000;

/** One page of the list that an operation gives. */
export async function listPage(call: GraphCall, { name, list, filter, args }: ListQuestion): Promise<Page> {
  const asked = readPageArguments(args);
  const { paging, member, hasLimit } = list;
  if (paging === undefined) {
    const answer = await call.run(name, { ...Object(filter), ...(hasLimit ? { limit: mostRows } : {}) });
    return pageOfAll(rowsOf(answer, member), asked, answer);
  }
  const limit = asked.place.offset + asked.first;
  const from = asked.place.page === undefined ? {} : { [paging.cursor]: asked.place.page };
  const answer = await call.run(name, { ...Object(filter), ...from, limit });
  const rows = rowsOf(answer, member);
  const next = memberOf(answer, paging.next);
  // A log that goes on always tells where: there is more when the page is full. Another says when it ends, and its pages
  // may be short before that.
  const isShort = paging.next === "next_after_id" ? rows.length < limit : rows.length === 0;
  const isLast = next === null || next === undefined || isShort;
  return pageOfRows(rows, asked, { next: isLast ? undefined : String(next), answer });
}

export function rowsOf(answer: unknown, member: string): readonly unknown[] {
  const rows = memberOf(answer, member);
  return Array.isArray(rows) ? rows : [];
}
