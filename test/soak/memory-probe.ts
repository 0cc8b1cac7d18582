// Loaded into the server beside its own code (`node --expose-gc --import`). At SIGUSR2 it collects the whole heap and
// writes one line of what is left: what lives, not what waits for the collector.

process.on("SIGUSR2", () => {
  globalThis.gc?.();
  // What the first collection let go of by finalisers goes with the second.
  setImmediate(() => {
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const line = { event: "memory.measured", heapBytes: heapUsed, externalBytes: external, rssBytes: rss };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  });
});
