import { writeSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

/**
 * Preloaded into a server by `--import`: says at its exit which prototypes of the language V8 looks up like a table, so that
 * each call of their methods is slow, in optimised code too.
 */
setFlagsFromString("--allow-natives-syntax");
const isFast: (object: object) => boolean = new Function("object", "return %HasFastProperties(object)") as (
  object: object,
) => boolean;
const prototypes = { String, Array, Buffer, Uint8Array, Map, Set, Promise, Object, Function, Number };

process.on("exit", () => {
  const slow = Object.entries(prototypes)
    .filter(([, { prototype }]) => !isFast(prototype))
    .map(([name]) => name);
  writeSync(2, `slow prototypes: ${JSON.stringify(slow)}\n`);
});
