import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  defineIntegration,
  type Health,
  type IntegrationContext,
  PlatformError,
  type RunningIntegration,
  Secret,
  toPlatformError,
} from "@llm-platform/kit";
import { z } from "zod";
import { formatAlertMail } from "./wire/alert-mail.ts";
import { checkMailServer, sendMail, type SmtpServer } from "./wire/smtp-client.ts";

const address = z
  .string()
  .regex(/^[^\s<>@"(),:;\\[\]]{1,64}@[A-Za-z0-9.-]{1,255}$/, "must be an address like ops@example.com");

const schema = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:-]{1,255}$/, "must be a name or an address")
    .meta({ description: "The mail server." }),
  port: z.int().min(1).max(65_535).default(587),
  security: z.enum(["tls", "starttls", "none"]).default("starttls").meta({
    description:
      "`starttls` encrypts before anything is told, `tls` from the first byte (port 465), `none` is for a server on the same machine.",
  }),
  user: z.string().min(1).optional().meta({ description: "Absent: the server asks for no login." }),
  password: z
    .string()
    .min(1)
    .meta({ format: "secret", description: "Of the user." })
    .transform((text) => new Secret(text))
    .optional(),
  from: address.meta({ description: "Who the mail is from." }),
  to: z.array(address).min(1).max(50).meta({ description: "Who is told." }),
  ca_file: z.string().min(1).optional().meta({
    description: "PEM file with the issuers that the server's certificate must come from.",
  }),
});

type EmailSettings = z.output<typeof schema>;

/** Alerts of the platform by mail. It speaks SMTP, for which the kit has no door: that is why it is here. */
export const emailIntegration = defineIntegration<EmailSettings>({
  contract: 1,
  id: "email",
  type: "monitoring",
  summary: "Alerts of the platform by mail.",
  settings: { schema, jsonSchema: JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input" }))) },
  start,
});

async function start({ settings }: IntegrationContext<EmailSettings>): Promise<RunningIntegration> {
  const server = await toServer(settings);
  const { from, to } = settings;
  return {
    alerts: {
      async deliver(notices, signal) {
        const data = formatAlertMail({ from, to, notices, atMs: Date.now(), id: randomUUID() });
        await sendMail(server, { from, to, data }, signal);
      },
    },
    health: (signal) => probe(server, signal),
    stop: async () => undefined,
  };
}

async function probe(server: SmtpServer, signal: AbortSignal): Promise<Health> {
  try {
    await checkMailServer(server, signal);
    return { status: "ok" };
  } catch (error) {
    const { code, message } = toPlatformError(error);
    return { status: code === "upstream_auth" ? "auth_required" : "failed", detail: message };
  }
}

async function toServer({
  host,
  port,
  security,
  user,
  password,
  ca_file,
}: EmailSettings): Promise<SmtpServer> {
  if ((user === undefined) !== (password === undefined))
    throw new PlatformError("config_invalid", "user and password belong together: set both or none.", {
      field: user === undefined ? "user" : "password",
    });
  const certificateAuthorities = ca_file === undefined ? undefined : await readAuthorities(ca_file);
  const login = user === undefined || password === undefined ? undefined : { user, password };
  return { host, port, security, login, certificateAuthorities };
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new PlatformError("config_invalid", `ca_file: the file ${file} cannot be read.`, {
      field: "ca_file",
      cause,
    });
  }
}
