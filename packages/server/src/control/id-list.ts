import { z } from "zod";

/** Most ids of a list. */
const mostListed = 100;

/** What is asked for one by one and in a list; undefined for anything. */
export function within(
  one: string | undefined,
  many: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined) return many;
  // No id is empty: an empty list is not SQL everywhere.
  return many === undefined || many.includes(one) ? [one] : [""];
}

/** Several ids at once, as a query can have them. */
export function idList(doc: string) {
  return z
    .string()
    .max(mostListed * 130)
    .describe(`${doc} With commas between, ${mostListed} at most.`)
    .transform((text) => [...new Set(text.split(","))])
    .pipe(z.array(z.string().min(1).max(128)).max(mostListed));
}
