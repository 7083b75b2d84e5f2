/** How far a backup or a restore has come, told now and then: of a long one somebody wants to know that it lives. */
export interface Progress {
  /** From here on it is about something else; `total` where it is known how many there are. */
  begin(what: string, total?: number): void;
  add(bytes: number, files?: number): void;
  end(): void;
}

const EVERY_MS = 2_000;

export function createProgress(tell: (line: string) => void): Progress {
  let what = '';
  let total = 0;
  let startedMs = 0;
  let files = 0;
  let bytes = 0;
  const timer = setInterval(() => {
    if (what === '') return;
    const seconds = Math.max(0.001, (performance.now() - startedMs) / 1_000);
    const rate = `${Math.round(files / seconds)} files/s, ${inWords(bytes / seconds)}/s`;
    tell(`  ${what}: ${files}${total > 0 ? ` of ${total}` : ''}, ${inWords(bytes)} (${rate})`);
  }, EVERY_MS);
  timer.unref();
  return {
    begin(next, among = 0) {
      what = next;
      total = among;
      startedMs = performance.now();
      files = 0;
      bytes = 0;
    },
    add(moreBytes, moreFiles = 0) {
      bytes += moreBytes;
      files += moreFiles;
    },
    end: () => clearInterval(timer),
  };
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** `3.2 MB`: a thousand to the next, as disks are sold. */
export function inWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < UNITS.length - 1; unit += 1) value /= 1_000;
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
