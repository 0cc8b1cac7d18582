import { createFakeHub } from "./fake-hub.ts";
import { seededContents } from "./hub-contents.ts";

// A fake hub in a process of its own, for measurements: `node serve-hub.ts BYTES SMALL_BYTES LARGE_BYTES RUNS`. It writes its addresses
// as one line of JSON.

const [sizeBytes = 0, smallBytes = 0, largeBytes = 0, runs = 0] = process.argv.slice(2).map(Number);
const names = Array.from({ length: runs }, (_, run) => `run${run}-Q4_0.gguf`);
const { origin, filesOrigin } = await createFakeHub([
  {
    id: "bench/files",
    files: {
      "first-Q4_0.gguf": seededContents(smallBytes, "first"),
      "small-Q4_0.gguf": seededContents(smallBytes, "small"),
      "large-Q4_0.gguf": seededContents(largeBytes, "large"),
      ...Object.fromEntries(names.map((name) => [name, seededContents(sizeBytes, name)])),
    },
    library: "gguf",
  },
]);
console.log(JSON.stringify({ origin, filesOrigin }));
