import { type GpuReading, readFigure } from "./gpu-reading.ts";

/** How ioreg is asked for what `parseIoreg` reads. */
export const ioregArguments: readonly string[] = ["-r", "-d", "1", "-w", "0", "-c", "IOAccelerator"];

/**
 * GPUs of Apple, one an entry. Their memory is the machine's own, so there is no total of it: models that are on such a
 * GPU count as memory of the machine.
 */
export function parseIoreg(text: string): readonly GpuReading[] {
  return text
    .split(/^\+-o /m)
    .flatMap((entry) => {
      const name = /"model" = "(Apple [^"]+)"/.exec(entry)?.[1];
      return name === undefined ? [] : [{ name, entry }];
    })
    .map(({ name, entry }, index) => {
      const find = (figure: string) => new RegExp(`"${figure}"=(\\d+)`).exec(entry)?.[1];
      return {
        index: String(index),
        name,
        memoryTotalBytes: undefined,
        memoryUsedBytes: readFigure(find("In use system memory")),
        utilization: readFigure(find("Device Utilization %"), 0.01),
        temperatureCelsius: undefined,
        powerWatts: undefined,
      };
    });
}
