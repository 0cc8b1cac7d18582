import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { mostPerPage, perPage, wrongFirst } from "./connections.ts";
import { refuse } from "./document-limits.ts";
import { memberOf } from "./type-builder.ts";

/** Objects that an answer may have, as far as it can be told before. */
const maxCost = 5_000;
/** Elements that a list without pages is taken to have. */
const assumedElements = 10;
/** What is in itself no object, and is not looked into twice. */
const pageParts = new Set(["edges", "nodes", "node", "pageInfo"]);

export interface CostQuestion {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: unknown;
}

/**
 * Throws PlatformError `invalid_request` for a valid document whose answer may have too many objects, or whose page is too
 * large.
 */
export function checkCost(question: CostQuestion): void {
  const { schema, document, operation } = question;
  const root = schema.getRootType(operation.operation);
  if (root === undefined || root === null) return;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const cost = new CostWalk(question, fragments).of(operation.selectionSet, root);
  if (cost > maxCost)
    throw refuse(`costs ${cost}, and may cost ${maxCost}: one for each object of the answer`);
}

class CostWalk {
  readonly #question: CostQuestion;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;

  constructor(question: CostQuestion, fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#question = question;
    this.#fragments = fragments;
  }

  of({ selections }: SelectionSetNode, type: GraphQLCompositeType): number {
    let sum = 0;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) sum += this.#field(selection, type);
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        sum += this.of(selection.selectionSet, this.#typeOf(selection.typeCondition?.name.value, type));
      else {
        const fragment = this.#fragments.get(selection.name.value);
        if (fragment !== undefined)
          sum += this.of(fragment.selectionSet, this.#typeOf(fragment.typeCondition.name.value, type));
      }
    }
    return sum;
  }

  #field(node: FieldNode, type: GraphQLCompositeType): number {
    const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {};
    const field = fields[node.name.value];
    if (field === undefined) return 0;
    const isPage = field.args.some(({ name }) => name === "first");
    const elements = isPage ? this.#first(node) : listLength(field.type, node);
    const inner = getNamedType(field.type);
    const below =
      node.selectionSet === undefined || !isCompositeType(inner) ? 0 : this.of(node.selectionSet, inner);
    const own = isCompositeType(inner) && !pageParts.has(node.name.value) ? 1 : 0;
    return elements * (own + below);
  }

  /** How many things of a list are asked for. Throws PlatformError `invalid_request`. */
  #first(node: FieldNode): number {
    const argument = node.arguments?.find(({ name }) => name.value === "first");
    const first = argument === undefined ? undefined : this.#valueOf(argument.value);
    if (first === undefined || first === null) return perPage;
    if (typeof first !== "number" || !(first >= 1 && first <= mostPerPage)) throw wrongFirst();
    return first;
  }

  #valueOf(value: ValueNode): unknown {
    if (value.kind === Kind.VARIABLE) {
      const name = value.name.value;
      const given = memberOf(this.#question.variables, name);
      if (given !== undefined) return given;
      const definition = this.#question.operation.variableDefinitions?.find(
        ({ variable }) => variable.name.value === name,
      );
      return definition?.defaultValue === undefined ? undefined : this.#valueOf(definition.defaultValue);
    }
    return value.kind === Kind.INT ? Number(value.value) : undefined;
  }

  #typeOf(name: string | undefined, otherwise: GraphQLCompositeType): GraphQLCompositeType {
    const type = name === undefined ? undefined : this.#question.schema.getType(name);
    return isCompositeType(type) ? type : otherwise;
  }
}

function listLength(type: unknown, node: FieldNode): number {
  const isList = isListType(isNonNullType(type) ? type.ofType : type);
  return isList && !pageParts.has(node.name.value) ? assumedElements : 1;
}
