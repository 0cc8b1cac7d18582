import {
  type GraphQLFieldConfig,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLObjectType,
  GraphQLUnionType,
} from "graphql";
import { type ConnectionTypes, pageArguments, pageOfAll, readPageArguments } from "./connections.ts";
import type { GraphCall } from "./graph-call.ts";
import { relatedRows, type Relation } from "./related-rows.ts";
import { keyBy, relations } from "./relations.ts";
import { type Fields, memberOf } from "./type-builder.ts";
import { likenesses } from "./type-names.ts";
import type { UsageFields } from "./usage-fields.ts";

export interface EdgeParts {
  readonly connections: ConnectionTypes;
  readonly usage: UsageFields;
  /** What an integration tells of one of its models. */
  readonly details: Edge | undefined;
  /** What a call asked and was answered. */
  readonly content: Edge | undefined;
  /** The type of a noun; undefined where this server has no operation that answers with one. */
  nounType(name: string): GraphQLObjectType | undefined;
}

type Edge = GraphQLFieldConfig<unknown, GraphCall>;
type ReadKey = (source: unknown) => string | undefined;

/** What leads from one thing of the graph to another. */
export class GraphEdges {
  readonly #parts: EdgeParts;
  #subject: GraphQLUnionType | undefined;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
  }

  /** The fields that a type has beside the members of its schema. */
  of(typeName: string): Fields {
    const fields = this.#all(likenesses[typeName] ?? typeName);
    return Object.fromEntries(
      Object.entries(fields).flatMap(([name, field]) => (field === undefined ? [] : [[name, field]])),
    );
  }

  #all(typeName: string): Readonly<Record<string, Edge | undefined>> {
    const { usage } = this.#parts;
    switch (typeName) {
      case "Integration":
        return {
          models: this.#many("Model", relations.modelsOfIntegration, keyBy("name")),
          loadedModels: this.#many("LoadedModel", relations.loadedOfIntegration, keyBy("name")),
          budgets: this.#budgets("integration", "name"),
          usage: usage.field("integration", keyBy("name")),
        };
      case "Model":
        return {
          integration: this.#one("Integration", relations.integrationByName, keyBy("integration")),
          loaded: this.#one("LoadedModel", relations.loadedModel, keyBy("integration", "id")),
          usage: usage.field("integration,model", keyBy("integration", "id")),
          details: this.#parts.details,
        };
      case "LoadedModel":
        return {
          integration: this.#one("Integration", relations.integrationByName, keyBy("integration")),
          model: this.#one("Model", relations.modelById, keyBy("integration", "id")),
        };
      case "ApiKey":
        return {
          owner: this.#one("User", relations.userById, optional("owner")),
          budgets: this.#budgets("key", "id"),
          usage: usage.field("principal", keyBy("name")),
        };
      case "User":
        return {
          team: this.#one("Team", relations.teamById, optional("team")),
          role: this.#one("Role", relations.roleByName, keyBy("role")),
          keys: this.#many("ApiKey", relations.keysOfUser, keyBy("id")),
          budgets: this.#budgets("user", "id"),
        };
      case "Team":
        return {
          users: this.#many("User", relations.usersOfTeam, keyBy("id")),
          budgets: this.#budgets("team", "id"),
        };
      case "Role":
        return { users: this.#many("User", relations.usersOfRole, keyBy("name")) };
      case "Budget":
        return { subject: this.#subjectField() };
      case "Me":
        return { user: this.#one("User", relations.userById, optional("user")) };
      case "Attempt":
        return {
          integration: this.#one("Integration", relations.integrationByName, keyBy("integration")),
          model: this.#one("Model", relations.modelById, keyBy("integration", "upstream_model")),
        };
      case "Request":
        return {
          integration: this.#one("Integration", relations.integrationByName, optional("integration")),
          model: this.#one("Model", relations.modelById, optional("integration", "upstream_model")),
          attempts: this.#attempts(),
          content: this.#parts.content,
        };
      case "Event":
        return { integration: this.#one("Integration", relations.integrationByName, keyBy("integration")) };
      default:
        return {};
    }
  }

  /** The thing that another belongs to; null where there is none any more. */
  #one(noun: string, relation: Relation, keyOf: ReadKey): Edge | undefined {
    const type = this.#parts.nounType(noun);
    if (type === undefined) return undefined;
    return {
      type,
      resolve: async (source, _args, call) => {
        const key = keyOf(source);
        return key === undefined ? null : (await relatedRows(call, relation, key))[0];
      },
    };
  }

  /** The things that belong to another. */
  #many(noun: string, relation: Relation, keyOf: ReadKey): Edge | undefined {
    const type = this.#parts.nounType(noun);
    if (type === undefined) return undefined;
    return {
      type: this.#parts.connections.of(type),
      args: pageArguments,
      resolve: async (source, args, call) => {
        const asked = readPageArguments(args);
        return pageOfAll(await relatedRows(call, relation, keyOf(source) ?? ""), asked);
      },
    };
  }

  #attempts(): Edge | undefined {
    const type = this.#parts.nounType("Attempt");
    if (type === undefined) return undefined;
    return {
      type: new GraphQLList(new GraphQLNonNull(type)),
      description: "In their order.\n\nPermission: `usage.read`; `request` tells one's own as well.",
      resolve: async (source, _args, call) => {
        const rows = await relatedRows(call, relations.attemptsOfRequest, keyBy("id")(source));
        return rows.toSorted((a, b) => Number(memberOf(a, "attempt")) - Number(memberOf(b, "attempt")));
      },
    };
  }

  #budgets(scope: string, member: string): Edge | undefined {
    const type = this.#parts.nounType("Budget");
    if (type === undefined) return undefined;
    return {
      type: new GraphQLList(new GraphQLNonNull(type)),
      description: "Those that hold for it by itself.",
      resolve: (source, _args, call) =>
        relatedRows(call, relations.budgetsOf, `${scope}/${String(memberOf(source, member))}`),
    };
  }

  /** What a budget is of; null for all calls together, and for a key of the configuration. */
  #subjectField(): Edge | undefined {
    const types = Object.values(subjects).flatMap(({ noun }) => this.#parts.nounType(noun) ?? []);
    if (types.length === 0) return undefined;
    this.#subject ??= new GraphQLUnionType({ name: "BudgetSubject", types });
    return {
      type: this.#subject,
      resolve: async (source, _args, call) => {
        const subject = subjects[String(memberOf(source, "scope"))];
        if (subject === undefined) return null;
        const [row] = await relatedRows(call, subject.relation, String(memberOf(source, "subject")));
        return row === undefined ? null : { ...Object(row), __typename: subject.noun };
      },
    };
  }
}

const subjects: Readonly<Record<string, { readonly noun: string; readonly relation: Relation }>> = {
  key: { noun: "ApiKey", relation: relations.keyById },
  user: { noun: "User", relation: relations.userById },
  team: { noun: "Team", relation: relations.teamById },
  integration: { noun: "Integration", relation: relations.integrationByName },
};

function optional(...names: readonly string[]): ReadKey {
  return (source) => {
    const values = names.map((name) => memberOf(source, name));
    return values.every((value) => typeof value === "string") ? values.join("/") : undefined;
  };
}
