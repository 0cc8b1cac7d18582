import { expect, test } from "vitest";
import { createMemoryUsage } from "./memory-usage.ts";

const gib = 2 ** 30;

function usage(files: Readonly<Record<string, string>>, maxBytes?: number) {
  const readText = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`there is no ${path}`);
    return text;
  };
  return createMemoryUsage({ maxBytes, readText, residentBytes: () => gib, totalBytes: 64 * gib })();
}

test("a container's memory is that of its group, without the contents of files", () => {
  const ratio = usage({
    "/proc/self/cgroup": "0::/\n",
    "/sys/fs/cgroup/memory.max": `${8 * gib}\n`,
    "/sys/fs/cgroup/memory.current": `${7 * gib}\n`,
    "/sys/fs/cgroup/memory.stat": `anon ${2 * gib}\nfile ${5 * gib}\ninactive_file ${2 * gib}\nactive_file ${gib}\n`,
  });
  expect(ratio).toBe(0.5);
});

test("a group without a bound is bounded by those around it, and the fullest counts", () => {
  const around = {
    "/proc/self/cgroup": "0::/a/b\n",
    "/sys/fs/cgroup/a/b/memory.max": "max\n",
    "/sys/fs/cgroup/a/memory.max": `${4 * gib}\n`,
    "/sys/fs/cgroup/a/memory.current": `${gib}\n`,
    "/sys/fs/cgroup/a/memory.stat": "anon 1\n",
  };
  expect(usage(around)).toBe(0.25);
  expect(usage(around, 2 * gib)).toBe(0.5);
});

test("the first version of groups has other names, and a bound beyond the machine is none", () => {
  const old = {
    "/proc/self/cgroup": "4:cpu,memory:/x\n0::/\n",
    "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": `${2 * gib}\n`,
    "/sys/fs/cgroup/memory/x/memory.usage_in_bytes": `${gib}\n`,
    "/sys/fs/cgroup/memory/x/memory.stat": "total_inactive_file 0\n",
  };
  expect(usage(old)).toBe(0.5);
  expect(
    usage({ ...old, "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "9223372036854771712\n" }),
  ).toBeUndefined();
});

test("without groups the setting bounds it, and without that nothing does", () => {
  expect(usage({}, 4 * gib)).toBe(0.25);
  expect(usage({})).toBeUndefined();
});
