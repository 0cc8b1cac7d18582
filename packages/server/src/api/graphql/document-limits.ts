import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import { type StatusError, unprocessable } from "./status-error.ts";

/** Deepest nesting of fields; introspection, which is bounded by who may use it, is not counted. */
const maxDepth = 8;
/** Fields under another name, in the whole document, those of fragments as often as they are spread. */
const maxAliases = 15;
const maxDirectives = 20;

/** Throws StatusError 422 for a document that asks for too much, before it is validated. */
export function checkDocumentLimits(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const walk = new DocumentWalk(fragments);
  for (const definition of document.definitions)
    if (definition.kind === Kind.OPERATION_DEFINITION) walk.selections(definition.selectionSet, 1);
  // A fragment that nobody spreads may still go round in a circle.
  for (const name of fragments.keys()) walk.spreadUnseen(name);
  countDirectives(document);
}

class DocumentWalk {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #open = new Set<string>();
  readonly #seen = new Set<string>();
  #aliases = 0;
  #steps = 0;

  constructor(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#fragments = fragments;
  }

  spreadUnseen(name: string): void {
    if (!this.#seen.has(name)) this.#spread(name, uncounted);
  }

  selections({ selections }: SelectionSetNode, depth: number): void {
    for (const selection of selections) this.#selection(selection, depth);
  }

  #selection(selection: SelectionNode, depth: number): void {
    // Fragments that spread fragments can make of few tokens very many steps.
    if (++this.#steps > mostSteps) throw refuse("spreads its fragments too often");
    switch (selection.kind) {
      case Kind.FIELD:
        this.#field(selection, depth);
        break;
      case Kind.INLINE_FRAGMENT:
        this.selections(selection.selectionSet, depth);
        break;
      case Kind.FRAGMENT_SPREAD:
        this.#spread(selection.name.value, depth);
        break;
      default:
        break;
    }
  }

  #field({ alias, name, selectionSet }: FieldNode, depth: number): void {
    if (alias !== undefined && ++this.#aliases > maxAliases)
      throw refuse(`has more than ${maxAliases} aliases`);
    const at = name.value.startsWith("__") ? uncounted : depth;
    if (at > maxDepth) throw refuse(`is nested more than ${maxDepth} fields deep`);
    if (selectionSet !== undefined) this.selections(selectionSet, at + 1);
  }

  #spread(name: string, depth: number): void {
    if (this.#open.has(name)) throw refuse(`has the fragment ${name} inside of itself`);
    const fragment = this.#fragments.get(name);
    if (fragment === undefined) return;
    this.#open.add(name);
    this.#seen.add(name);
    this.selections(fragment.selectionSet, depth);
    this.#open.delete(name);
  }
}

const mostSteps = 20_000;
/** A depth below which nothing is too deep. */
const uncounted = Number.NEGATIVE_INFINITY;

function countDirectives(document: DocumentNode): void {
  let count = 0;
  visit(document, {
    Directive() {
      if (++count > maxDirectives) throw refuse(`has more than ${maxDirectives} directives`);
    },
  });
}

export function refuse(what: string): StatusError {
  return unprocessable(`The document ${what}. Ask for less at once, in several requests.`, "query");
}
