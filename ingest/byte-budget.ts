/** How many bytes of pictures may be in memory at once; what does not fit is turned away, not queued. */
export interface ByteBudget {
  /** Returns how to give the bytes back, or null when they do not fit. */
  reserve(sizeBytes: number): (() => void) | null;
  readonly reservedBytes: number;
}

export function createByteBudget(maxBytes: number): ByteBudget {
  let reservedBytes = 0;
  return {
    reserve(sizeBytes) {
      if (reservedBytes + sizeBytes > maxBytes) return null;
      reservedBytes += sizeBytes;
      let held = true;
      return () => {
        if (held) reservedBytes -= sizeBytes;
        held = false;
      };
    },
    get reservedBytes() {
      return reservedBytes;
    },
  };
}
