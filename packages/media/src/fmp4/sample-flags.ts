/** sample_flags (ISO/IEC 14496-12 §8.8.3.1): depends on no other. */
export const SYNC_SAMPLE = 0x02000000;

/** Depends on others, and is not one to start at. */
export const NON_SYNC_SAMPLE = 0x01010000;
