import { z } from "zod";
import { type GpuReading, readFigure } from "./gpu-reading.ts";

/** How rocm-smi is asked for what `parseRocmSmi` reads. */
export const rocmSmiArguments: readonly string[] = [
  "--showmeminfo",
  "vram",
  "--showuse",
  "--showtemp",
  "--showpower",
  "--showproductname",
  "--json",
];

const cards = z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number()])));

/** GPUs of AMD. What is no JSON of rocm-smi's has none. */
export function parseRocmSmi(text: string): readonly GpuReading[] {
  const read = cards.safeParse(readJson(text));
  if (!read.success) return [];
  return Object.entries(read.data).flatMap(([card, figures]) => {
    const index = /^card(\d+)$/.exec(card)?.[1];
    if (index === undefined) return [];
    // The spelling of what follows differs between versions of the driver.
    const find = (pattern: RegExp) => {
      const found = Object.entries(figures).find(([key]) => pattern.test(key));
      return found === undefined ? undefined : String(found[1]);
    };
    return [
      {
        index,
        name: find(/^Card Series/i) ?? "AMD",
        memoryTotalBytes: readFigure(find(/^VRAM Total Memory/i)),
        memoryUsedBytes: readFigure(find(/^VRAM Total Used Memory/i)),
        utilization: readFigure(find(/^GPU use/i), 0.01),
        temperatureCelsius: readFigure(find(/^Temperature \(Sensor (?:edge|junction)\)/i)),
        powerWatts: readFigure(find(/Graphics Package Power/i)),
      },
    ];
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A warning in place of JSON: there is nothing to read.
    return undefined;
  }
}
