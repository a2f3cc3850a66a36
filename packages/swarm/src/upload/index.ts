export { type ChokerOptions, type ChokerPeer, chooseOptimistic, chooseUnchoked } from "./choker.ts";
export { RateLimiter } from "./rate-limiter.ts";
export { MAX_QUEUED_REQUESTS, MAX_REQUEST_BYTES, Uploader, type UploaderOptions } from "./uploader.ts";
