export { type ChokerOptions, type ChokerPeer, chooseOptimistic, chooseUnchoked } from "./choker.ts";
export { RateLimiter } from "./rate-limiter.ts";
export { uploadSlotCount } from "./upload-slot-count.ts";
export { MAX_UPLOAD_WINDOW_BYTES } from "./upload-window.ts";
export {
  MAX_QUEUED_REQUESTS,
  MAX_REQUEST_BYTES,
  MAX_RUN_BLOCKS,
  Uploader,
  type UploaderOptions,
} from "./uploader.ts";
