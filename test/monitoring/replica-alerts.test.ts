import { expect, onTestFinished, test, vi } from "vitest";
import { ask } from "../e2e/http.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { startSlackEndpoint } from "../fakes/slack-endpoint.ts";
import { redisServer, startRedis } from "../services/redis.ts";

const waiting = { timeout: 30_000, interval: 200 };

test.skipIf(redisServer === undefined)(
  "of two replicas both show what fires at one of them, and the one that leads tells it once",
  async () => {
    const [redis, slack] = await Promise.all([startRedis(), startSlackEndpoint()]);
    onTestFinished(async () => void (await Promise.all([redis.stop(), slack.stop()])));
    const start = async () => {
      const platform = await startPlatform({
        env: { REDIS_URL: redis.url },
        config: {
          integrations: [{ name: "slack", settings: { webhook_url: slack.webhook, channel: "#llm" } }],
          alerts: { every_seconds: 1 },
        },
      });
      onTestFinished(async () => void (await platform.stop()));
      return platform;
    };
    const platforms = await Promise.all([start(), start()]);
    const metricsOf = async (platform: Platform) => (await ask(platform, "/metrics")).text;
    for (const platform of platforms) await platform.logLine(/"replicas":2,"event":"replicas.changed"/);
    const follower = await vi.waitFor(async () => {
      const texts = await Promise.all(platforms.map(metricsOf));
      const leading = texts.map((text) => /^llm_leader 1$/m.test(text));
      expect(leading.filter(Boolean)).toHaveLength(1);
      return platforms[leading.indexOf(false)] as Platform;
    }, waiting);

    // What only the follower finds: its receiver did not take a test.
    slack.answerWith(500);
    await ask(follower, "/api/v1/alerts/test", { method: "POST", body: {} });
    slack.answerWith(200);
    for (const platform of platforms)
      await vi.waitFor(async () => {
        const { json } = await ask(platform, "/api/v1/alerts");
        expect(json).toMatchObject({ alerts: [{ name: "AlertDeliveryFailing" }] });
      }, waiting);
    await slack.inbox.find(
      ({ attachments }) => attachments?.some(({ title }) => title.includes("AlertDeliveryFailing")) === true,
    );
    const told = slack.inbox.items.filter(({ attachments }) =>
      attachments?.some(({ title }) => title === "[FIRING] AlertDeliveryFailing"),
    );
    expect(told).toHaveLength(1);
    expect(await metricsOf(follower)).not.toMatch(/^llm_alert_deliveries_total\{[^}]*\} [1-9]/m);
  },
  120_000,
);
