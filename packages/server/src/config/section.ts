import { Secret } from "@llm-platform/kit";
import { z } from "zod";

/** A section that may be left out: its settings then have their defaults. Unknown keys are refused. */
export function section<Shape extends z.ZodRawShape>(shape: Shape, doc: string) {
  return z.strictObject(shape).prefault(emptyInput<Shape>()).describe(doc);
}

/** A whole number with its range, default and unit. */
export function wholeNumber(input: {
  readonly from: number;
  readonly to: number;
  readonly unit?: string;
  readonly doc: string;
}) {
  return z
    .number()
    .int()
    .min(input.from)
    .max(input.to)
    .meta({ description: input.doc, ...(input.unit === undefined ? {} : { unit: input.unit }) });
}

/** A length of time in seconds; fractions are allowed. */
export function seconds(from: number, to: number, doc: string) {
  return z.number().min(from).max(to).meta({ description: doc, unit: "seconds" });
}

/** A text that is never shown. In the environment and in the file it may be named by a `_FILE` twin instead. */
export function secretText(minLength: number, doc: string) {
  return z
    .string()
    .min(minLength)
    .meta({ description: doc, format: "secret" })
    .transform((value) => new Secret(value));
}

/** Every setting of a section has a default or may be absent, which a mapped type cannot say of a generic shape. */
function emptyInput<Shape extends z.ZodRawShape>(): z.input<z.ZodObject<Shape, z.core.$strict>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsing the outside: the schema itself checks this object
  return {} as z.input<z.ZodObject<Shape, z.core.$strict>>;
}
