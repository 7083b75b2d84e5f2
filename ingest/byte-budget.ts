/** How many bytes of pictures may be in memory at once; what does not fit is turned away, not queued. */
export interface ByteBudget {
  /** Returns how to give the bytes back, or null when they do not fit, in all or in the holder's share. */
  reserve(sizeBytes: number, holder?: string | null): (() => void) | null;
  readonly reservedBytes: number;
}

/** `shareBytes`: of one holder, so that whoever sends much and slowly leaves room for others. */
export function createByteBudget(maxBytes: number, shareBytes = maxBytes): ByteBudget {
  let reservedBytes = 0;
  const shares = new Map<string | null, number>();
  return {
    reserve(sizeBytes, holder: string | null = null) {
      const share = (shares.get(holder) ?? 0) + sizeBytes;
      if (reservedBytes + sizeBytes > maxBytes || share > shareBytes) return null;
      reservedBytes += sizeBytes;
      shares.set(holder, share);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        reservedBytes -= sizeBytes;
        const left = (shares.get(holder) ?? 0) - sizeBytes;
        if (left > 0) shares.set(holder, left);
        else shares.delete(holder);
      };
    },
    get reservedBytes() {
      return reservedBytes;
    },
  };
}
