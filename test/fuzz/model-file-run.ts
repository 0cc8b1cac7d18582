import { createRandom, type Random } from "../random.ts";
import type { FuzzOptions, FuzzReport } from "./fuzz-run.ts";
import { modelFileSamples } from "./model-file-samples.ts";
import { readModelFile } from "./model-file-reader.ts";

/** Processor time that one input may take. */
const maxReadMs = 2_000;
/** Numbers at which sizes and offsets break. */
const edges: readonly [bigint, ...bigint[]] = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0xffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ffffn,
];
const opcodes = Buffer.from(
  "(.012FGIJKLMNPQRSTUVXabcdegehijloprstu]})\x80\x81\x82\x85\x86\x87\x8a\x8c\x90\x93\x94",
  "latin1",
);

/** Lets the readers of model files read damaged ones: whatever the bytes, the answer is a verdict, and comes soon. */
export async function fuzzModelFiles({ seconds, seed, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const startedAtMs = performance.now();
  const random = createRandom(seed);
  const { sound, malicious } = modelFileSamples();
  const all: readonly [Buffer, ...Buffer[]] = [...sound, ...malicious];
  const findings: string[] = [];
  const counts: Record<string, number> = {};
  let inputs = 0;
  while (performance.now() - startedAtMs < seconds * 1_000 && findings.length === 0) {
    const bytes = damage(random, random.pick(random.isLucky(0.7) ? sound : all), all);
    const before = process.cpuUsage();
    const shown = (error: unknown): string =>
      JSON.stringify({ error: String(error), bytes: bytes.toString("base64") });
    try {
      const outcome = readModelFile(bytes);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    } catch (error) {
      findings.push(shown(error));
    }
    if (process.cpuUsage(before).user > maxReadMs * 1_000) findings.push(shown("it took too long"));
    inputs += 1;
    if (inputs % 10_000 === 0) onProgress?.(inputs);
    // Others of this process get their turn.
    if (inputs % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { inputs, seconds: (performance.now() - startedAtMs) / 1_000, findings, counts };
}

function damage(random: Random, sample: Buffer, samples: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(sample);
  for (let times = 1 + random.below(6); times > 0 && bytes.length > 0; times -= 1) {
    const at = random.below(bytes.length);
    switch (random.below(7)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = opcodes[random.below(opcodes.length)] ?? 0;
        break;
      case 2:
        writeEdge(random, bytes, at);
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(bytes.length))]);
        break;
      case 5: {
        const other = samples[random.below(samples.length)] ?? bytes;
        const start = random.below(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(start, start + 64), bytes.subarray(at)]);
        break;
      }
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(at, at + 1 + random.below(32)),
          bytes.subarray(at),
        ]);
    }
  }
  return bytes;
}

function writeEdge(random: Random, bytes: Buffer, at: number): void {
  const width = random.pick([1, 2, 4, 8]);
  for (
    let index = 0, rest = random.pick(edges);
    index < width && at + index < bytes.length;
    index += 1, rest >>= 8n
  )
    bytes[at + index] = Number(rest & 0xffn);
}
