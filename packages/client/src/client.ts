import type { AuditFilter, AuditHead, AuditRecord, AuditVerdict } from "./audit.ts";
import { type SentBackup, toSentBackup } from "./backup.ts";
import type { Budget, BudgetChange, NewBudget } from "./budgets.ts";
import { type ChatCalls, createChatCalls } from "./chat-calls.ts";
import type { CallOptions } from "./call-options.ts";
import { ClientError, toClientError } from "./client-error.ts";
import type {
  ApiKey,
  Caller,
  FirstAdmin,
  KeyChange,
  NewKey,
  NewRole,
  NewTeam,
  NewUser,
  Role,
  RoleChange,
  ShownKey,
  Team,
  TeamChange,
  Tokens,
  User,
  UserChange,
} from "./identity.ts";
import { createModelFileCalls, type ModelFileCalls } from "./model-files.ts";
import { createModelSettingCalls, type ModelSettingCalls } from "./model-settings.ts";
import type { NewPrice, Price, PriceAnswer, PriceQuestion, PriceScope } from "./prices.ts";
import { createMonitoringCalls, type MonitoringCalls } from "./monitoring.ts";
import { createOperationCalls, type OperationCalls } from "./operation-calls.ts";
import { createPageSessionCalls, type PageSessionCalls } from "./page-session.ts";
import { createPullCalls, type PullCalls } from "./pulls.ts";
import { toQuery } from "./query.ts";
import { createRequestCalls, type RequestCalls } from "./requests.ts";
import type { SecretsStatus } from "./secrets.ts";
import type {
  RepriceOrder,
  CallContent,
  RepriceReport,
  UsageAnswer,
  UsageFilter,
  UsageFormat,
  UsageQuestion,
} from "./usage.ts";

export interface ClientOptions {
  /** Address of the server. Default http://127.0.0.1:8000. */
  readonly url?: string | undefined;
  readonly apiKey?: string | undefined;
  /** Asked before each call where there is no key, for an access token. Default: none. */
  readonly token?: (() => Promise<string | undefined>) | undefined;
  /** For one call to be answered, in milliseconds. Default 30,000; streams and loads have none. */
  readonly timeoutMs?: number;
}

/** State of an integration, as the API gives it. */
export interface IntegrationStatus {
  readonly name: string;
  readonly type: string;
  readonly use: string;
  readonly enabled: boolean;
  readonly state: string;
  readonly reason: string | null;
  readonly since: string;
  readonly next_retry_at: string | null;
  readonly restarts: { readonly in_window: number; readonly total: number };
}

export interface Model {
  readonly id: string;
  readonly integration: string;
  readonly provider: string;
  readonly operations: readonly string[];
  readonly context_tokens: number | null;
  readonly size_bytes: number | null;
  readonly family: string | null;
  readonly quantization: string | null;
  /** How far its file can be trusted: weights_only, suspicious or refused; null where it was not looked at. */
  readonly verdict: string | null;
}

export interface LoadedModel {
  readonly id: string;
  readonly integration: string;
  readonly memory_bytes: number | null;
  readonly gpu_memory_bytes: number | null;
  readonly gpu_layers: number | null;
  /** Whether the GPU's driver sees what the engine says: used, claimed_not_seen or not_measured; null without a GPU. */
  readonly gpu: string | null;
  readonly expires_at: string | null;
  readonly active_calls: number | null;
  /** Where it does not run as it was meant to: why, and what to do. */
  readonly notice: string | null;
}

export interface SystemInfo {
  readonly version: string;
  readonly node_version: string;
  readonly started_at: string;
  readonly uptime_seconds: number;
  readonly data_dir: string;
  readonly requests_in_flight: number;
}

/** The platform's API, typed. Every method rejects with ClientError. */
export interface PlatformClient
  extends ChatCalls,
    OperationCalls,
    PageSessionCalls,
    PullCalls,
    ModelFileCalls,
    ModelSettingCalls,
    MonitoringCalls,
    RequestCalls {
  readonly url: string;
  system(): Promise<SystemInfo>;
  integrations(): Promise<readonly IntegrationStatus[]>;
  integration(name: string): Promise<IntegrationStatus>;
  restartIntegration(name: string): Promise<IntegrationStatus>;
  models(): Promise<readonly Model[]>;
  showModel(
    model: string,
  ): Promise<{ readonly model: Model; readonly details: Readonly<Record<string, unknown>> }>;
  loadedModels(): Promise<readonly LoadedModel[]>;
  loadModel(model: string): Promise<void>;
  unloadModel(model: string): Promise<void>;
  whoami(): Promise<Caller>;
  /** All of them, revoked ones included. */
  keys(): Promise<readonly ApiKey[]>;
  createKey(key: NewKey): Promise<ShownKey>;
  updateKey(id: string, change: KeyChange): Promise<ApiKey>;
  /** @param graceSeconds how long the text before goes on working; default a day */
  rotateKey(id: string, graceSeconds?: number): Promise<ShownKey>;
  revokeKey(id: string): Promise<ApiKey>;
  users(): Promise<readonly User[]>;
  /** The key is null when none was made. */
  createUser(user: NewUser): Promise<User & { readonly key: string | null }>;
  updateUser(id: string, change: UserChange): Promise<User>;
  deleteUser(id: string): Promise<User>;
  teams(): Promise<readonly Team[]>;
  createTeam(team: NewTeam): Promise<Team>;
  updateTeam(id: string, change: TeamChange): Promise<Team>;
  deleteTeam(id: string): Promise<Team>;
  /** Those that every platform has first. */
  roles(): Promise<readonly Role[]>;
  createRole(role: NewRole): Promise<Role>;
  updateRole(name: string, change: RoleChange): Promise<Role>;
  deleteRole(name: string): Promise<Role>;
  /** Latest first. */
  auditRecords(filter?: AuditFilter): Promise<readonly AuditRecord[]>;
  auditHead(): Promise<AuditHead>;
  /** @param noted a record that was noted elsewhere, which the log must still have */
  verifyAudit(noted?: AuditHead): Promise<AuditVerdict>;
  /** Needs no key. */
  login(name: string, password: string): Promise<Tokens>;
  /** The next tokens for a refresh token, which works once. Needs no key. */
  refresh(refreshToken: string): Promise<Tokens>;
  /** Ends the login that the access token is of. */
  logout(): Promise<void>;
  /** Changes one's own, and ends one's other logins. */
  changePassword(current: string, next: string): Promise<void>;
  /** Makes the first admin. Needs no key; the admin's is in the answer, this once. */
  setUp(admin: FirstAdmin): Promise<{ readonly id: string; readonly name: string; readonly key: string }>;
  secretsStatus(): Promise<SecretsStatus>;
  /** @param masterKey the new one, in hexadecimal or base64; default a random one */
  rotateSecrets(masterKey?: string): Promise<SecretsStatus>;
  /** Gives a server that is sealed the missing master key. */
  unsealSecrets(masterKey: string): Promise<SecretsStatus>;
  /** What was used in a time. */
  budgets(): Promise<readonly Budget[]>;
  createBudget(budget: NewBudget): Promise<Budget>;
  updateBudget(id: string, change: BudgetChange): Promise<Budget>;
  deleteBudget(id: string): Promise<Budget>;
  usage(question: UsageQuestion): Promise<UsageAnswer>;
  /** The records of the ledger as one text, piece by piece. Throws ClientError when it breaks off. */
  exportUsage(format: UsageFormat, filter: UsageFilter): AsyncIterable<string>;
  /** Reckons costs anew, of as many records as one call looks at. */
  repriceUsage(order: RepriceOrder): Promise<RepriceReport>;
  /** What a call asked and was answered, where it was kept. The reading is put on record. */
  callContent(requestId: string): Promise<CallContent>;
  /** What models cost. */
  prices(question: PriceQuestion): Promise<PriceAnswer>;
  putPrice(price: NewPrice): Promise<Price>;
  /** Ends what was set for exactly these models, from now on. */
  deletePrice(scope: PriceScope): Promise<{ readonly ended: readonly Price[] }>;
  /** Has a backup made, and sent; the server keeps none. Has no deadline. */
  backup(signal?: AbortSignal): Promise<SentBackup>;
}

const defaultUrl = "http://127.0.0.1:8000";
const defaultTimeoutMs = 30_000;
const rowsPerPage = 1_000;

type Page<Row, Name extends string> = Readonly<Record<Name, readonly Row[]>> & {
  readonly next_cursor: string | null;
};

/** Throws ClientError `usage` when the address or the key cannot be one. */
export function createClient(options: ClientOptions = {}): PlatformClient {
  const url = parseAddress(options.url ?? defaultUrl);
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;

  async function send(
    path: string,
    { method = "GET", body, accept, timeoutMs: limit, signal, keepalive }: CallOptions,
  ): Promise<Response> {
    const signals = [
      ...(signal === undefined ? [] : [signal]),
      ...(limit === undefined ? [] : [AbortSignal.timeout(limit)]),
    ];
    const headers = toHeaders(options.apiKey ?? (await options.token?.()));
    if (body !== undefined) headers.set("content-type", "application/json");
    if (accept !== undefined) headers.set("accept", accept);
    try {
      const response = await fetch(url + path, {
        method,
        headers,
        ...(keepalive === true ? { keepalive } : {}),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
      });
      if (!response.ok) throw await toClientError(response);
      return response;
    } catch (error) {
      if (error instanceof ClientError) throw error;
      if (signal?.aborted === true)
        throw new ClientError("failed", "The call was interrupted.", { cause: error });
      if (error instanceof Error && error.name === "TimeoutError") {
        const waited = `The server at ${url} did not answer within ${(limit ?? 0) / 1_000} seconds.`;
        throw new ClientError("unavailable", `${waited} Look at it with \`llmp doctor\`.`, { cause: error });
      }
      throw new ClientError(
        "unavailable",
        `No llm-platform server answers at ${url}. Start one with \`llmp serve\`, or name another with --url.`,
        { cause: error },
      );
    }
  }

  async function call<Output>(path: string, callOptions: CallOptions = {}): Promise<Output> {
    const response = await send(path, { timeoutMs, ...callOptions });
    try {
      // The server's contract is drift-tested against these types; its answer is not checked a second time.
      return (await response.json()) as Output;
    } catch (error) {
      const message = `What answers at ${url} is not llm-platform, or it was cut off. Check the address.`;
      throw new ClientError("failed", message, { status: response.status, cause: error });
    }
  }

  /** Everything of a list that comes in pages. */
  async function callPages<Row, Name extends string>(path: string, name: Name): Promise<readonly Row[]> {
    const rows: Row[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page<Row, Name> = await call(
        `${path}?limit=${rowsPerPage}&cursor=${encodeURIComponent(cursor)}`,
      );
      rows.push(...page[name]);
      cursor = page.next_cursor;
    }
    return rows;
  }

  return {
    url,
    system: () => call("/api/v1/system"),
    integrations: async () =>
      (await call<{ integrations: readonly IntegrationStatus[] }>("/integrations/")).integrations,
    integration: (name) => call(`/integrations/${encodeURIComponent(name)}/status`),
    restartIntegration: (name) =>
      call(`/integrations/${encodeURIComponent(name)}/restart`, { method: "POST" }),
    models: async () => (await call<{ models: readonly Model[] }>("/api/v1/models")).models,
    showModel: (model) => call(`/api/v1/models/show?model=${encodeURIComponent(model)}`),
    loadedModels: async () =>
      (await call<{ models: readonly LoadedModel[] }>("/api/v1/models/loaded")).models,
    async loadModel(model) {
      await call("/api/v1/models/load", { method: "POST", body: { model }, timeoutMs: undefined });
    },
    async unloadModel(model) {
      await call("/api/v1/models/unload", { method: "POST", body: { model } });
    },
    ...createChatCalls({ send }),
    ...createOperationCalls({ call }),
    ...createPageSessionCalls({ call, send }),
    ...createPullCalls({ call, send }),
    ...createMonitoringCalls(call),
    ...createRequestCalls({ call, send }),
    ...createModelFileCalls({ call, send }),
    ...createModelSettingCalls(call),
    whoami: () => call("/api/v1/access/whoami"),
    keys: () => callPages("/api/v1/keys", "keys"),
    createKey: (key) => call("/api/v1/keys", { method: "POST", body: key }),
    updateKey: (id, change) =>
      call(`/api/v1/keys/${encodeURIComponent(id)}`, { method: "PATCH", body: change }),
    rotateKey: (id, graceSeconds) =>
      call(`/api/v1/keys/${encodeURIComponent(id)}/rotate`, {
        method: "POST",
        body: { grace_seconds: graceSeconds },
      }),
    revokeKey: (id) => call(`/api/v1/keys/${encodeURIComponent(id)}`, { method: "DELETE" }),
    users: () => callPages("/api/v1/users", "users"),
    createUser: (user) => call("/api/v1/users", { method: "POST", body: user }),
    updateUser: (id, change) =>
      call(`/api/v1/users/${encodeURIComponent(id)}`, { method: "PUT", body: change }),
    deleteUser: (id) => call(`/api/v1/users/${encodeURIComponent(id)}`, { method: "DELETE" }),
    teams: () => callPages("/api/v1/teams", "teams"),
    createTeam: (team) => call("/api/v1/teams", { method: "POST", body: team }),
    updateTeam: (id, change) =>
      call(`/api/v1/teams/${encodeURIComponent(id)}`, { method: "PATCH", body: change }),
    deleteTeam: (id) => call(`/api/v1/teams/${encodeURIComponent(id)}`, { method: "DELETE" }),
    roles: async () => (await call<{ roles: readonly Role[] }>("/api/v1/roles")).roles,
    createRole: (role) => call("/api/v1/roles", { method: "POST", body: role }),
    updateRole: (name, change) =>
      call(`/api/v1/roles/${encodeURIComponent(name)}`, { method: "PATCH", body: change }),
    deleteRole: (name) => call(`/api/v1/roles/${encodeURIComponent(name)}`, { method: "DELETE" }),
    auditRecords: async (filter = {}) =>
      (await call<{ records: readonly AuditRecord[] }>(`/api/v1/audit${toQuery(filter)}`)).records,
    auditHead: () => call("/api/v1/audit/head"),
    // It reads everything there is, and takes as long as that does.
    verifyAudit: (noted) =>
      call("/api/v1/audit/verify", { method: "POST", body: noted ?? {}, timeoutMs: undefined }),
    secretsStatus: () => call("/api/v1/secrets/status"),
    rotateSecrets: (masterKey) =>
      call("/api/v1/secrets/rotate", { method: "POST", body: { master_key: masterKey } }),
    unsealSecrets: (masterKey) =>
      call("/api/v1/secrets/unseal", { method: "POST", body: { master_key: masterKey } }),
    login: (name, password) => call("/api/v1/auth/login", { method: "POST", body: { name, password } }),
    refresh: (refreshToken) =>
      call("/api/v1/auth/refresh", { method: "POST", body: { refresh_token: refreshToken } }),
    async logout() {
      await call("/api/v1/auth/logout", { method: "POST", body: {} });
    },
    async changePassword(current, next) {
      const body = { current_password: current, new_password: next };
      await call("/api/v1/auth/password", { method: "POST", body });
    },
    setUp: (admin) => call("/api/v1/setup", { method: "POST", body: admin }),
    budgets: async () => (await call<{ budgets: readonly Budget[] }>("/api/v1/budgets")).budgets,
    createBudget: (budget) => call("/api/v1/budgets", { method: "POST", body: budget }),
    updateBudget: (id, change) =>
      call(`/api/v1/budgets/${encodeURIComponent(id)}`, { method: "PUT", body: change }),
    deleteBudget: (id) => call(`/api/v1/budgets/${encodeURIComponent(id)}`, { method: "DELETE" }),
    usage: (question) => call(`/api/v1/usage${toQuery({ ...question })}`),
    async *exportUsage(format, filter) {
      const response = await send(`/api/v1/usage/export${toQuery({ ...filter, format })}`, {});
      const text = response.body?.pipeThrough(new TextDecoderStream());
      try {
        if (text !== undefined) yield* text;
      } catch (error) {
        throw new ClientError("failed", "The export broke off. What was written so far is not whole.", {
          cause: error,
        });
      }
    },
    callContent: (requestId) => call(`/api/v1/usage/records/${encodeURIComponent(requestId)}/content`),
    repriceUsage: (order) =>
      call("/api/v1/usage/reprice", { method: "POST", body: order, timeoutMs: undefined }),
    prices: (question) => call(`/api/v1/prices${toQuery(question)}`),
    putPrice: (price) => call("/api/v1/prices", { method: "PUT", body: price }),
    deletePrice: (scope) => call(`/api/v1/prices${toQuery(scope)}`, { method: "DELETE" }),
    async backup(signal) {
      const accept = "application/x-tar";
      return toSentBackup(await send("/api/v1/backups", { method: "POST", body: {}, accept, signal }));
    },
  };
}

function parseAddress(text: string): string {
  const address = URL.parse(text);
  if (address === null || !["http:", "https:"].includes(address.protocol)) {
    throw new ClientError("usage", `\`${text}\` is no address of a server. Write it like ${defaultUrl}.`);
  }
  return text.replace(/\/+$/, "");
}

function toHeaders(apiKey: string | undefined): Headers {
  try {
    return new Headers(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` });
  } catch (error) {
    const message = "The API key holds characters that no key can have. Check that it was copied whole.";
    throw new ClientError("usage", message, { cause: error });
  }
}
