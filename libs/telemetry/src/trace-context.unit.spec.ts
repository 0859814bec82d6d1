import { traceContextOf } from './trace-context.js';

const REQUEST_ID = '0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b';

describe('trace context', () => {
  it("joins the caller's trace and shows its id in UUID form", () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

    expect(traceContextOf(traceparent, REQUEST_ID)).toEqual({
      traceparent,
      traceId: '4bf92f35-77b3-4da6-a3ce-929d0e0e4736',
    });
  });

  it.each([
    ['absent', undefined],
    ['malformed', 'hello'],
    ['all zero', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['of a future version', 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ])('starts a trace from the request id when traceparent is %s', (_, traceparent) => {
    expect(traceContextOf(traceparent, REQUEST_ID)).toEqual({
      traceparent: '00-0193a1b2c3d47e5f8a9b0c1d2e3f4a5b-8a9b0c1d2e3f4a5b-01',
      traceId: REQUEST_ID,
    });
  });
});
