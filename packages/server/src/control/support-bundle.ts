import type { Json } from "@llm-platform/kit";
import { z } from "zod";
import { HostNames } from "../core/host-names.ts";
import type { Manager } from "../manager/manager.ts";
import type { EventReader } from "./events.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { type SettingView, toSettingRow } from "./settings.ts";
import type { SystemInfo } from "./system.ts";
import type { SystemParts } from "./system-parts.ts";

/** What a support bundle is put together from. */
export interface SupportBundleParts {
  readonly info: SystemInfo;
  readonly settings: SettingView;
  readonly manager: Pick<Manager, "list">;
  readonly events: Pick<EventReader, "bounds" | "list">;
  readParts(): Promise<SystemParts>;
  /** The last warnings and errors of the log, oldest first, without secrets. */
  recentProblems(): readonly string[];
  /** Every metric as text. */
  metrics(): Promise<string>;
  /** The machine, in facts that are no secret. */
  readonly machine: {
    readonly hostName: string;
    readonly homeDirectory: string;
    facts(): Readonly<Record<string, Json>>;
  };
  /** Takes every known secret out of a text. */
  hide(text: string): string;
  nowMs(): number;
}

interface BundleFile {
  readonly name: string;
  readonly about: string;
  readonly text: string;
}

const mostEvents = 500;
const hostSetting = /(?:^|[._])(?:hosts?|listen|address|domains?)$/;

/** Operations that help others to help: nothing that they tell is a secret. */
export function supportOperations(parts: SupportBundleParts): readonly Operation[] {
  return [
    defineOperation({
      name: "system.support_bundle",
      summary:
        "What somebody needs to know who is asked for help: versions, settings, states, events, problems of the log and metrics, as files to be looked at before they are sent. No secret is in it, and no content of a call.",
      permission: "settings.read",
      rest: { method: "POST", path: "/api/v1/system/support-bundle" },
      audit: {
        target: () => ({ type: "support_bundle", id: null, name: null }),
        // What is in it would make the record as long as the bundle.
        after: (_input, { files }) => ({ files: files.map(({ name, bytes }) => ({ name, bytes })) }),
      },
      input: z.strictObject({
        include_hosts: z
          .boolean()
          .default(false)
          .describe("Whether names of machines, addresses, e-mail addresses and the home folder are told."),
      }),
      output: z.object({
        name: z.string().describe("What a folder or archive of the files may be called."),
        created_at: z.string(),
        files: z
          .array(
            z.object({
              name: z.string(),
              about: z.string().describe("What is in it."),
              bytes: z.number(),
              text: z.string(),
            }),
          )
          .readonly(),
      }),
      async run({ include_hosts }) {
        const gathered = (await gather(parts)).map((file) => ({ ...file, text: parts.hide(file.text) }));
        const files = include_hosts ? gathered : hideHosts(gathered, parts);
        const created_at = new Date(parts.nowMs()).toISOString();
        return {
          name: `llm-platform-support-${created_at.replaceAll(/[-:]|\.\d+/g, "")}`,
          created_at,
          files: files.map(({ name, about, text }) => ({
            name,
            about,
            bytes: Buffer.byteLength(text),
            text,
          })),
        };
      },
    }),
  ];
}

async function gather(parts: SupportBundleParts): Promise<readonly BundleFile[]> {
  const { info, settings, manager, machine } = parts;
  const [standing, events, metrics] = await Promise.all([
    parts.readParts(),
    lastEvents(parts),
    parts.metrics(),
  ]);
  const problems = parts.recentProblems();
  return [
    {
      name: "about.json",
      about: "Versions, uptime, and the machine.",
      text: toText({
        version: info.version,
        node_version: process.version,
        started_at: new Date(info.startedAtMs).toISOString(),
        uptime_seconds: Math.round((parts.nowMs() - info.startedAtMs) / 1_000),
        requests_in_flight: info.inFlight(),
        machine: machine.facts(),
      }),
    },
    { name: "parts.json", about: "Store, Redis, disk, replicas and certificates.", text: toText(standing) },
    {
      name: "settings.json",
      about: "Every setting with where it comes from. Secrets are [secret].",
      text: toText({
        file: settings.file ?? null,
        settings: settings.list().map((line) => {
          const { key, value, origin } = toSettingRow(line);
          return { key, value, origin };
        }),
      }),
    },
    {
      name: "integrations.json",
      about: "Every integration with its state and its reason.",
      text: toText(manager.list()),
    },
    { name: "events.jsonl", about: `The last events, ${mostEvents} at most.`, text: events },
    {
      name: "problems.jsonl",
      about: "The last warnings and errors of the log since the start, 200 at most.",
      text: problems.map((line) => `${line}\n`).join(""),
    },
    { name: "metrics.txt", about: "Every metric as Prometheus reads it.", text: metrics },
  ];
}

async function lastEvents({ events }: SupportBundleParts): Promise<string> {
  const { newest } = await events.bounds();
  const found = await events.list({ afterId: Math.max(0, newest - mostEvents), limit: mostEvents });
  return found.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/** The same host has the same stand-in in all files, so that one can still follow it. */
function hideHosts(
  files: readonly BundleFile[],
  { settings, machine }: SupportBundleParts,
): readonly BundleFile[] {
  const names = new HostNames(machine.hostName, machine.homeDirectory);
  for (const { key, value } of settings.list())
    if (hostSetting.test(key)) names.learn([value].flat().filter((each) => typeof each === "string"));
  for (const { text } of files) names.learnFrom(text);
  return files.map((file) => ({ ...file, text: names.hide(file.text) }));
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
