import type { Health } from "@llm-platform/kit";
import { modelOfInstance } from "./instance-name.ts";
import type { LoadableModel } from "./loadable-model.ts";

interface GpuFault {
  readonly stamp: string;
  readonly reason: string;
}

/**
 * Remembers which models the GPU could not run, and as what they were loaded then. Such a model runs without the GPU until
 * its settings change, or the server starts anew.
 */
export class GpuFaults {
  readonly #faults = new Map<string, GpuFault>();

  /** @param reason the last thing that the library said */
  record(model: LoadableModel, reason: string): void {
    this.#faults.set(modelOfInstance(model.id), { stamp: model.stamp, reason });
  }

  /** The model as it can be loaded now. One whose settings have changed is tried on the GPU again. */
  runnable(model: LoadableModel): LoadableModel {
    if (model.withoutGpu === undefined) return model;
    const id = modelOfInstance(model.id);
    const fault = this.#faults.get(id);
    if (fault?.stamp === model.stamp) return model.withoutGpu;
    this.#faults.delete(id);
    return model;
  }

  /** Why a model runs without the GPU, and what to do; undefined where nothing is wrong. */
  noticeOf(id: string): string | undefined {
    const fault = this.#faults.get(modelOfInstance(id));
    return fault === undefined
      ? undefined
      : `The GPU cannot be used: ${fault.reason} It runs without the GPU; ${remedy}`;
  }

  forget(id: string): void {
    this.#faults.delete(id);
  }

  health(): Health {
    const [first] = this.#faults.values();
    if (first === undefined) return { status: "ok" };
    const names = [...this.#faults.keys()].map((id) => `'${id}'`).join(", ");
    return {
      status: "degraded",
      detail: `The GPU cannot be used for ${names}: ${first.reason} They run without it; ${remedy}`,
    };
  }
}

const remedy =
  "update the GPU's driver to one that fits the engine's library and restart, or set 'gpu' to 'off'.";
