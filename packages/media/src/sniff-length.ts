/**
 * How much of a file's start `sniffContainer` looks at: five packets of a transport stream need most, and an EBML or
 * ftyp header with many entries stays below as well.
 */
export const SNIFF_LENGTH_BYTES = 4096;
