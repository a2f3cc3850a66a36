export type * from "@riptide/media";
export type { StreamChoice } from "./choose-mode.ts";
export { createStreamFactory, type StreamFactory, type StreamFactoryOptions } from "./stream-factory.ts";
export { createTimings, serverTiming, type Timings } from "./timings.ts";
