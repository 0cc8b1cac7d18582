import { isJsonObject, type Json, type JsonObject, objectAt, PlatformError, textAt } from "@llm-platform/kit";
import { type ControlAnswer, type ControlClient, expectSuccess } from "../control-client.ts";

/** The few calls of Grafana's HTTP API that dashboards need. Each throws PlatformError when Grafana refuses. */
export interface GrafanaApi {
  /** As Grafana has it; undefined where there is none of that uid. */
  readDashboard(uid: string, signal: AbortSignal): Promise<JsonObject | undefined>;
  /** What Grafana says that it is; undefined where it keeps that to itself. */
  readVersion(signal: AbortSignal): Promise<string | undefined>;
  /**
   * Makes it, or puts it in place of the one with its uid that has this `version`.
   * @returns whether it is written: false where somebody was faster, and nothing is changed
   */
  writeDashboard(dashboard: JsonObject, folderUid: string, signal: AbortSignal): Promise<boolean>;
  ensureFolder(folder: { readonly uid: string; readonly title: string }, signal: AbortSignal): Promise<void>;
  /** Makes the source of data, or brings it to what it is to be. */
  ensureDataSource(source: JsonObject, signal: AbortSignal): Promise<void>;
}

export function createGrafanaApi(client: ControlClient, prefix: string): GrafanaApi {
  const path = (...parts: readonly string[]) => `${prefix}/api/${parts.map(encodeURIComponent).join("/")}`;

  return {
    async readDashboard(uid, signal) {
      const answer = await client.ask({ path: path("dashboards", "uid", uid), signal });
      if (answer.status === 404) return undefined;
      requireAllowed(answer, `the dashboard ${uid}`);
      return isJsonObject(answer.json) ? objectAt(answer.json, "dashboard") : undefined;
    },
    async readVersion(signal) {
      const { json } = await client.ask({ path: path("health"), signal });
      return isJsonObject(json) ? textAt(json, "version") : undefined;
    },
    async writeDashboard(dashboard, folderUid, signal) {
      const body = { dashboard, folderUid, overwrite: false, message: "by llm-platform" };
      const answer = await client.ask({ path: path("dashboards", "db"), body, signal });
      if (answer.status === 412) return false;
      requireAllowed(answer, `writing the dashboard ${String(dashboard["title"])}`);
      return true;
    },
    async ensureFolder({ uid, title }, signal) {
      const there = await client.ask({ path: path("folders", uid), signal });
      if (there.status !== 404) return requireAllowed(there, `the folder ${title}`);
      const made = await client.ask({ path: path("folders"), body: { uid, title }, signal });
      // Somebody else made it in between.
      if (made.status !== 409 && made.status !== 412) requireAllowed(made, `making the folder ${title}`);
    },
    async ensureDataSource(source, signal) {
      const uid = String(source["uid"]);
      const there = await client.ask({ path: path("datasources", "uid", uid), signal });
      if (there.status !== 404) requireAllowed(there, "the data source");
      const isThere = there.status !== 404;
      if (isThere && isSameSource(there.json, source)) return;
      const answer = await client.ask({
        path: isThere ? path("datasources", "uid", uid) : path("datasources"),
        method: isThere ? "PUT" : "POST",
        body: source,
        signal,
      });
      requireAllowed(answer, "making the data source");
    },
  };
}

/** Whether Grafana's has what ours is to have; what else somebody set there is left alone. */
function isSameSource(found: Json | undefined, { url, jsonData }: JsonObject): boolean {
  if (!isJsonObject(found) || !isJsonObject(jsonData)) return false;
  const [traces, wanted] = [objectAt(found, "jsonData"), jsonData].map((data) =>
    JSON.stringify(data?.["exemplarTraceIdDestinations"]),
  );
  return found["url"] === url && (wanted === undefined || traces === wanted);
}

/** Grafana answers 403 to a token that is good and may not: that is another remedy than a wrong token. */
function requireAllowed(answer: ControlAnswer, what: string): void {
  if (answer.status === 403)
    throw new PlatformError(
      "upstream_auth",
      `Grafana's service account may not do that: ${what}. Give it the role Editor, or Admin for the data source.`,
      { upstreamStatus: 403 },
    );
  const said = isJsonObject(answer.json) ? textAt(answer.json, "message") : undefined;
  // A dashboard that comes from a file, for example, is not changed over the API.
  if ((answer.status === 400 || answer.status === 422) && said !== undefined)
    throw new PlatformError(
      "upstream_error",
      `Grafana refused ${what}: ${said.slice(0, 200)}. Remove what stands in its way there, and try again.`,
      { upstreamStatus: answer.status },
    );
  expectSuccess(answer, what);
}
