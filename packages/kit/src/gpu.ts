/** A GPU of this machine at one time. What its driver does not tell is absent. */
export interface Gpu {
  readonly name: string;
  readonly memoryTotalBytes?: number;
  readonly memoryUsedBytes?: number;
}
