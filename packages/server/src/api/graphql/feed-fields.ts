import {
  type GraphQLFieldConfig,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from "graphql";
import type { Feed } from "../../control/feed.ts";
import type { SchemaReader } from "./described-schema.ts";
import type { GraphCall } from "./graph-call.ts";
import { toFieldName, toTypeName } from "./names.ts";
import type { RootField } from "./operation-fields.ts";
import { toOperationInput } from "./operation-input.ts";
import { type Fields, memberOf, type TypeBuilder } from "./type-builder.ts";

export interface FeedFieldParts {
  readonly types: TypeBuilder;
  readonly reader: SchemaReader;
  /** The type of a noun; undefined where this server has none. */
  nounType(name: string): GraphQLObjectType | undefined;
}

/** The field by which a feed is followed. */
export function feedField(feed: Feed, parts: FeedFieldParts): RootField {
  const { types } = parts;
  const { name, summary, permission } = feed;
  const input = parts.reader.read(feed.input, "input");
  const field: GraphQLFieldConfig<unknown, GraphCall> = {
    type: new GraphQLNonNull(itemType(feed, parts)),
    description: `${summary}\n\nPermission: \`${permission}\`.`,
    extensions: { feed: name },
    args: types.inputMembers(input, `${name}.feed_input`),
    subscribe(_source, args, call) {
      call.requireCaller(`feeds.${name}`);
      return feed.open(toOperationInput(input, args), call.context);
    },
    resolve(item: unknown, _args, call) {
      // Each item has its own surroundings: they change as well.
      call.forgetFound();
      return item;
    },
  };
  return [toFieldName(name), field];
}

function itemType(feed: Feed, parts: FeedFieldParts): GraphQLObjectType {
  return new GraphQLObjectType<unknown, GraphCall>({
    name: `${toTypeName(feed.name)}Item`,
    description: `Something new in the feed \`${feed.name}\`.`,
    fields: () => ({
      type: { type: new GraphQLNonNull(GraphQLString), description: "Noun and verb." },
      id: { type: GraphQLString, description: "Where a follower can go on from, where that can be." },
      data: { type: new GraphQLNonNull(parts.types.json) },
      ...typedFields(feed.name, parts),
    }),
  });
}

/** The data of an item as the graph knows what it is of; null in items of another type. */
function typedFields(name: string, parts: FeedFieldParts): Fields {
  const { nounType } = parts;
  const listOf = (noun: string, read: (data: unknown) => unknown): Fields => {
    const type = nounType(noun);
    if (type === undefined) return {};
    const list = new GraphQLList(new GraphQLNonNull(type));
    return { [`${noun.toLowerCase()}s`]: { type: list, resolve: (item) => read(memberOf(item, "data")) } };
  };
  const eventType = nounType("Event");
  const event: Fields =
    eventType === undefined
      ? {}
      : {
          event: {
            type: eventType,
            resolve: (item) => {
              const data = memberOf(item, "data");
              return memberOf(data, "time") === undefined ? null : data;
            },
          },
        };
  if (name === "events") return event;
  if (name === "requests") return endedRequest(parts);
  if (name === "models") return { ...event, ...listOf("Model", (data) => memberOf(data, "models")) };
  if (name !== "pulls") return {};
  return listOf("Pull", (data) => memberOf(data, "pulls") ?? [data]);
}

function endedRequest({ nounType }: FeedFieldParts): Fields {
  const type = nounType("Request");
  if (type === undefined) return {};
  const read = (data: unknown) => (memberOf(data, "id") === undefined ? null : data);
  return { request: { type, resolve: (item) => read(memberOf(item, "data")) } };
}
