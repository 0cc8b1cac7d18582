import { PlatformError } from "@llm-platform/kit";

/** An error whose status over HTTP says more than its code does. */
export class StatusError extends PlatformError {
  readonly status: number;

  constructor(status: number, message: string, field?: string) {
    super("invalid_request", message, field === undefined ? {} : { field });
    this.status = status;
  }
}

/** A request that is understood, and cannot be answered as it is. */
export function unprocessable(message: string, field: string): StatusError {
  return new StatusError(422, message, field);
}
