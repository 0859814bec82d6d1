const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** Trace of one request: W3C Trace Context (https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  readonly traceparent: string;
  /** The 128-bit trace id in UUID form, as answers show it. */
  readonly traceId: string;
}

/** Joins the caller's trace if its `traceparent` is valid; otherwise starts one from the request's own 128-bit id. */
export function traceContextOf(traceparent: string | undefined, requestId: string): TraceContext {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (match?.[1] !== undefined && match[1] !== NO_TRACE && match[2] !== NO_SPAN) {
    return { traceparent: match[0], traceId: toUuidForm(match[1]) };
  }
  const own = requestId.replaceAll('-', '');
  return { traceparent: `00-${own}-${own.slice(16)}-01`, traceId: requestId };
}

const toUuidForm = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
