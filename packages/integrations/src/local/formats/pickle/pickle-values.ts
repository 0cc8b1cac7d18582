import { toPrintable } from "../printable.ts";

/** What a pickle makes, as far as it is data. Nothing in it was called or imported. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleSequence
  | PickleDict
  | GlobalName
  | HostValue;

export class PickleSequence {
  readonly type: "list" | "tuple" | "set";
  readonly items: PickleValue[];

  constructor(type: PickleSequence["type"], items: PickleValue[]) {
    this.type = type;
    this.items = items;
  }
}

/** Keys may be anything, and the same key may stand in it twice: the last one counts. */
export class PickleDict {
  readonly entries: (readonly [key: PickleValue, value: PickleValue])[] = [];

  set(key: PickleValue, value: PickleValue): void {
    this.entries.push([key, value]);
  }
}

/** Something of Python that the pickle names, as a name only. */
export class GlobalName {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  toString(): string {
    return toPrintable(`${this.module}.${this.name}`);
  }
}

/** What stands for the result of a call: a tensor, or the result of a call that was not made. */
export class HostValue {
  readonly description: string;

  constructor(description: string) {
    this.description = description;
  }
}

const maxItems = 4;
const maxDepth = 3;

/** A value as a person reads it, shortened. */
export function describeValue(value: PickleValue, depth = 0): string {
  if (value === null) return "None";
  if (typeof value === "string") return JSON.stringify(toPrintable(value));
  if (value instanceof Uint8Array)
    return `${value.length} bytes ${JSON.stringify(toPrintable(Buffer.from(value.subarray(0, 60)).toString("latin1")))}`;
  if (value instanceof GlobalName) return value.toString();
  if (value instanceof HostValue) return value.description;
  if (value instanceof PickleDict)
    return `{${describeItems(
      value.entries.map(
        ([key, each]) =>
          () =>
            `${describeValue(key, depth + 1)}: ${describeValue(each, depth + 1)}`,
      ),
      depth,
    )}}`;
  if (value instanceof PickleSequence)
    return `(${describeItems(
      value.items.map((item) => () => describeValue(item, depth + 1)),
      depth,
    )})`;
  return String(value).slice(0, 40);
}

function describeItems(items: readonly (() => string)[], depth: number): string {
  if (depth >= maxDepth) return items.length === 0 ? "" : "…";
  const shown = items.slice(0, maxItems).map((describe) => describe());
  return toPrintable([...shown, ...(items.length > maxItems ? ["…"] : [])].join(", "), 400);
}
