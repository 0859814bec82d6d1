import { GatewayError, NO_USAGE } from '#contracts';
import { eventId } from '#event-log';
import {
  ScriptedUpstream,
  answerBytes,
  answerStatus,
  answerStream,
  answerWhole,
  hangUp,
  inTurn,
} from '../../../../test/engines/scripted-upstream.js';
import { CallBench, CollectingSink, REQUEST_ID, targetAt } from './__fixtures__/call-under-test.js';
import { Cancellation } from './cancellation.js';
import type { CallTarget } from './connection.js';

const BUSY = answerStatus(503, { error: { message: 'busy' } });
const ONE = `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content: 'one' } }] })}\n\n`;
const outcomesOf = ({ attempts }: { attempts: readonly { outcome: string }[] }): string[] =>
  attempts.map(({ outcome }) => outcome);

describe('a call', () => {
  let first: ScriptedUpstream;
  let second: ScriptedUpstream;
  let bench: CallBench;
  const both = (): CallTarget[] => [targetAt(first.baseUrl), targetAt(second.baseUrl, 'second')];
  const one = (): CallTarget[] => [targetAt(first.baseUrl)];
  beforeEach(async () => {
    [first, second] = [await ScriptedUpstream.start(), await ScriptedUpstream.start()];
    bench = new CallBench();
  });
  afterEach(async () => {
    await bench.pools.close();
    await Promise.all([first.close(), second.close()]);
  });

  describe('and its retries', () => {
    it('goes on to the next candidate, and to the first again, until the attempts are used up', async () => {
      first.behaviour = BUSY;
      second.behaviour = BUSY;
      const result = await bench.call(both());
      expect(result.attempts.map(({ target }) => target.connection.slug)).toEqual(['first', 'second', 'first']);
      expect(bench.reports).toHaveLength(3);
    });

    it('stops at the first answer', async () => {
      first.behaviour = BUSY;
      expect(outcomesOf(await bench.call(both()))).toEqual(['overloaded', 'ok']);
      expect(second.calls).toHaveLength(1);
    });

    it.each([
      ['invalid_request', answerStatus(400, { error: { message: 'bad', type: 'invalid_request_error' } })],
      ['invalid_request', answerStatus(422, { error: { message: 'bad' } })],
    ])('never tries a second time what is the caller’s fault (%s)', async (outcome, behaviour) => {
      first.behaviour = behaviour;
      expect(outcomesOf(await bench.call(both()))).toEqual([outcome]);
      expect(second.calls).toHaveLength(0);
    });

    it('does not ask the same candidate again when the operator must act first', async () => {
      first.behaviour = answerStatus(401, { error: { message: 'key' } });
      expect(outcomesOf(await bench.call(one()))).toEqual(['unauthorized']);
    });

    it('waits as long as a candidate asks before it tries it again', async () => {
      first.behaviour = inTurn(
        answerStatus(429, { error: { message: 'slow down' } }, { 'retry-after-ms': '40' }),
        answerWhole(),
      );
      const result = await bench.call(one());
      expect(outcomesOf(result)).toEqual(['rate_limited', 'ok']);
      expect(result.facts[0]?.data.retry_after_ms).toBe(40);
    });

    it('hands a Retry-After that is too long to wait for to whoever called', async () => {
      first.behaviour = answerStatus(429, { error: { message: 'slow down' } }, { 'retry-after': '7' });
      const result = await bench.call(one());
      expect(result.attempts).toMatchObject([{ outcome: 'rate_limited', retryAfterMs: 7_000 }]);
      expect(bench.reports).toEqual([['first/gpt-test', 'rate_limited', 7_000]]);
    });

    it('ends a wait when the call is stopped', async () => {
      first.behaviour = BUSY;
      const cancellation = new Cancellation();
      const retryBudget = { attemptsMax: 3, backoffMs: 3_600_000, retryAfterMaxMs: 3_600_000 };
      const result = bench.call(one(), {
        cancellation,
        retryBudget,
        gate: { acquire: () => true, report: () => void setImmediate(() => cancellation.cancel('client_gone')) },
      });
      expect(outcomesOf(await result)).toEqual(['overloaded']);
    });

    it('tries nobody for a call that was stopped before', async () => {
      const cancellation = new Cancellation();
      cancellation.cancel('cancelled');
      expect(await bench.call(both(), { cancellation })).toEqual({ attempts: [], facts: [], refusal: null });
    });

    it('begins no further attempt when the total time of the call is used up', async () => {
      first.behaviour = (_, response) => {
        bench.clock.nowMs += 60_000;
        void BUSY(_, response);
      };
      expect(outcomesOf(await bench.call(both()))).toEqual(['overloaded']);
      expect(second.calls).toHaveLength(0);
    });

    it('bounds all attempts together by the total, not each of them', async () => {
      first.behaviour = (_, response) => {
        bench.clock.nowMs += 59_990;
        void BUSY(_, response);
      };
      second.behaviour = () => void (bench.clock.nowMs += 10);
      expect(outcomesOf(await bench.call(both()))).toEqual(['overloaded', 'timeout_total']);
    });
  });

  describe('and its gate', () => {
    it('passes over a candidate that may not be tried', async () => {
      bench.shut.add('first/gpt-test');
      expect(outcomesOf(await bench.call(both()))).toEqual(['ok']);
      expect(first.calls).toHaveLength(0);
    });

    it('makes no attempt when no candidate may be tried', async () => {
      bench.shut.add('first/gpt-test').add('second/gpt-test');
      expect(await bench.call(both())).toEqual({ attempts: [], facts: [], refusal: null });
      expect(bench.reports).toEqual([]);
    });

    const refusing = (target: CallTarget, error: Error): CallTarget => {
      const dialect = Object.create(target.connection.dialect) as CallTarget['connection']['dialect'];
      dialect.toProvider = () => {
        throw error;
      };
      return { ...target, connection: { ...target.connection, dialect } };
    };
    const refusal = new GatewayError('unsupported_parameter', 'cannot be said there');

    it('goes on when a dialect cannot express the request, and says nothing about that provider', async () => {
      const result = await bench.call([refusing(targetAt(first.baseUrl), refusal), targetAt(second.baseUrl, 'second')]);
      expect(outcomesOf(result)).toEqual(['ok']);
      expect(result.refusal).toBeNull();
      expect(result.facts[0]?.data.attempt).toBe(1);
      expect(bench.reports[0]).toEqual(['first/gpt-test', 'cancelled', null]);
    });

    it('tells the refusal when nobody else could be asked', async () => {
      const result = await bench.call([refusing(targetAt(first.baseUrl), refusal)]);
      expect(result).toEqual({ attempts: [], facts: [], refusal });
    });

    it('gives the right to try back when a dialect breaks, and refuses what it could not translate', async () => {
      const broken = refusing(targetAt(first.baseUrl), new TypeError('a defect'));
      const result = await bench.call([broken]);
      expect(result).toMatchObject({ attempts: [], facts: [], refusal: { code: 'invalid_request' } });
      expect(bench.reports).toEqual([['first/gpt-test', 'cancelled', null]]);
    });
  });

  describe('of a stream', () => {
    it('goes on to another candidate before the first content, and begins anew there', async () => {
      const sink = new CollectingSink();
      first.behaviour = answerStream(['never sent'], { cutAfter: 0 });
      second.behaviour = answerStream(['hello']);
      const result = await bench.call(both(), { sink });
      expect(result.attempts.at(-1)?.outcome).toBe('ok');
      expect(result.attempts).toHaveLength(2);
      expect(sink.begun).toBe(2);
      expect(sink.frames.filter(({ kind }) => kind === 'preamble')).toHaveLength(1);
    });

    it('waits for nothing behind the end of a stream, which may stay open', async () => {
      first.behaviour = answerBytes([ONE, 'data: [DONE]\n\n'], { ending: 'hang' });
      const sink = new CollectingSink();
      const result = await bench.call(one(), { sink });
      expect(outcomesOf(result)).toEqual(['ok']);
      await first.calls[0]?.closed; // and the connection is not kept for ever
    });

    it('stays with a candidate that broke off after the first content', async () => {
      const sink = new CollectingSink();
      const breakOff = Promise.withResolvers<void>();
      sink.onFrames = () => sink.committed && breakOff.resolve();
      first.behaviour = async (call, response) => {
        void answerBytes([ONE], { ending: 'hang' })(call, response);
        await breakOff.promise;
        response.destroy();
      };
      const result = await bench.call(both(), { sink });
      expect(outcomesOf(result)).toEqual(['stream_cut']);
      expect(result.attempts[0]?.failure?.message).toMatch(/^connection to the provider failed /);
      expect(second.calls).toHaveLength(0);
      expect(result.facts[0]?.data).toMatchObject({ usage_source: 'estimated', usage: { ...NO_USAGE, output: 3 } });
    });
  });

  it('says of every attempt who was asked, when and how it went', async () => {
    first.behaviour = hangUp;
    second.behaviour = (call, response) => {
      bench.clock.nowMs += 250;
      return answerWhole()(call, response);
    };
    const { facts } = await bench.call(both());
    expect(facts.map(({ id }) => id)).toEqual([1, 2].map((turn) => eventId(REQUEST_ID, 'ProviderResponded', turn)));
    expect(facts[0]?.data).toMatchObject({
      attempt: 1,
      candidate: 'first/gpt-test',
      outcome: 'connection_failed',
      fault: 'provider',
      status: null,
      usage: null,
      usage_source: 'none',
      output: { digest: null, bytes: 0 },
    });
    expect(facts[1]).toMatchObject({ tenant: 'project-1', time: new Date(1_760_000_001_250).toISOString() });
    expect(facts[1]?.data).toMatchObject({
      attempt: 2,
      candidate: 'second/gpt-test',
      model: 'gpt-test',
      model_served: 'gpt-upstream',
      outcome: 'ok',
      status: 200,
      latency_ms: 250,
      ttft_ms: null,
      usage: { uncached: 20, output: 10 },
      usage_source: 'provider',
      finish_reason: 'stop',
    });
  });
});
