import type { ModelPlatform } from "@llm-platform/kit";
import { Breaker, type BreakerSettings } from "../core/breaker.ts";
import { targetId } from "../core/routes.ts";

/** One model on one integration: what a call is sent to. Lives as long as it is offered. */
export class Target {
  readonly id: string;
  readonly integration: string;
  readonly model: string;
  readonly breaker: Breaker;
  /** The platform that serves it now; undefined while its integration is not running. */
  platform: ModelPlatform | undefined;
  /** Why `platform` is undefined, in one sentence. */
  absence = "";

  constructor(integration: string, model: string, breaker: BreakerSettings) {
    this.id = targetId(integration, model);
    this.integration = integration;
    this.model = model;
    this.breaker = new Breaker(breaker);
  }
}
