import { InvalidArgumentError } from "commander";

/** The whole number that an option says. */
export function toCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("It must be a whole number.");
}
