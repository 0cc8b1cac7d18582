import { stringify } from "yaml";

/** Whom Alertmanager is to tell, and how. Secrets are files on Alertmanager's machine. */
export interface AlertmanagerConfigInput {
  readonly slack?: {
    /** File that holds the address of the webhook. */
    readonly apiUrlFile: string;
    /** Absent: the one that the webhook is made for. */
    readonly channel?: string | undefined;
  };
  readonly email?: {
    readonly to: readonly string[];
    readonly from: string;
    /** `host:port` of the mail server. */
    readonly smarthost: string;
    readonly username?: string | undefined;
    /** File that holds the password of that user. */
    readonly passwordFile?: string | undefined;
    /** Whether a mail server that offers no STARTTLS is not used. */
    readonly requireTls: boolean;
  };
  /** Every length of time is divided by it. Default 1; more only for tests, which cannot wait for minutes. */
  readonly speed?: number;
}

/** Names of the receivers in the file. */
const receivers = { everybody: "llm-platform", nobody: "nobody" } as const;

/** A whole `alertmanager.yml` for the platform's alerts. */
export function alertmanagerConfig(input: AlertmanagerConfigInput): string {
  const { speed = 1 } = input;
  const lasting = (seconds: number) => `${Math.max(100, Math.round((seconds * 1_000) / speed))}ms`;
  return stringify(
    {
      global: { resolve_timeout: lasting(300), ...smtp(input.email) },
      route: {
        receiver: receivers.everybody,
        group_by: ["alertname", "integration", "model"],
        group_wait: lasting(30),
        group_interval: lasting(300),
        repeat_interval: lasting(14_400),
        routes: [
          // A sign of life is for a service that misses it, and for no person.
          { receiver: receivers.nobody, matchers: ['alertname="Watchdog"'] },
          {
            receiver: receivers.everybody,
            matchers: ['severity="critical"'],
            group_wait: lasting(10),
            repeat_interval: lasting(3_600),
          },
        ],
      },
      inhibit_rules: inhibitions,
      receivers: [
        { name: receivers.nobody },
        {
          name: receivers.everybody,
          ...(input.slack === undefined ? {} : { slack_configs: [slack(input.slack)] }),
          ...(input.email === undefined ? {} : { email_configs: [email(input.email)] }),
        },
      ],
    },
    { lineWidth: 0 },
  );
}

/** What follows from something worse is not told beside it. */
const inhibitions = [
  {
    source_matchers: ['alertname="GatewayDown"'],
    target_matchers: ['alertname=~"ProviderDown|CircuitOpen|HighErrorRate|ErrorBudgetBurn.*"'],
  },
  {
    source_matchers: ['alertname="ProviderDown"'],
    target_matchers: ['alertname=~"CircuitOpen|PluginCrashLoop"'],
    equal: ["integration"],
  },
  {
    source_matchers: ['alertname="GpuMemoryCritical"'],
    target_matchers: ['alertname="GpuMemoryHigh"'],
    equal: ["gpu", "node"],
  },
  {
    source_matchers: ['severity="critical"'],
    target_matchers: ['severity=~"warning|info"'],
    equal: ["alertname", "instance"],
  },
] as const;

const title =
  '[{{ .Status | toUpper }}{{ if eq .Status "firing" }} {{ .Alerts.Firing | len }}{{ end }}] {{ .CommonLabels.alertname }}';
const text =
  "{{ range .Alerts }}*{{ .Labels.severity }}* {{ .Annotations.summary }}\n{{ .Annotations.description }}\n<{{ .Annotations.runbook_url }}|runbook>\n{{ end }}";

function slack({ apiUrlFile, channel }: NonNullable<AlertmanagerConfigInput["slack"]>) {
  return {
    api_url_file: apiUrlFile,
    ...(channel === undefined ? {} : { channel }),
    send_resolved: true,
    color: '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',
    title,
    text,
  };
}

function smtp(input: AlertmanagerConfigInput["email"]) {
  if (input === undefined) return {};
  const { from, smarthost, username, passwordFile, requireTls } = input;
  return {
    smtp_from: from,
    smtp_smarthost: smarthost,
    smtp_require_tls: requireTls,
    ...(username === undefined ? {} : { smtp_auth_username: username }),
    ...(passwordFile === undefined ? {} : { smtp_auth_password_file: passwordFile }),
  };
}

function email({ to }: NonNullable<AlertmanagerConfigInput["email"]>) {
  return { to: to.join(", "), send_resolved: true, headers: { Subject: title }, text: plainText };
}

const plainText =
  "{{ range .Alerts }}{{ .Labels.severity }}: {{ .Annotations.summary }}\n{{ .Annotations.description }}\nWhat to do: {{ .Annotations.runbook_url }}\n\n{{ end }}";
