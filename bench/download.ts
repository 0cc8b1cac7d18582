import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readMachine } from "./conditions.ts";
import { startFileSource } from "./file-source.ts";
import { median } from "./figures.ts";
import { keepFurther } from "./further.ts";
import { createProcesses } from "./processes.ts";
import { rewriteReport } from "./report.ts";

// How fast a model comes over the loopback from nginx, checked and stored, beside curl that stores the same bytes, unchecked
// and hashed beside it; and how much memory the server takes for files of three sizes: that one, a quarter of it, and `--large-megabytes`.
// `node bench/download.ts --megabytes 1024 --large-megabytes 4096 --runs 3`

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "512" },
    "large-megabytes": { type: "string", default: "2048" },
    runs: { type: "string", default: "3" },
  },
});
const benchFolder = fileURLToPath(new URL("./", import.meta.url));
const conditions = await readMachine(new Date());
const mebibyte = 1024 * 1024;
const sizeBytes = Number(values.megabytes) * mebibyte;
const smallBytes = Math.ceil(sizeBytes / 4);
const largeBytes = Number(values["large-megabytes"]) * mebibyte;
/** What was asked for of the platform, as a part of curl's rate. */
const wantedRatio = 0.7;
const serverFile = new URL("../packages/server/bundle/main.js", import.meta.url).pathname;
const hubFile = new URL("../test/fakes/hub/serve-hub.ts", import.meta.url).pathname;

interface Answer {
  readonly id: string;
  readonly phase: string;
  readonly error: unknown;
}

function startHub(root: string, filesOrigin: string) {
  const sizes = [sizeBytes, smallBytes, largeBytes, values.runs].map(String);
  const child = spawn(process.execPath, [hubFile, root, filesOrigin, ...sizes], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { child, address: once(child.stdout, "data").then(([line]) => JSON.parse(String(line))) };
}

async function startServer(endpoint: string, filesOrigin: string, folder: string) {
  const settings = { endpoint, download_origins: [filesOrigin] };
  const child = spawn(
    process.execPath,
    ["--min-semi-space-size=16", "--max-semi-space-size=32", serverFile],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        PATH: process.env["PATH"],
        LLM_PLATFORM_DATA_DIR: folder,
        LLM_PLATFORM_SERVER__PORT: "0",
        LLM_PLATFORM_LOG__FORMAT: "json",
        LLM_PLATFORM_PULLS__RESERVE_BYTES: "0",
        LLM_PLATFORM_INTEGRATIONS: JSON.stringify([
          { name: "huggingface", settings },
          { name: "local", enabled: false },
          { name: "ollama", enabled: false },
        ]),
      },
    },
  );
  let log = "";
  for await (const piece of child.stdout) {
    log += String(piece);
    const url =
      /"event":"platform\.started".*?"url":"([^"]+)"|"url":"([^"]+)".*?"event":"platform\.started"/.exec(log);
    if (url !== null) return { child, url: url[1] ?? url[2] ?? "" };
  }
  throw new Error(`the server did not start: ${log}`);
}

/** Seconds of a pull, from the call to its last phase. */
async function pull(url: string, file: string): Promise<number> {
  const startedAtMs = performance.now();
  const body = JSON.stringify({ kind: "huggingface", source: "bench/files", file });
  const headers = { "content-type": "application/json" };
  const started = await fetch(`${url}/api/v1/pulls`, { method: "POST", headers, body });
  const { id }: Answer = JSON.parse(await started.text());
  const stream = await fetch(`${url}/api/v1/pulls/${id}`, { headers: { accept: "text/event-stream" } });
  const events = (await stream.text()).split("\n").filter((line) => line.startsWith("data:"));
  const last: Answer = JSON.parse(events.at(-1)?.slice(5) ?? "{}");
  if (last.phase !== "done") throw new Error(`the pull is ${last.phase}: ${JSON.stringify(last.error)}`);
  return (performance.now() - startedAtMs) / 1_000;
}

/** What a pull is compared with: bytes that are only stored, and such that are hashed on the way, as one does it by hand. */
const byHand = {
  curl: 'curl -sSL -o "$1" "$0"',
  hashed: 'curl -sSL "$0" | tee "$1" | openssl dgst -sha256',
} as const;

/** Seconds of a command that stores the same bytes. */
async function fetchByHand(command: string, url: string, path: string): Promise<number> {
  const startedAtMs = performance.now();
  const child = spawn("sh", ["-c", command, url, path], { stdio: ["ignore", "ignore", "pipe"] });
  const [error, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  if (code !== 0 || error !== "") throw new Error(`${command}: ${error}`);
  const took = (performance.now() - startedAtMs) / 1_000;
  await rm(path);
  return took;
}

/** Processor time that a process has taken so far, in seconds. */
async function cpuSeconds(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The most memory that a process has had at once, in MiB. */
async function peakMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

function middle(numbers: readonly number[]): number {
  return median(numbers) ?? Number.NaN;
}

const folder = await mkdtemp(join(tmpdir(), "bench-download-"));
const processes = createProcesses();
let hubChild: ChildProcess | undefined;
try {
  const source = join(folder, "source");
  const filesOrigin = await startFileSource(processes, source);
  const { child, address } = startHub(join(source, "root"), filesOrigin);
  hubChild = child;
  const hub: { readonly origin: string } = await address;
  const server = await startServer(hub.origin, filesOrigin, join(folder, "data"));
  const ours: number[] = [];
  const theirs: Record<keyof typeof byHand, number[]> = { curl: [], hashed: [] };
  const peaks: (readonly [sizeBytes: number, peakMib: number])[] = [];
  async function notePeak(bytes: number): Promise<void> {
    peaks.push([bytes, await peakMegabytes(server.child.pid)]);
  }

  /** Its name and its contents: like curl, the next pull writes to memory that the one before left free. */
  async function removePulled(file: string): Promise<void> {
    const models = join(folder, "data", "models");
    await rm(join(models, file));
    for (const contents of await readdir(join(models, "blobs"))) await rm(join(models, "blobs", contents));
  }

  // What a server takes once, of whatever size the file is, it has taken then.
  for (const file of ["first-Q4_0.gguf", "small-Q4_0.gguf"]) {
    await pull(server.url, file);
    await removePulled(file);
  }
  await notePeak(smallBytes);
  let cpu = 0;
  for (let run = 0; run < Number(values.runs); run++) {
    const file = `run${run}-Q4_0.gguf`;
    const url = `${hub.origin}/bench/files/resolve/main/${file}`;
    const byCommand = (how: keyof typeof byHand) => async () => {
      theirs[how].push(await fetchByHand(byHand[how], url, join(folder, "by-hand.bin")));
    };
    const byPull = async () => {
      const cpuBefore = await cpuSeconds(server.child.pid);
      ours.push(await pull(server.url, file));
      cpu += (await cpuSeconds(server.child.pid)) - cpuBefore;
      await removePulled(file);
    };
    // Whoever writes soon after another's file was deleted finds its memory quick: each has each place in turn.
    const ways = [byCommand("curl"), byCommand("hashed"), byPull];
    for (let place = 0; place < ways.length; place++) await ways[(run + place) % ways.length]?.();
  }
  await notePeak(sizeBytes);
  await pull(server.url, "large-Q4_0.gguf");
  await notePeak(largeBytes);
  const rate = (seconds: number): number => Math.round(sizeBytes / 1e6 / seconds);
  const ratio = middle(theirs.curl) / middle(ours);
  const hashedRatio = middle(theirs.hashed) / middle(ours);
  const cpuPerGb = (cpu * 1e9) / (ours.length * sizeBytes);
  console.log(
    JSON.stringify(
      {
        size_mib: sizeBytes / mebibyte,
        curl_mb_per_second: rate(middle(theirs.curl)),
        curl_hashed_mb_per_second: rate(middle(theirs.hashed)),
        pull_mb_per_second: rate(middle(ours)),
        ratio: Number(ratio.toFixed(2)),
        hashed_ratio: Number(hashedRatio.toFixed(2)),
        wanted_ratio: wantedRatio,
        pull_cpu_seconds_per_gb: Number(cpuPerGb.toFixed(2)),
        peak_mib: Object.fromEntries(
          peaks.map(([bytes, peakMib]) => [`${bytes / mebibyte} MiB`, Math.round(peakMib)]),
        ),
      },
      undefined,
      2,
    ),
  );
  await keepFurther(benchFolder, "download", {
    title: "A pull, to curl",
    note: `\`node bench/download.ts\`: a file of ${sizeBytes / mebibyte} MiB over the loopback from nginx, ${ours.length} times each, hashed and written. Wanted: at least ${wantedRatio} of curl's rate, and the same memory whatever the size.`,
    conditions,
    columns: ["what", "measured"],
    rows: [
      ["curl, MB/s", String(rate(middle(theirs.curl)))],
      ["curl, with openssl dgst -sha256 beside it, MB/s", String(rate(middle(theirs.hashed)))],
      ["pull, MB/s", String(rate(middle(ours)))],
      ["pull to curl", ratio.toFixed(2)],
      ["pull to curl with openssl", hashedRatio.toFixed(2)],
      ["processor of a pull, seconds per GB", cpuPerGb.toFixed(2)],
      ...peaks.map(([bytes, peakMib]) => [
        `most memory so far, after a file of ${bytes / mebibyte} MiB, in MiB`,
        peakMib.toFixed(0),
      ]),
    ],
  });
  console.log(`written to ${await rewriteReport(benchFolder)}`);
  server.child.kill("SIGKILL");
  process.exitCode = ratio >= wantedRatio ? 0 : 1;
} finally {
  hubChild?.kill("SIGKILL");
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
}
