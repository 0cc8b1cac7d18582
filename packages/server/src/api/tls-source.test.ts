import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Certificate, makeCertificate } from "../wire/certificate.test-data.ts";
import { openTlsSource, type TlsSource } from "./tls-source.ts";

const dayMs = 86_400_000;
const first = makeCertificate({ subject: "first" });
const second = makeCertificate({ subject: "second" });

let folder = "";
const sources: TlsSource[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tls-source-"));
  for (const file of ["tls.crt", "tls.key"]) await symlink(join("..data", file), join(folder, file));
});
afterEach(async () => {
  for (const source of sources.splice(0)) source.stop();
  await rm(folder, { recursive: true });
});

/** Puts a pair in place at one instant, as secrets are mounted: links to a link, which is swapped. */
async function writePair({ cert, key }: Pick<Certificate, "cert" | "key">): Promise<void> {
  const place = await mkdtemp(join(folder, "pair-"));
  await writeFile(join(place, "tls.crt"), cert);
  await writeFile(join(place, "tls.key"), key);
  await symlink(place, join(folder, "..new"));
  await rename(join(folder, "..new"), join(folder, "..data"));
}

/** A source that looks a hundred times a second, with what it tells. */
async function open() {
  const events: string[] = [];
  const counts = { success: 0, failure: 0, expiry: 0 };
  const waiters = new Set<() => void>();
  const note = (event: string) => {
    events.push(event);
    for (const wake of waiters) wake();
  };
  const source = await openTlsSource({
    files: {
      certificate: join(folder, "tls.crt"),
      key: join(folder, "tls.key"),
      clientAuthorities: undefined,
      minVersion: "TLSv1.2",
    },
    log: { debug: note, info: note, warn: note, error: note },
    expiry: { set: (seconds) => void (counts.expiry = seconds) },
    reloads: { success: { add: () => counts.success++ }, failure: { add: () => counts.failure++ } },
    lookEveryMs: 10,
  });
  sources.push(source);
  const renewed: string[] = [];
  source.onRenewed(({ certificate }) => renewed.push(certificate));
  const until = (event: string, times = 1): Promise<void> =>
    new Promise((resolve) => {
      const check = () => {
        if (events.filter((each) => each === event).length >= times) resolve();
      };
      waiters.add(check);
      check();
    });
  return { source, events, counts, renewed, until };
}

describe("openTlsSource", () => {
  it("takes a new pair when the files change, and tells when it ends", async () => {
    await writePair(first);
    const { source, counts, renewed, until } = await open();
    expect(source.current.certificate).toBe(first.cert);
    const later = makeCertificate({ subject: "later", expires: new Date("2032-01-01T00:00:00Z") });
    await writePair(later);
    await until("tls.certificate_reloaded");
    expect(source.current).toMatchObject({ certificate: later.cert, key: later.key });
    expect(renewed).toEqual([later.cert]);
    expect(counts).toEqual({ success: 1, failure: 0, expiry: Date.parse("2032-01-01T00:00:00Z") / 1_000 });
  });

  it("sees plain files that are written over", async () => {
    for (const file of ["tls.crt", "tls.key"]) await rm(join(folder, file));
    await writeFile(join(folder, "tls.crt"), first.cert);
    await writeFile(join(folder, "tls.key"), first.key);
    const { source, until } = await open();
    await writeFile(join(folder, "tls.crt"), second.cert);
    await writeFile(join(folder, "tls.key"), second.key);
    await until("tls.certificate_reloaded");
    expect(source.current).toMatchObject({ certificate: second.cert, key: second.key });
  });

  it("keeps the pair in use when the new one cannot be used, tells it once, and takes a good one later", async () => {
    await writePair(first);
    const { source, events, counts, renewed, until } = await open();
    await writePair({ cert: second.cert, key: first.key });
    await until("tls.certificate_refused");
    expect(source.current.certificate).toBe(first.cert);
    await rm(join(folder, "..data", "tls.crt"));
    await until("tls.certificate_refused", 2);
    expect(source.current.certificate).toBe(first.cert);
    await writePair(second);
    await until("tls.certificate_reloaded");
    expect(renewed).toEqual([second.cert]);
    expect(counts).toMatchObject({ success: 1, failure: 2 });
    expect(events).toEqual([
      "tls.certificate_refused",
      "tls.certificate_refused",
      "tls.certificate_reloaded",
    ]);
  });

  it.each([
    ["tls.certificate_expired", { expires: new Date(Date.now() - dayMs / 2) }],
    ["tls.certificate_not_yet_valid", { validFrom: new Date(Date.now() + dayMs) }],
  ])("starts all the same, and warns once: %s", async (event, wishes) => {
    await writePair(makeCertificate({ subject: "odd", ...wishes }));
    const { events, until } = await open();
    expect(events).toEqual([event]);
    await writePair(makeCertificate({ subject: "odd too", ...wishes }));
    await until("tls.certificate_reloaded");
    await until(event, 2);
    expect(events).toEqual([event, "tls.certificate_reloaded", event]);
  });

  it("names every file that it cannot read at the start", async () => {
    await writePair(first);
    await rm(join(folder, "..data", "tls.key"));
    const error = await open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PlatformError);
    expect(error).toMatchObject({
      code: "config_invalid",
      problems: [{ field: "server.tls.key_file", message: `there is no file ${join(folder, "tls.key")}` }],
    });
  });
});
