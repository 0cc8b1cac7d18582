import { PlatformError } from "@llm-platform/kit";
import {
  GraphQLBoolean,
  type GraphQLFieldConfigArgumentMap,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from "graphql";
import { type StatusError, unprocessable } from "./status-error.ts";
import type { Fields } from "./type-builder.ts";

/** Most things of a page. */
export const mostPerPage = 100;
/** Things of a page where nothing is said. */
export const perPage = 20;

/** A part of a list, with how to go on from each of its things. */
export interface Page {
  readonly edges: readonly { readonly node: unknown; readonly cursor: string }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** What the list's operation says beside its things. */
  readonly answer: unknown;
}

/** A place in a list: how many things behind the beginning of a page. */
export interface Place {
  /** As the list's operation tells where a page begins; undefined for the first. */
  readonly page: string | undefined;
  readonly offset: number;
}

export interface PageArguments {
  readonly first: number;
  readonly place: Place;
}

export const pageArguments: GraphQLFieldConfigArgumentMap = {
  first: {
    type: GraphQLInt,
    default: { value: perPage },
    description: `How many, ${mostPerPage} at most.`,
  },
  after: { type: GraphQLString, description: "Only what comes behind this cursor." },
};

/** Throws PlatformError `invalid_request`. */
export function readPageArguments(given: {
  readonly first?: unknown;
  readonly after?: unknown;
}): PageArguments {
  const first = given.first ?? perPage;
  if (typeof first !== "number" || first < 1 || first > mostPerPage) throw wrongFirst();
  return {
    first,
    place: given.after === undefined || given.after === null ? start : decodeCursor(given.after),
  };
}

export function wrongFirst(): StatusError {
  return unprocessable(`\`first\` must be from 1 to ${mostPerPage}.`, "first");
}

const start: Place = { page: undefined, offset: 0 };

/** A page of a list that is there as a whole. */
export function pageOfAll(all: readonly unknown[], { first, place }: PageArguments, answer?: unknown): Page {
  const { offset } = place;
  return {
    edges: all.slice(offset, offset + first).map((node, index) => ({
      node,
      cursor: encodeCursor({ page: undefined, offset: offset + index + 1 }),
    })),
    hasNextPage: all.length > offset + first,
    hasPreviousPage: offset > 0,
    answer,
  };
}

/**
 * A page of a list that comes in pages.
 * @param rows from the beginning of the operation's page on
 * @param next where the operation's next page begins; undefined where this was the last
 */
export function pageOfRows(
  rows: readonly unknown[],
  { place }: PageArguments,
  { next, answer }: { readonly next: string | undefined; readonly answer: unknown },
): Page {
  const nodes = rows.slice(place.offset);
  const cursorOf = (index: number) =>
    next !== undefined && index === nodes.length - 1
      ? encodeCursor({ page: next, offset: 0 })
      : encodeCursor({ page: place.page, offset: place.offset + index + 1 });
  return {
    edges: nodes.map((node, index) => ({ node, cursor: cursorOf(index) })),
    hasNextPage: next !== undefined,
    hasPreviousPage: place.page !== undefined || place.offset > 0,
    answer,
  };
}

function encodeCursor({ page, offset }: Place): string {
  return Buffer.from(`${offset}:${page ?? ""}`).toString("base64url");
}

function decodeCursor(text: unknown): Place {
  const [, offset, page] = /^(\d{1,9}):([^]*)$/.exec(Buffer.from(String(text), "base64url").toString()) ?? [];
  if (offset === undefined || page === undefined || Number(offset) > largestOffset)
    throw new PlatformError("invalid_request", "`after` must be a cursor of the list before.", {
      field: "after",
    });
  return { page: page === "" ? undefined : page, offset: Number(offset) };
}

const largestOffset = 100_000;

/** The types that lists of things have, one for each type of thing. */
export class ConnectionTypes {
  readonly #types = new Map<string, GraphQLObjectType>();
  readonly #pageInfo = new GraphQLObjectType<Page>({
    name: "PageInfo",
    description: "Where a page is in its list.",
    fields: {
      hasNextPage: { type: new GraphQLNonNull(GraphQLBoolean) },
      hasPreviousPage: { type: new GraphQLNonNull(GraphQLBoolean) },
      startCursor: { type: GraphQLString, resolve: ({ edges }) => edges[0]?.cursor },
      endCursor: { type: GraphQLString, resolve: ({ edges }) => edges.at(-1)?.cursor },
    },
  });

  /** @param more what the connection tells beside its things; counts where the type is asked for first */
  of(node: GraphQLObjectType, more: Fields = {}): GraphQLObjectType {
    const known = this.#types.get(node.name);
    if (known !== undefined) return known;
    const edge = new GraphQLObjectType({
      name: `${node.name}Edge`,
      fields: {
        cursor: { type: new GraphQLNonNull(GraphQLString) },
        node: { type: new GraphQLNonNull(node) },
      },
    });
    const type = new GraphQLObjectType<Page>({
      name: `${node.name}Connection`,
      fields: {
        edges: { type: listOf(edge) },
        nodes: {
          type: listOf(node),
          description: "The same without cursors.",
          resolve: ({ edges }) => edges.map((each) => each.node),
        },
        pageInfo: { type: new GraphQLNonNull(this.#pageInfo), resolve: (page) => page },
        ...Object.fromEntries(
          Object.entries(more).map(([name, field]) => {
            const { resolve } = field;
            return [
              name,
              {
                ...field,
                resolve: (page: Page, ...rest: RestOf<typeof resolve>) => resolve?.(page.answer, ...rest),
              },
            ];
          }),
        ),
      },
    });
    this.#types.set(node.name, type);
    return type;
  }
}

type RestOf<Resolve> =
  NonNullable<Resolve> extends (source: never, ...rest: infer Rest) => unknown ? Rest : never;

function listOf(type: GraphQLObjectType) {
  return new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)));
}
