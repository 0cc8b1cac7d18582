import type { ModelPlatform } from "@llm-platform/kit";
import { Breaker, type BreakerSettings } from "../core/breaker.ts";
import { targetId } from "../core/routes.ts";
import { ReplyForms } from "../wire/reply-forms.ts";

/** One model on one integration: what a call is sent to. Lives as long as it is offered. */
export class Target {
  readonly id: string;
  readonly integration: string;
  readonly model: string;
  readonly breaker: Breaker;
  /** Header lines of the replies that it gives. */
  readonly replyHeaders: string;
  /** What its replies look like: those of one model on one server are alike. */
  readonly replyForms = new ReplyForms();
  /** The platform that serves it now; undefined while its integration is not running. */
  platform: ModelPlatform | undefined;
  /** Why `platform` is undefined, in one sentence. */
  absence = "";
  /** Tokens of prompt and answer together; undefined where its platform does not tell. */
  contextTokens: number | undefined;

  constructor(integration: string, model: string, breaker: BreakerSettings) {
    this.id = targetId(integration, model);
    this.integration = integration;
    this.model = model;
    this.breaker = new Breaker(breaker);
    this.replyHeaders = formatTargetLines(integration, model);
  }

  /** Its platform's provider; `none` while that does not run. */
  get provider(): string {
    return this.platform?.provider ?? "none";
  }
}

/** Whether a call that did not fit into others does not fit here either, as far as windows are known. */
export function isTooSmall({ id, contextTokens = Infinity }: Target, outgrown: readonly Target[]): boolean {
  return outgrown.some((each) => each.id === id || contextTokens <= (each.contextTokens ?? 0));
}

/** Header lines that say who answered. */
export function formatTargetLines(integration: string, model: string): string {
  return `x-llmp-provider: ${toHeaderValue(integration)}\r\nx-llmp-model: ${toHeaderValue(model)}\r\n`;
}

/** Names come from upstreams: what may not stand in a header is written in per cent (RFC 3986 section 2.1). */
export function toHeaderValue(name: string): string {
  return name.replaceAll(/[^\x21-\x7e]+/g, (odd) => encodeURIComponent(odd.toWellFormed()));
}
