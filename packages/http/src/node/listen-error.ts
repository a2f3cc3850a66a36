export type ListenErrorCode = "port_in_use" | "port_forbidden" | "address_unavailable" | "listen_failed";

/** The server cannot start. The message is one sentence that names the port and says what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: ListenErrorCode;
  readonly host: string;
  readonly port: number;

  constructor(code: ListenErrorCode, message: string, address: { host: string; port: number }, cause: unknown) {
    super(message, { cause });
    this.code = code;
    this.host = address.host;
    this.port = address.port;
  }
}

/** The start-up error for what `server.listen` gave as one. */
export function listenError(cause: Error, address: { host: string; port: number }): ListenError {
  const { host, port } = address;
  switch ("code" in cause ? cause.code : undefined) {
    case "EADDRINUSE":
      return new ListenError(
        "port_in_use",
        `Port ${port} on ${host} is already in use: stop the program that holds it or choose another port (0 picks a free one).`,
        address,
        cause,
      );
    case "EACCES":
      return new ListenError(
        "port_forbidden",
        `Port ${port} on ${host} may only be used by an administrator: choose a port above 1023.`,
        address,
        cause,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAFNOSUPPORT":
      return new ListenError(
        "address_unavailable",
        `This machine has no address ${host} to listen on (port ${port}): choose one of its own, such as 127.0.0.1.`,
        address,
        cause,
      );
    default:
      return new ListenError(
        "listen_failed",
        `Listening on ${host} port ${port} failed: ${cause.message}.`,
        address,
        cause,
      );
  }
}
