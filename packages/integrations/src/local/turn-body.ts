import type { ByteSink, PlatformError, ReplyBody } from "@llm-platform/kit";

/** A reply's body that tells when it is over: ended, given up, or failed with an error. */
export function onBodyOver(body: ReplyBody, over: (error?: PlatformError) => void): ReplyBody {
  return {
    read(sink: ByteSink) {
      body.read({
        data: (chunk) => sink.data(chunk),
        end() {
          over();
          sink.end();
        },
        fail(error) {
          over(error);
          sink.fail(error);
        },
      });
    },
    pause: () => body.pause(),
    resume: () => body.resume(),
    cancel() {
      over();
      body.cancel();
    },
  };
}
