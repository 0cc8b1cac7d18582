import { isAbsolute } from "node:path";
import { PlatformError, Secret } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import type { LoadedConfig } from "./load.ts";
import { type Given, load } from "./made-up-machine.test-data.ts";

const key = "sk-0123456789abcdef";

/** Every problem as `field: message`. */
function problemsOf(given: Given): readonly string[] {
  try {
    load(given);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "config_invalid") throw error;
    return error.problems.map(({ field, message }) => `${field}: ${message}`);
  }
  return [];
}

function settingsOf(loaded: LoadedConfig, name: string): Readonly<Record<string, unknown>> | undefined {
  return loaded.config.integrations.find((entry) => entry.name === name)?.settings;
}

describe("without any file", () => {
  it("listens on this machine only and connects to the Hub, Ollama and the local runtime", () => {
    const { config, origins, warnings, file, baseDirectory } = load();
    expect(config.server).toMatchObject({ host: "127.0.0.1", port: 8_000, allowed_hosts: [] });
    expect(config.integrations).toMatchObject([
      { name: "huggingface", use: "huggingface", enabled: true, settings: {} },
      { name: "local", use: "local", enabled: true, priority: 100, settings: {} },
      {
        name: "ollama",
        use: "ollama",
        enabled: true,
        settings: { base_url: "http://127.0.0.1:11434" },
        health_check_interval: 60,
      },
    ]);
    expect(config.gateway).toMatchObject({ max_in_flight: 4_096, breaker: { failures: 5 } });
    expect([...origins]).toEqual([]);
    expect(warnings).toEqual([]);
    expect([file, baseDirectory]).toEqual([undefined, "/srv"]);
  });

  it.each<[string, Given, string]>([
    ["Linux", {}, "/home/ann/.local/share/llm-platform"],
    ["Linux with XDG", { env: { XDG_DATA_HOME: "/data" } }, "/data/llm-platform"],
    ["macOS", { platform: "darwin" }, "/home/ann/Library/Application Support/llm-platform"],
    ["Windows", { platform: "win32", env: { LOCALAPPDATA: "/local" } }, "/local/llm-platform"],
    ["LLM_PLATFORM_DATA_DIR", { env: { LLM_PLATFORM_DATA_DIR: "state" } }, "/srv/state"],
    ["the file", { yaml: "data_dir: /srv/llmp" }, "/srv/llmp"],
    ["the flag", { yaml: "data_dir: /srv/llmp", argv: ["--data-dir", "/flag"] }, "/flag"],
  ])("keeps its data where %s says", (_who, given, expected) => {
    expect(load(given).config.data_dir).toBe(expected);
    expect(isAbsolute(load(given).config.data_dir)).toBe(true);
  });

  it.each([
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:9", "http://127.0.0.1:9"],
    ["box", "http://box:11434"],
    ["https://box", "https://box"],
    ["http://box:1234/", "http://box:1234"],
    ["[::]:5", "http://[::1]:5"],
    ["", "http://127.0.0.1:11434"],
  ])("finds Ollama by OLLAMA_HOST=%s", (host, url) => {
    expect(settingsOf(load({ env: { OLLAMA_HOST: host } }), "ollama")).toEqual({ base_url: url });
  });
});

describe("precedence", () => {
  const yaml = "server: { port: 1 }\nlog: { level: error }";

  it("is flag, environment, file, default", () => {
    const both = load({ yaml, env: { LLM_PLATFORM_SERVER__PORT: "2" }, argv: ["--port=3"] });
    expect([both.config.server.port, both.origins.get("server.port")]).toEqual([3, "flag"]);
    const environment = load({ yaml, env: { LLM_PLATFORM_SERVER__PORT: "2" } });
    expect([environment.config.server.port, environment.origins.get("server.port")]).toEqual([2, "env"]);
    const file = load({ yaml });
    expect([file.config.server.port, file.origins.get("server.port"), file.file]).toEqual([
      1,
      "file",
      "/srv/llm-platform.yaml",
    ]);
  });

  it.each<[string, Given, unknown]>([
    ["default", {}, 0],
    ["file", { yaml: "server: { workers: auto }" }, "auto"],
    ["environment", { env: { LLM_PLATFORM_SERVER__WORKERS: "3" } }, 3],
    ["environment, in a word", { env: { LLM_PLATFORM_SERVER__WORKERS: "auto" } }, "auto"],
    ["flag", { argv: ["--workers", "2"] }, 2],
    ["flag, in a word", { argv: ["--workers=auto"] }, "auto"],
  ])("gives the number of workers by %s", (_origin, given, expected) => {
    expect(load(given).config.server.workers).toBe(expected);
  });

  it.each<[Given, string]>([
    [{ argv: ["--workers", "some"] }, "server.workers"],
    [{ argv: ["--workers", "-1"] }, "server.workers"],
    [{ yaml: "server: { workers: 2, fast_lane: false }" }, "needs server.fast_lane"],
    [
      { yaml: "server: { workers: 2, tls: { cert_file: a, key_file: b } }" },
      "cannot be used with server.tls",
    ],
  ])("refuses workers that cannot be: %j", (given, problem) => {
    expect(problemsOf(given)).toEqual([expect.stringContaining(problem)]);
  });

  it("lets the rule's name win over the short one", () => {
    expect(load({ yaml, env: { LOG_LEVEL: "DEBUG" } }).config.log.level).toBe("debug");
    expect(
      load({ yaml, env: { LOG_LEVEL: "debug", LLM_PLATFORM_LOG__LEVEL: "warn" } }).config.log.level,
    ).toBe("warn");
  });

  it("lets OLLAMA_BASE_URL win over the file, but OLLAMA_HOST not", () => {
    const ollama = "integrations: [{ name: ollama, settings: { base_url: 'http://file' } }]";
    expect(settingsOf(load({ yaml: ollama, env: { OLLAMA_HOST: "host" } }), "ollama")).toEqual({
      base_url: "http://file",
    });
    const loaded = load({ yaml: ollama, env: { OLLAMA_BASE_URL: "http://env" } });
    expect(settingsOf(loaded, "ollama")).toEqual({ base_url: "http://env" });
    expect(loaded.origins.get("integrations.ollama.settings.base_url")).toBe("env");
  });
});

describe("the environment", () => {
  it.each<[Readonly<Record<string, string>>, (config: LoadedConfig["config"]) => unknown, unknown]>([
    [{ LLM_PLATFORM_ENV: "production" }, (config) => config.environment, "production"],
    [{ OPENAI_API_ENABLED: "false" }, (config) => config.openai_api.enabled, false],
    [{ PROMETHEUS_ENABLED: "0" }, (config) => config.prometheus.enabled, false],
    [
      { LLM_PLATFORM_SERVER__ALLOWED_HOSTS: "a.example, b.example" },
      (config) => config.server.allowed_hosts,
      ["a.example", "b.example"],
    ],
    [
      { LLM_PLATFORM_GATEWAY__BREAKER__OPEN_SECONDS: "2.5" },
      (config) => config.gateway.breaker.open_seconds,
      2.5,
    ],
    [
      { LLM_PLATFORM_ROUTING__ALIASES__FAST: "local/m" },
      (config) => config.routing.aliases,
      { fast: "local/m" },
    ],
    [
      { LLM_PLATFORM_ROUTING__ROUTES: "[{ model: m, targets: [{ model: a/b }] }]" },
      (config) => config.routing.routes[0]?.targets,
      [{ model: "a/b", weight: 1 }],
    ],
    [
      { LLM_PLATFORM_INTEGRATIONS__LOCAL__ENABLED: "off" },
      (config) => config.integrations.find(({ name }) => name === "local")?.enabled,
      false,
    ],
  ])("sets by %j", (env, read, expected) => {
    expect(read(load({ env }).config)).toEqual(expected);
  });

  it("reaches into lists by number and by name, with files for secrets", () => {
    const yaml = "integrations: [{ name: office-vllm, use: openai-compatible, settings: { a: 1 } }]";
    const env = {
      LLM_PLATFORM_AUTH__API_KEYS__0__NAME: "team",
      LLM_PLATFORM_AUTH__API_KEYS__0__KEY_FILE: "/run/key",
      LLM_PLATFORM_INTEGRATIONS__OFFICE_VLLM__SETTINGS__API_KEY: "0123",
      LLM_PLATFORM_INTEGRATIONS__OFFICE_VLLM__SETTINGS__CONTEXT: "8192",
    };
    const loaded = load({ yaml, env, files: { "/run/key": `${key}\n` } });
    expect(loaded.config.auth.api_keys[0]?.key?.reveal()).toBe(key);
    expect(settingsOf(loaded, "office-vllm")).toEqual({ a: 1, api_key: "0123", context: 8_192 });
    expect(loaded.origins.get("integrations.office-vllm.settings.api_key")).toBe("env");
  });

  it("refuses names that are no setting, but not those that others put there", () => {
    expect(
      problemsOf({
        env: {
          LLM_PLATFORM_SERVER__PRT: "1",
          LLM_PLATFORM_GATEWY__MAX_RETRIES: "1",
          LLM_PLATFORM_SERVER__PORT__X: "1",
        },
      }),
    ).toEqual([
      "LLM_PLATFORM_GATEWY__MAX_RETRIES: unknown key `GATEWY`; did you mean `GATEWAY`?",
      "LLM_PLATFORM_SERVER__PORT__X: unknown key `X`",
      "LLM_PLATFORM_SERVER__PRT: unknown key `PRT`; did you mean `PORT`?",
    ]);
    const links = {
      LLM_PLATFORM_SERVICE_HOST: "10.0.0.1",
      LLM_PLATFORM_PORT: "tcp://10.0.0.1:80",
      LLM_PLATFORM_PORT_80_TCP_ADDR: "10.0.0.1",
    };
    expect(problemsOf({ env: { ...links, LLM_PLATFORM_API_KEY: "x", LLM_PLATFORM_URL: "x" } })).toEqual([]);
  });

  it("takes the address of a database, and refuses a wrong one without telling it", () => {
    const { config } = load({ env: { DATABASE_URL: "postgres://llm:pass@db/platform" } });
    expect(config.database.url?.reveal()).toBe("postgres://llm:pass@db/platform");
    expect(JSON.stringify(config)).not.toContain("pass@");
    expect(problemsOf({ env: { DATABASE_URL: "postgres://:pass@db" } })).toEqual([
      "database.url: names no user: it must be like postgres://user:password@host:5432/database (DATABASE_URL)",
    ]);
    expect(load({ env: { DATABASE_URL: "" } }).config.database.url).toBeUndefined();
  });

  it("takes the address of Redis by its known name, keeps it secret, and refuses what is none", () => {
    const { config } = load({ env: { REDIS_URL: "rediss://user:pass@redis.example:6380/2" } });
    expect(config.redis.url?.reveal()).toBe("rediss://user:pass@redis.example:6380/2");
    expect(JSON.stringify(config)).not.toContain("pass@");
    const wrong = ["http://redis.example", "redis.example:6379", "redis:///0", "redis://redis.example/name"];
    for (const text of wrong)
      expect(problemsOf({ env: { REDIS_URL: text } })).toEqual([
        expect.stringContaining("redis.url: must be redis://host:port/database"),
      ]);
  });

  it("finds the Hub as the Hub's own programs do, and its own name for the token wins", () => {
    const env = {
      HF_ENDPOINT: "http://mirror",
      HF_HUB_OFFLINE: "1",
      HF_TOKEN: "hf_a",
      HUGGINGFACE_TOKEN: "hf_b",
    };
    const settings = { endpoint: "http://mirror", offline: true, token: "hf_b" };
    expect(settingsOf(load({ env }), "huggingface")).toEqual(settings);
    expect(settingsOf(load({ env: { HF_TOKEN: "hf_a" } }), "huggingface")).toEqual({ token: "hf_a" });
  });

  it("warns about a collector that is not used", () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };
    const { warnings } = load({ env });
    expect(warnings.map((text) => text.split(" ")[0])).toEqual(["OTEL_EXPORTER_OTLP_ENDPOINT"]);
    expect(load({ env: { ...env, OPENTELEMETRY_ENABLED: "true" } }).warnings).toEqual([]);
  });
});

describe("the file", () => {
  it("is the one of --config, then of LLM_PLATFORM_CONFIG", () => {
    const files = { "/srv/a.yaml": "server: { port: 1 }", "/etc/b.yaml": "server: { port: 2 }" };
    expect(load({ files, env: { LLM_PLATFORM_CONFIG: "/etc/b.yaml" } })).toMatchObject({
      config: { server: { port: 2 } },
      baseDirectory: "/etc",
    });
    expect(
      load({ files, env: { LLM_PLATFORM_CONFIG: "/etc/b.yaml" }, argv: ["--config", "a.yaml"] }).config.server
        .port,
    ).toBe(1);
    expect(problemsOf({ argv: ["--config", "gone.yaml"] })).toEqual([
      "/srv/gone.yaml: there is no such configuration file",
    ]);
  });

  it("has all its problems told at once, with the line of each", () => {
    const yaml = `server:
  port: 99999
  hots: x
intergrations: []
log: { level: loud }
auth:
  api_keys:
    - { name: a, key: short }
    - { name: a, key_sha256: zz }
    - { name: b }
gateway: { first_byte_timeout_seconds: 0 }
prices: [{ model: m, input_per_million: -1, output_per_million: 1, curency: EUR }]
`;
    expect(problemsOf({ yaml })).toEqual([
      "server.hots: unknown key `hots`; did you mean `host`? (/srv/llm-platform.yaml:3)",
      "intergrations: unknown key `intergrations`; did you mean `integrations`? (/srv/llm-platform.yaml:4)",
      "prices[0].curency: unknown key `curency`; did you mean `currency`? (/srv/llm-platform.yaml:12)",
      expect.stringMatching(/^server\.port: .*65535 \(\/srv\/llm-platform\.yaml:2\)$/),
      expect.stringMatching(/^log\.level: .*"trace".* \(\/srv\/llm-platform\.yaml:5\)$/),
      expect.stringMatching(/^auth\.api_keys\[0\]\.key: .*16.* \(\/srv\/llm-platform\.yaml:8\)$/),
      "auth.api_keys[1].key_sha256: must be 64 hexadecimal digits (/srv/llm-platform.yaml:9)",
      "auth.api_keys[2]: exactly one of `key`, `key_file` and `key_sha256` must be given (/srv/llm-platform.yaml:10)",
      "auth.api_keys[1].name: the name `a` is given twice (/srv/llm-platform.yaml:9)",
      expect.stringMatching(/^gateway\.first_byte_timeout_seconds: .* \(\/srv\/llm-platform\.yaml:11\)$/),
      expect.stringMatching(/^prices\[0\]\.input_per_million: .* \(\/srv\/llm-platform\.yaml:12\)$/),
    ]);
  });

  it.each([
    ["server: {", "/srv/llm-platform.yaml:1: "],
    ["- a\n- b", "/srv/llm-platform.yaml: must hold settings"],
    ["a: 1\na: 2", "/srv/llm-platform.yaml:2: "],
    ["server: 5", "server: "],
    ["integrations: { name: x }", "integrations: "],
    ["integrations: [5]", "integrations[0]: "],
    ["integrations: [{ name: 'a/b' }]", "integrations[0].name: must be 1 to 128 letters"],
    ["integrations: [{ name: a }, { name: a }]", "integrations[1].name: the name `a` is given twice"],
  ])("%j is refused", (yaml, beginning) => {
    expect(problemsOf({ yaml })[0]?.startsWith(beginning)).toBe(true);
  });

  it("may be empty", () => {
    expect(problemsOf({ yaml: "# nothing yet\n" })).toEqual([]);
  });

  it("switches a default integration off, changes one, and adds others", () => {
    const { config } = load({
      yaml: "integrations:\n  - { name: local, enabled: false }\n  - { name: ollama, priority: 5, settings: { keep: 1 } }\n  - { name: vllm, use: openai-compatible }\n  - { name: extra }",
    });
    expect(
      config.integrations.map(({ name, use, enabled, priority }) => [name, use, enabled, priority]),
    ).toEqual([
      ["huggingface", "huggingface", true, 100],
      ["local", "local", false, 100],
      ["ollama", "ollama", true, 5],
      ["vllm", "openai-compatible", true, 100],
      ["extra", "extra", true, 100],
    ]);
    expect(config.integrations[2]?.settings).toEqual({ base_url: "http://127.0.0.1:11434", keep: 1 });
  });

  it("gives an entry that only shares its name with a default one nothing of it", () => {
    expect(
      settingsOf(load({ yaml: "integrations: [{ name: ollama, use: openai-compatible }]" }), "ollama"),
    ).toEqual({});
  });

  it("resolves references inside any string, and names what is missing", () => {
    const yaml =
      "integrations: [{ name: v, settings: { url: 'http://${env:HOST}:${env:PORT}/v1', list: ['${file:/run/a}'] } }]\nserver: { host: '${env:GONE}' }\nlog: { level: '${file:/gone}' }";
    const files = { "/run/a": "secret\n" };
    expect(
      settingsOf(load({ yaml: yaml.split("\n")[0] ?? "", files, env: { HOST: "h", PORT: "1" } }), "v"),
    ).toEqual({ url: "http://h:1/v1", list: ["secret"] });
    expect(problemsOf({ yaml, files, env: { HOST: "h", PORT: "1" } })).toEqual(
      expect.arrayContaining([
        "server.host: the environment has no GONE, which ${env:GONE} asks for (/srv/llm-platform.yaml:2)",
        "log.level: the file /gone of ${file:/gone} cannot be read (/srv/llm-platform.yaml:3)",
      ]),
    );
  });

  it("takes the file twin of a secret", () => {
    const yaml = "auth: { api_keys: [{ name: a, key_file: /run/key }] }";
    expect(load({ yaml, files: { "/run/key": `${key}\n` } }).config.auth.api_keys[0]?.key).toBeInstanceOf(
      Secret,
    );
    expect(problemsOf({ yaml })[0]).toBe(
      "auth.api_keys[0].key_file: the file /run/key cannot be read (/srv/llm-platform.yaml:1)",
    );
  });
});

describe("TLS of the port", () => {
  it("is named by files, in the file and in the environment", () => {
    const env = { LLM_PLATFORM_SERVER__TLS__KEY_FILE: "/run/tls.key" };
    const yaml = "server: { tls: { cert_file: /run/tls.crt, min_version: 1.3 } }";
    expect(load({ yaml, env }).config.server.tls).toEqual({
      cert_file: "/run/tls.crt",
      key_file: "/run/tls.key",
      min_version: "1.3",
    });
    expect(load({}).config.server.tls).toEqual({ min_version: "1.2" });
  });

  it.each([
    ["cert_file: a", "key_file"],
    ["key_file: a", "cert_file"],
    ["client_ca_file: a", "cert_file"],
  ])("is not half configured: %s", (setting, missing) => {
    expect(problemsOf({ yaml: `server: { tls: { ${setting} } }` })).toEqual([
      expect.stringMatching(`^server\\.tls\\.${missing}: is needed beside`),
    ]);
  });
});

describe("the bind guard", () => {
  it.each(["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])("lets %s pass without keys", (host) => {
    expect(problemsOf({ argv: ["--host", host] })).toEqual([]);
  });

  it.each(["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", "1270.0.0.1"])(
    "stops %s without keys, naming the remedies",
    (host) => {
      expect(problemsOf({ argv: ["--host", host] })).toEqual([
        expect.stringMatching(/^server\.host: .*127\.0\.0\.1.*auth\.api_keys.*proxy.*\(--host\)$/),
      ]);
      expect(problemsOf({ argv: ["--host", host], env: { LLM_PLATFORM_ENV: "production" } })).toEqual([]);
      expect(
        problemsOf({ argv: ["--host", host], yaml: `auth: { api_keys: [{ name: a, key: ${key} }] }` }),
      ).toEqual([]);
    },
  );
});
