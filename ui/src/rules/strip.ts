// Heights of the bars of the last days.

/** Share of the height for the smallest day that had new data. */
const LEAST = 0.1;

/**
 * From 0 to 1 by new bytes. The square root lets ordinary days be told apart
 * beside the one day that brought everything.
 */
export function barHeights(bytes: readonly number[]): number[] {
  const most = Math.max(0, ...bytes);
  return bytes.map((size) =>
    size <= 0 || most === 0 ? 0 : Math.max(LEAST, Math.sqrt(size / most)),
  );
}
