/** Failures that only exist because the request came over HTTP; everything else is a `RiptideError` of `core`. */
export type HttpErrorCode =
  | "bad_request"
  | "unauthorized"
  | "forbidden"
  | "link_invalid"
  | "link_expired"
  | "not_found"
  | "method_not_allowed"
  | "payload_too_large"
  | "unsupported_media_type"
  | "misdirected"
  | "too_many_connections"
  | "internal";

/** A request that cannot be answered as it was sent. The message is a sentence for whoever sent it. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;
  /** Header fields that the status asks for, such as `Allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: HttpErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}
