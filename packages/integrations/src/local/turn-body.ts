import type { ByteSink, ReplyBody } from "@llm-platform/kit";

/** A reply's body that tells once when it is over: ended, failed or given up. */
export function onBodyOver(body: ReplyBody, over: () => void): ReplyBody {
  return {
    read(sink: ByteSink) {
      body.read({
        data: (chunk) => sink.data(chunk),
        end() {
          over();
          sink.end();
        },
        fail(error) {
          over();
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
