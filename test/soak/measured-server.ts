import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, startServerChild } from "../crash/server-child.ts";
import { parseJson } from "../fakes/json-read.ts";

/** What a server holds at one moment. */
export type Measure = {
  /** Of the JavaScript heap, behind a collection of the whole of it. */
  readonly heapBytes: number;
  /** Of buffers outside of the heap, behind that collection too. */
  readonly externalBytes: number;
  readonly rssBytes: number;
  /** Open files and sockets. */
  readonly descriptors: number;
};

/** The built server in a process of its own, started as `npm start` does, that tells what it holds. */
export type MeasuredServer = {
  readonly port: number;
  measure(): Promise<Measure>;
  /** The sum of a metric's samples. */
  metric(name: string): Promise<number>;
  /** Settles with the exit code; removes the server's folder. */
  stop(): Promise<number | null>;
};

const nodeFlags = [
  "--expose-gc",
  "--min-semi-space-size=16",
  "--max-semi-space-size=32",
  "--import",
  new URL("memory-probe.ts", import.meta.url).href,
];

/** The server's entry point, as built. */
const entry = fileURLToPath(new URL("../../packages/server/bundle/main.js", import.meta.url));

/** What a server is configured with, as the configuration writes it. */
export type MeasuredConfig = {
  readonly integrations: readonly Readonly<Record<string, unknown>>[];
  readonly gateway?: Readonly<Record<string, unknown>>;
};

/** Starts the server. Rejects when it does not come up. */
export async function startMeasuredServer({
  integrations,
  gateway,
}: MeasuredConfig): Promise<MeasuredServer> {
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-soak-"));
  const port = await freePort();
  const configFile = join(folder, "llm-platform.yaml");
  const off = ["local", "ollama"].map((name) => ({ name, enabled: false }));
  const config = {
    data_dir: join(folder, "data"),
    server: { port },
    ...(gateway === undefined ? {} : { gateway }),
    integrations: [...integrations, ...off],
  };
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(config));
  const waiters: ((line: string) => void)[] = [];
  const server = startServerChild({
    entry,
    configFile,
    nodeFlags,
    onLine: (line) => {
      if (line.includes('"memory.measured"')) waiters.shift()?.(line);
    },
  });
  await server.ready;
  return {
    port,
    measure: async () => {
      const measured = Promise.withResolvers<string>();
      waiters.push(measured.resolve);
      process.kill(server.id, "SIGUSR2");
      const memory = toMemory(await measured.promise);
      return { ...memory, descriptors: (await readdir(`/proc/${server.id}/fd`)).length };
    },
    metric: (name) => readMetric(port, name),
    stop: async () => {
      const code = await server.stop();
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

async function readMetric(port: number, name: string): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

function toMemory(line: string): Omit<Measure, "descriptors"> {
  const value = parseJson(line)?.value;
  const numberOf = (name: string): number =>
    typeof value === "object" && value !== null ? Number(Reflect.get(value, name)) : Number.NaN;
  return {
    heapBytes: numberOf("heapBytes"),
    externalBytes: numberOf("externalBytes"),
    rssBytes: numberOf("rssBytes"),
  };
}

/** What of a measure is alive: the heap and the buffers outside of it. */
export function liveBytes({ heapBytes, externalBytes }: Measure): number {
  return heapBytes + externalBytes;
}
