/** A node of a parsed template, whose kind is told by `type`. */
type Node = Record<string, unknown>;

/**
 * Writes every `x.items()` of a parsed template as `x | items`. In Jinja both are the same: a method of a dictionary comes
 * before its keys. The library looks for a key first, so that a tool with a parameter called `items` could not be rendered.
 */
export function itemsByFilter(parsed: unknown): void {
  if (!isNode(parsed)) return;
  for (const [key, child] of Object.entries(parsed)) {
    itemsByFilter(child);
    const object = objectOfItems(child);
    if (object === undefined) continue;
    parsed[key] = {
      type: "FilterExpression",
      operand: object,
      filter: { type: "Identifier", value: "items" },
    };
  }
}

/** What a call of `.items()` without arguments is made on. */
function objectOfItems(node: unknown): unknown {
  if (!isNode(node) || node["type"] !== "CallExpression") return undefined;
  const { callee, args } = node;
  if (!isNode(callee) || callee["type"] !== "MemberExpression" || callee["computed"] === true)
    return undefined;
  const isItems = isNode(callee["property"]) && callee["property"]["value"] === "items";
  return isItems && Array.isArray(args) && args.length === 0 ? callee["object"] : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}
