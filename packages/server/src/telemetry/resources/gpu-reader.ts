import { execFile } from "node:child_process";
import type { GpuReading } from "./gpu-reading.ts";
import { ioregArguments, parseIoreg } from "./ioreg.ts";
import { nvidiaSmiArguments, parseNvidiaSmi } from "./nvidia-smi.ts";
import { parseRocmSmi, rocmSmiArguments } from "./rocm-smi.ts";

/** A program that comes with a driver or the system, and what it says. */
interface Tool {
  readonly program: string;
  readonly arguments: readonly string[];
  parse(text: string): readonly GpuReading[];
}

const tools: readonly Tool[] = [
  { program: "nvidia-smi", arguments: nvidiaSmiArguments, parse: parseNvidiaSmi },
  { program: "rocm-smi", arguments: rocmSmiArguments, parse: parseRocmSmi },
  { program: "ioreg", arguments: ioregArguments, parse: parseIoreg },
];

/** Drivers that are stuck do not answer: their program is ended then. */
const answerLimitMs = 5_000;
const mostOutputBytes = 1_048_576;

/**
 * Asks the drivers for their GPUs. A program that is not installed is not tried again, so that a machine without a GPU
 * pays for three failed starts in its life.
 */
export class GpuReader {
  readonly #tools = new Set(tools);

  /** Whether there may be a GPU. */
  get isOfUse(): boolean {
    return this.#tools.size > 0;
  }

  /** None when a driver does not answer. Never rejects. */
  async read(signal: AbortSignal): Promise<readonly GpuReading[]> {
    const readings = await Promise.all([...this.#tools].map((tool) => this.#ask(tool, signal)));
    return readings.flat();
  }

  async #ask(tool: Tool, signal: AbortSignal): Promise<readonly GpuReading[]> {
    const text = await new Promise<string>((resolve) => {
      const options = {
        timeout: answerLimitMs,
        killSignal: "SIGKILL",
        maxBuffer: mostOutputBytes,
        signal,
      } as const;
      execFile(tool.program, tool.arguments, options, (error, stdout) => {
        if (error !== null && "code" in error && error.code === "ENOENT") this.#tools.delete(tool);
        resolve(error === null ? stdout : "");
      });
    });
    return tool.parse(text);
  }
}
