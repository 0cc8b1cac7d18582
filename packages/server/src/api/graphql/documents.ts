import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  recommendedRules,
  specifiedRules,
  validate,
} from "graphql";
import { checkDocumentLimits, refuse } from "./document-limits.ts";
import { unprocessable } from "./status-error.ts";

/** A document that can be run. */
export interface ValidDocument {
  readonly document: DocumentNode;
}

/** Why one cannot. */
export interface FaultyDocument {
  /** Whether it is no GraphQL at all, or GraphQL that this graph cannot answer. */
  readonly fault: "syntax" | "invalid";
  readonly errors: readonly GraphQLError[];
}

const maxTokens = 2_000;
const mostErrors = 20;
/** Documents that are kept with what became of them: programs ask the same ones again and again. */
const mostKept = 500;
const longestKept = 10_000;

/** Reads documents and checks them against the graph. */
export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #kept = new Map<string, ValidDocument | FaultyDocument>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /**
   * @param canExplore whether the caller may see the schema; to others no error tells what there is
   * @throws StatusError 422 for a document that is too large, deep or costly
   */
  read(text: string, canExplore: boolean): ValidDocument | FaultyDocument {
    const key = (canExplore ? "+" : "-") + text;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const read = this.#read(text, canExplore);
    if (text.length <= longestKept) {
      const oldest = this.#kept.keys().next();
      if (this.#kept.size >= mostKept && oldest.done !== true) this.#kept.delete(oldest.value);
      this.#kept.set(key, read);
    }
    return read;
  }

  #read(text: string, canExplore: boolean): ValidDocument | FaultyDocument {
    const document = parseDocument(text);
    if ("fault" in document) return document;
    checkDocumentLimits(document);
    const rules = [
      ...specifiedRules,
      ...recommendedRules,
      ...(canExplore ? [] : [NoSchemaIntrospectionCustomRule]),
    ];
    const options = { maxErrors: mostErrors, hideSuggestions: !canExplore };
    const errors = validate(this.#schema, document, [...new Set(rules)], options);
    return errors.length === 0 ? { document } : { fault: "invalid", errors };
  }
}

function parseDocument(text: string): DocumentNode | FaultyDocument {
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (!error.message.includes("tokens")) return { fault: "syntax", errors: [error] };
    throw refuse(`has more than ${maxTokens} tokens`);
  }
}

/** The operation of a document that is asked for. Throws StatusError 422. */
export function findOperation(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const all = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  const found =
    name === undefined ? (all.length === 1 ? all : []) : all.filter((each) => each.name?.value === name);
  const [operation] = found;
  if (operation !== undefined) return operation;
  throw unprocessable(
    name === undefined
      ? "The document has several operations, or none: `operationName` must say which is meant."
      : `The document has no operation ${name}.`,
    "operationName",
  );
}
