/** Slope of the least-squares line through the points; 0 for fewer than two. */
export function slopePerMinute(points) {
  const mean = (read) => points.reduce((sum, point) => sum + read(point), 0) / points.length;
  const meanMinute = mean(({ minute }) => minute);
  const meanValue = mean(({ value }) => value);
  const spread = points.reduce((sum, { minute }) => sum + (minute - meanMinute) ** 2, 0);
  if (spread === 0) return 0;
  return points.reduce((sum, { minute, value }) => sum + (minute - meanMinute) * (value - meanValue), 0) / spread;
}
