import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a command came to. */
export type Ran = { readonly exitCode: number; readonly output: string };

/**
 * Somebody who follows a page: a new folder, a shell that stays where it went and keeps what was exported, `llmp` of
 * this repository.
 */
export type Reader = {
  /** Runs it in the shell until it ends. */
  shell(text: string): Promise<Ran>;
  /**
   * Runs it as a program that goes on, in place of the one that runs; resolves with its output so far when `until`
   * stands in it.
   */
  background(text: string, until: string): Promise<string>;
  /** Writes a file of the folder where the shell is. */
  write(name: string, content: string): Promise<void>;
  read(name: string): Promise<string>;
  /** Ends what runs in the background and removes the folder. */
  stop(): Promise<void>;
};

const llmp = fileURLToPath(new URL("../../packages/client/bin/llmp.js", import.meta.url));
const commandLimitMs = 240_000;

/** @param env makes, of the home, what is added to the environment, which else is empty but for what finds the programs */
export async function createReader(env: (home: string) => Readonly<Record<string, string>>): Promise<Reader> {
  const home = await mkdtemp(join(tmpdir(), "llm-platform-docs-"));
  const folder = join(home, "work");
  const state = join(home, "state.sh");
  await mkdir(join(home, "bin"));
  await mkdir(folder);
  await writeFile(state, `cd "${folder}"\n`);
  await writeFile(join(home, "bin/llmp"), `#!/bin/sh\nexec "${process.execPath}" "${llmp}" "$@"\n`, {
    mode: 0o755,
  });
  await symlink(process.execPath, join(home, "bin/node"));
  const children = new Set<ChildProcess>();
  const start = (text: string) => {
    const child = spawn("bash", ["-c", text], {
      env: {
        PATH: `${join(home, "bin")}:${process.env["PATH"] ?? ""}`,
        HOME: home,
        ...env(home),
      },
      // A group of its own, so that what it started ends with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    child.once("close", () => children.delete(child));
    return child;
  };
  const stopAll = async (signal: NodeJS.Signals) => {
    const ends = [...children].map((child) => once(child, "close"));
    for (const child of children) end(child, signal);
    await Promise.all(ends);
  };
  const whereAmI = async () =>
    /^cd "(.+)"$/m.exec((await readFile(state, "utf8")).trim().split("\n").at(-1) ?? "")?.[1] ?? folder;
  return {
    async shell(text) {
      const script = `. "${state}"\nset -eo pipefail\n${text}\n{ export -p; echo "cd \\"$PWD\\""; } > "${state}"`;
      const child = start(script);
      const late = setTimeout(() => end(child, "SIGKILL"), commandLimitMs);
      const output = collect(child, () => undefined);
      const [code] = await once(child, "close");
      clearTimeout(late);
      return { exitCode: typeof code === "number" ? code : -1, output: output() };
    },
    async background(text, until) {
      await stopAll("SIGTERM");
      const child = start(`. "${state}"\nexec ${text}`);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const output = collect(child, () => {
        if (output().includes(until)) resolve(output());
      });
      child.once("close", () => reject(new Error(`it ended before it said ${until}:\n${output()}`)));
      return await promise;
    },
    async write(name, content) {
      const file = join(await whereAmI(), name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    },
    read: async (name) => readFile(join(await whereAmI(), name), "utf8"),
    async stop() {
      await stopAll("SIGKILL");
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** With all that it started. */
function end({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, signal);
}

function collect(child: ChildProcess, onOutput: () => void): () => string {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput();
    });
  }
  return () => output;
}
