import { expect, test } from "vitest";
import { parseIoreg } from "./ioreg.ts";
import { parseNvidiaSmi } from "./nvidia-smi.ts";
import { parseRocmSmi } from "./rocm-smi.ts";

test("nvidia-smi's table is read, and what it does not tell is absent", () => {
  const text = [
    "0, GPU-3a1, NVIDIA H100 80GB HBM3, 81559, 1024, 37, 31, 69.52",
    "1, GPU-9f2, NVIDIA T400, 2048, [N/A], [Not Supported], 40, [N/A]",
    "",
  ].join("\n");
  expect(parseNvidiaSmi(text)).toEqual([
    {
      index: "0",
      name: "NVIDIA H100 80GB HBM3",
      memoryTotalBytes: 81_559 * 2 ** 20,
      memoryUsedBytes: 2 ** 30,
      utilization: 0.37,
      temperatureCelsius: 31,
      powerWatts: 69.52,
    },
    {
      index: "1",
      name: "NVIDIA T400",
      memoryTotalBytes: 2 ** 31,
      memoryUsedBytes: undefined,
      utilization: undefined,
      temperatureCelsius: 40,
      powerWatts: undefined,
    },
  ]);
});

test.each([
  "",
  "No devices were found\n",
  "NVIDIA-SMI has failed because it couldn't communicate, with the driver.",
])("what is no table has no GPU: %j", (text) => {
  expect(parseNvidiaSmi(text)).toEqual([]);
  expect(parseRocmSmi(text)).toEqual([]);
  expect(parseIoreg(text)).toEqual([]);
});

test("ioreg's entries of Apple's GPUs are read, whose memory is the machine's own", () => {
  const text = [
    "+-o AGXAcceleratorG13X  <class AGXAcceleratorG13X, id 0x100000611, registered, matched, active, busy 0 (3 ms), retain 131>",
    "    {",
    '      "model" = "Apple M1 Pro"',
    '      "gpu-core-count" = 16',
    '      "PerformanceStatistics" = {"In use system memory (driver)"=0,"Alloc system memory"=1887436800,"Tiler Utilization %"=4,"recoveryCount"=0,"Renderer Utilization %"=4,"TiledSceneBytes"=0,"Device Utilization %"=5,"SplitSceneCount"=0,"Allocated PB Size"=5242880,"In use system memory"=482344960}',
    "    }",
    "",
    "+-o IntelAccelerator  <class IntelAccelerator, id 0x1000003b1, registered>",
    "    {",
    '      "model" = "Intel Iris"',
    "    }",
  ].join("\n");
  expect(parseIoreg(text)).toEqual([
    {
      index: "0",
      name: "Apple M1 Pro",
      memoryTotalBytes: undefined,
      memoryUsedBytes: 482_344_960,
      utilization: 0.05,
      temperatureCelsius: undefined,
      powerWatts: undefined,
    },
  ]);
});

test("rocm-smi's JSON is read", () => {
  const text = JSON.stringify({
    card0: {
      "Temperature (Sensor edge) (C)": "41.0",
      "Average Graphics Package Power (W)": "33.0",
      "GPU use (%)": "12",
      "VRAM Total Memory (B)": "17163091968",
      "VRAM Total Used Memory (B)": "6438912",
      "Card series": "Radeon RX 6800",
    },
    system: { "Driver version": "6.1" },
  });
  expect(parseRocmSmi(text)).toEqual([
    {
      index: "0",
      name: "Radeon RX 6800",
      memoryTotalBytes: 17_163_091_968,
      memoryUsedBytes: 6_438_912,
      utilization: 0.12,
      temperatureCelsius: 41,
      powerWatts: 33,
    },
  ]);
});
