import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlertNotice } from "@llm-platform/kit";
import { createFakeHost, integrationContract } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { emailIntegration } from "../../packages/server/src/email-integration.ts";
import { makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { type SmtpOptions, type SmtpServer, startSmtpServer } from "../fakes/smtp-server.ts";

const never = new AbortController().signal;
const login = { user: "alerts", password: "a-password-1" };
const people = { from: "alerts@example.com", to: ["ada@example.com", "bob@example.com"] };
const notice: AlertNotice = {
  status: "firing",
  name: "HighLatency",
  severity: "warning",
  labels: { model: "größe" },
  summary: "Calls of größe\r\nBcc: eve@example.com take long",
  description: ".\nOne in twenty calls takes longer than 15s.",
  runbookUrl: "https://runbooks.example/HighLatency.md",
  startedAtMs: Date.UTC(2026, 0, 1),
};

describe("the contract", () => {
  let smtp: SmtpServer;
  beforeAll(async () => {
    smtp = await startSmtpServer({ login });
  });
  afterAll(() => smtp.stop());
  const cases = () =>
    integrationContract({
      definition: emailIntegration,
      settings: { host: "127.0.0.1", port: smtp.port, security: "none", ...login, ...people },
    });
  const names = integrationContract({ definition: emailIntegration, settings: {} }).map(({ name }) => name);
  test.each(names.map((name, index) => [name, index] as const))("%s", async (_name, index) => {
    await cases()[index]?.run();
  });
});

async function start(options: SmtpOptions, settings: object) {
  const smtp = await startSmtpServer(options);
  onTestFinished(() => smtp.stop());
  const host = await createFakeHost({
    definition: emailIntegration,
    settings: { host: "127.0.0.1", port: smtp.port, ...people, ...settings },
  });
  onTestFinished(() => host.cleanup());
  const running = await host.start();
  onTestFinished(() => running.stop(never));
  if (running.alerts === undefined) throw new Error("no alerts");
  return { smtp, running, alerts: running.alerts };
}

test("a mail goes to everybody, encrypted and after a login, and says what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-mail-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const certificate = makeCertificate({ subject: "mail" });
  const ca_file = join(folder, "ca.pem");
  await writeFile(ca_file, certificate.cert);
  const { smtp, running, alerts } = await start(
    { login, tls: { key: certificate.key, cert: certificate.cert } },
    { ...login, ca_file },
  );
  expect(await running.health(never)).toEqual({ status: "ok" });
  await alerts.deliver([notice], never);
  const mail = await smtp.inbox.find(() => true);
  expect(mail).toMatchObject({ ...people, isEncrypted: true, user: "alerts" });
  expect(mail.text).toContain("warning: Calls of größe");
  expect(mail.text).toContain("\n.\nOne in twenty calls takes longer than 15s.\n");
  expect(mail.text).toContain("What to do: https://runbooks.example/HighLatency.md");
});

test("what a model is called begins no header", async () => {
  const { smtp, alerts } = await start({}, { security: "none" });
  await alerts.deliver([{ ...notice, summary: "a\r\nBcc: eve@example.com" }], never);
  const { data } = await smtp.inbox.find(() => true);
  expect(data).toContain("Subject: [FIRING] HighLatency: a Bcc: eve@example.com\n");
  expect(data).not.toMatch(/^Bcc:/m);
});

test("nothing is told to a server that offers no STARTTLS, or whose certificate is not trusted", async () => {
  const plain = await start({}, {});
  await expect(plain.alerts.deliver([notice], never)).rejects.toMatchObject({ code: "upstream_error" });
  const certificate = makeCertificate({ subject: "mail" });
  const untrusted = await start({ tls: { key: certificate.key, cert: certificate.cert } }, {});
  await expect(untrusted.alerts.deliver([notice], never)).rejects.toMatchObject({ code: "upstream_error" });
  expect([...plain.smtp.inbox.items, ...untrusted.smtp.inbox.items]).toEqual([]);
});

test("a login that is refused is told as such", async () => {
  const { running, alerts } = await start({ login }, { ...login, password: "wrong", security: "none" });
  await expect(alerts.deliver([notice], never)).rejects.toMatchObject({ code: "upstream_auth" });
  expect(await running.health(never)).toMatchObject({ status: "auth_required" });
});

test("a recipient that is refused is told with the server's words, and may be tried again where they say so", async () => {
  const { smtp, alerts } = await start({}, { security: "none" });
  smtp.refuseWith("450 mailbox busy");
  await expect(alerts.deliver([notice], never)).rejects.toMatchObject({
    message: "The mail server said 450 mailbox busy.",
    isRetryable: true,
  });
});

test("a server that says nothing is given up with the signal", async () => {
  const { alerts } = await start({ isSilent: true }, { security: "none" });
  await expect(alerts.deliver([notice], AbortSignal.timeout(200))).rejects.toMatchObject({
    code: "upstream_timeout",
  });
});
