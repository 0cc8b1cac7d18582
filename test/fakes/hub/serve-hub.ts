import { link, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { createFakeHub } from "./fake-hub.ts";
import { type HubContents, seededContents } from "./hub-contents.ts";

// A fake hub in a process of its own, for measurements: `node serve-hub.ts ROOT FILES_ORIGIN BYTES SMALL_BYTES LARGE_BYTES RUNS`.
// It puts its files under ROOT, for whoever serves them at FILES_ORIGIN, and then writes its address as one line of JSON.

const [root = "", filesOrigin = "", ...numbers] = process.argv.slice(2);
const [sizeBytes = 0, smallBytes = 0, largeBytes = 0, runs = 0] = numbers.map(Number);
const id = "bench/files";
const folder = join(root, "files", id);

async function store(name: string, { sizeBytes: end, read }: HubContents): Promise<void> {
  const file = await open(join(folder, name), "w");
  for (let at = 0; at < end; ) at += (await file.write(read(at, end))).bytesWritten;
  // Else the system would write it to the disk while others are measured.
  await file.sync();
  await file.close();
}

await mkdir(folder, { recursive: true });
const [first = "", ...others] = Array.from({ length: runs }, (_, run) => `run${run}-Q4_0.gguf`);
const contents = seededContents(sizeBytes, "run");
const files: Record<string, HubContents> = {
  "first-Q4_0.gguf": seededContents(smallBytes, "first"),
  "small-Q4_0.gguf": seededContents(smallBytes, "small"),
  "large-Q4_0.gguf": seededContents(largeBytes, "large"),
  [first]: contents,
};
for (const [name, each] of Object.entries(files)) await store(name, each);
for (const name of others) {
  files[name] = contents;
  await link(join(folder, first), join(folder, name));
}
const { origin } = await createFakeHub([{ id, files, library: "gguf" }], { filesOrigin });
console.log(JSON.stringify({ origin }));
