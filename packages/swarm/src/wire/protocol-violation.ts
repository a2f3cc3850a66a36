/** The peer broke the protocol. Ends its connection and never leaves `wire/`; the message is for a log. */
export class ProtocolViolation extends Error {
  override readonly name = "ProtocolViolation";
}
