import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findService } from "../../tools/services.ts";

/** Where Chromium is; undefined where there is none, and tests that need it are skipped. */
export const chromiumPath = findService("chromium");

/** What a browser does takes its time on a machine that is busy. */
export const browserTest = { timeout: 120_000 } as const;

export type Theme = "light" | "dark";

/** A page of the console, with everything that its browser complained about. */
export interface ConsolePage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors in scripts, refused resources and breaches of the content security policy so far. */
  readonly complaints: readonly string[];
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: Theme;
  /** What is done to the page before it goes anywhere. */
  prepare?(page: Page): Promise<void>;
}

export async function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("there is no chromium");
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** Opens an address of a server. Failed calls that a test provokes are among the complaints, by their status. */
export async function openPage(
  browser: Browser,
  address: string,
  { width = 1280, height = 900, theme = "light", prepare }: View = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    if (origin !== new URL(address).origin) complaints.push(`asked another server: ${request.url()}`);
  });
  await prepare?.(page);
  await page.goto(address);
  return { page, context, complaints };
}
