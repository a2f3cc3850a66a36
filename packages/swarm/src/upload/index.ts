export { type ChokerOptions, type ChokerPeer, chooseOptimistic, chooseUnchoked } from "./choker.ts";
export { RateLimiter } from "./rate-limiter.ts";
export { uploadSlotCount } from "./upload-slot-count.ts";
export { MAX_QUEUED_REQUESTS, Uploader, type UploaderOptions } from "./uploader.ts";
