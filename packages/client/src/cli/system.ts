import { mkdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { ClientError } from "../client-error.ts";
import type { CliContext } from "./context.ts";
import { formatBytes, printRows } from "./output.ts";

/** `llmp system …`. */
export function addSystemCommands(program: Command, context: CliContext): void {
  const system = program.command("system").description("the server as a whole");
  system
    .command("settings [text]")
    .description("its settings with where each value comes from; with a text, those that have it")
    .action(async (text: string | undefined) => {
      const found = await context.client().run("system.settings", { search: text ?? "" });
      const rows = found.settings.map(({ key, value, origin }) => [key, JSON.stringify(value), origin]);
      printRows(context.output(), found, [["SETTING", "VALUE", "FROM"], ...rows]);
    });
  system
    .command("parts")
    .description("what it stands on: store, Redis, disk, other replicas and certificates")
    .action(async () => {
      const parts = await context.client().run("system.parts", {});
      const { store, redis, disk, replicas, certificates } = parts;
      printRows(context.output(), parts, [
        ["PART", "STATE", "SIZE"],
        [store.kind, store.problem ?? "ok", formatBytes(store.bytes)],
        [
          "redis",
          redis === null ? "not configured" : (redis.trouble ?? "ok"),
          formatBytes(redis?.used_bytes ?? null),
        ],
        ["disk", `${formatBytes(disk.free_bytes)} free`, formatBytes(disk.size_bytes)],
        ["replicas", replicas.is_leader ? "this one leads" : "another one leads", String(replicas.count)],
        ...certificates.map((each) => [each.setting, each.problem ?? `ends ${each.expires_at ?? "-"}`, "-"]),
      ]);
    });
  addSupportBundle(system, context);
}

function addSupportBundle(system: Command, context: CliContext): void {
  system
    .command("support-bundle [folder]")
    .description("write what who helps must know into a new folder, to be looked at before it is sent")
    .option("--hosts", "name machines and addresses in it")
    .action(async (folder: string | undefined, { hosts = false }: { readonly hosts?: boolean }) => {
      const bundle = await context.client().run("system.support_bundle", { include_hosts: hosts });
      const directory = resolve(folder ?? bundle.name);
      try {
        await mkdir(directory);
        for (const { name, text } of bundle.files) await writeFile(join(directory, basename(name)), text);
      } catch (cause) {
        const message = `${directory} cannot be written: it must be a folder that is not there yet.`;
        throw new ClientError("failed", message, { cause });
      }
      const rows = bundle.files.map(({ name, about, bytes }) => [
        join(directory, name),
        formatBytes(bytes),
        about,
      ]);
      const told = { directory, files: bundle.files.map(({ name, bytes }) => ({ name, bytes })) };
      printRows(context.output(), told, [["FILE", "SIZE", "ABOUT"], ...rows]);
    });
}
