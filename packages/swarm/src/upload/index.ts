export { type ChokerOptions, type ChokerPeer, chooseOptimistic, chooseUnchoked } from "./choker.ts";
export { RateLimiter } from "./rate-limiter.ts";
export { uploadSlotCount } from "./upload-slot-count.ts";
export {
  MAX_QUEUED_REQUESTS,
  MAX_REQUEST_BYTES,
  MAX_RUN_BLOCKS,
  MAX_RUN_BYTES,
  MAX_WIRE_QUEUE_BYTES,
  Uploader,
  type UploaderOptions,
} from "./uploader.ts";
