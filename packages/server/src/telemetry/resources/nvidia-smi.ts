import { type GpuReading, readFigure } from "./gpu-reading.ts";

const columns = "index,uuid,name,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw";
const mebibyte = 2 ** 20;

/** How nvidia-smi is asked for what `parseNvidiaSmi` reads. */
export const nvidiaSmiArguments: readonly string[] = [
  `--query-gpu=${columns}`,
  "--format=csv,noheader,nounits",
];

/** GPUs of NVIDIA, one a line. Lines that are none are left out. */
export function parseNvidiaSmi(text: string): readonly GpuReading[] {
  return text.split("\n").flatMap((line) => {
    const cells = line.split(",").map((cell) => cell.trim());
    const [index = "", , name = "", total, used, utilization, temperature, power] = cells;
    if (!/^\d+$/.test(index)) return [];
    return [
      {
        index,
        name,
        memoryTotalBytes: readFigure(total, mebibyte),
        memoryUsedBytes: readFigure(used, mebibyte),
        utilization: readFigure(utilization, 0.01),
        temperatureCelsius: readFigure(temperature),
        powerWatts: readFigure(power),
      },
    ];
  });
}
