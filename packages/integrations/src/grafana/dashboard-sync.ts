import { createHash } from "node:crypto";
import {
  type DashboardOutcome,
  isJsonObject,
  type Json,
  type JsonObject,
  type KeyValues,
  PlatformError,
  type SyncedDashboard,
  textAt,
} from "@llm-platform/kit";
import type { GrafanaApi } from "./grafana-api.ts";

export interface DashboardSyncParts {
  readonly api: GrafanaApi;
  /** Where it is noted what was written last, so that the changes of others are told apart from ours. */
  readonly keyValues: KeyValues;
  readonly folderUid: string;
  readonly signal: AbortSignal;
}

/** Hashes of what was sent, and of what Grafana made of it. */
interface Written {
  readonly sent: string;
  readonly seen: string;
}

/** As often it is looked at anew when somebody changes it at the same moment. */
const mostTries = 3;

/**
 * Brings one dashboard to what it is to be. What somebody changed by hand is copied before it is replaced.
 * @throws PlatformError `upstream_error` when somebody keeps on changing it meanwhile
 */
export async function syncDashboard(wanted: JsonObject, parts: DashboardSyncParts): Promise<SyncedDashboard> {
  for (let tries = 0; tries < mostTries; tries++) {
    const synced = await trySync(wanted, parts);
    if (synced !== undefined) return synced;
  }
  throw new PlatformError(
    "upstream_error",
    `Somebody changes the dashboard ${String(wanted["title"])} in Grafana at this moment. Try again when that is saved.`,
    { isRetryable: true },
  );
}

/** Undefined where it was changed between reading and writing: nothing of that is lost. */
async function trySync(wanted: JsonObject, parts: DashboardSyncParts): Promise<SyncedDashboard | undefined> {
  const { api, keyValues, signal } = parts;
  const uid = textAt(wanted, "uid");
  const title = textAt(wanted, "title");
  if (uid === undefined || title === undefined)
    throw new PlatformError("internal", "A dashboard has no uid or no title.");
  const key = `dashboard.${uid}`;
  const written = toWritten(await keyValues.get(key));
  const found = await api.readDashboard(uid, signal);
  const sent = hashOf(wanted);
  const isEdited = found !== undefined && hashOf(found) !== (written?.seen ?? sent);
  if (found !== undefined && written?.sent === sent)
    return { uid, title, outcome: isEdited ? "edited" : "unchanged" };

  const copyUid = isEdited ? await keepCopy(found, { uid, title }, parts) : undefined;
  const version = found?.["version"] ?? 0;
  if (!(await api.writeDashboard({ ...wanted, id: null, version }, parts.folderUid, signal)))
    return undefined;
  const after = await api.readDashboard(uid, signal);
  await keyValues.set(key, { sent, seen: after === undefined ? sent : hashOf(after) });
  const outcome: DashboardOutcome =
    found === undefined ? "created" : copyUid === undefined ? "updated" : "replaced";
  return { uid, title, outcome, ...(copyUid === undefined ? {} : { copyUid }) };
}

/** The same changes are kept once, however often this is repeated: the copy is named by what it holds. */
async function keepCopy(
  found: JsonObject,
  { uid, title }: { readonly uid: string; readonly title: string },
  { api, folderUid, signal }: DashboardSyncParts,
): Promise<string> {
  const copyUid = `${uid.slice(0, 27)}-kept-${hashOf(found).slice(0, 7)}`;
  const copyTitle = `${title} (kept ${hashOf(found).slice(0, 7)})`;
  // A copy that is there already is the same one: its uid says what it holds.
  await api.writeDashboard(
    { ...found, id: null, uid: copyUid, title: copyTitle, version: 0 },
    folderUid,
    signal,
  );
  return copyUid;
}

/** What a dashboard holds, without what Grafana counts up. */
function hashOf({ id: _id, version: _version, ...content }: JsonObject): string {
  return createHash("sha256").update(canonical(content)).digest("hex");
}

/** JSON with the members of objects in order. */
function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

function toWritten(value: Json | undefined): Written | undefined {
  if (!isJsonObject(value)) return undefined;
  const [sent, seen] = [textAt(value, "sent"), textAt(value, "seen")];
  return sent === undefined || seen === undefined ? undefined : { sent, seen };
}
